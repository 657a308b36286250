"""What a preflight looks at around the calls: the way to a host, its addresses, and who signs in.

A part of the port (`core.io`): both adapters have it, and nothing else of the client needs it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

R = TypeVar("R")

GIVEN_TOKEN = "a token that was given"  # noqa: S105 - the words for one
"""What `Surroundings.credential` says of a token that nobody renews."""


@dataclass(frozen=True, slots=True)
class Way:
    """How requests to a URL travel."""

    proxy: str = ""
    """`host:port` of the proxy; empty if there is none."""
    proxy_variable: str = ""
    """Where the proxy was named, such as `HTTPS_PROXY`."""
    authorities: str = ""
    """Whose certificates are believed, for people; empty for plain http."""
    ignored_bundle: str = ""
    """The file that `REQUESTS_CA_BUNDLE` names for other programs and that this client does not read."""


class Surroundings(Protocol):
    """What is around the calls of one client."""

    async def way(self, url: str) -> Way:
        """Say how requests to `url` travel; nothing is sent.

        Raises:
            ConfigurationError: A proxy variable or a certificate file is wrong.
        """

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Resolve a name on this machine.

        Raises:
            ConnectError: The name is not known.
        """

    async def issuer(self, url: str) -> str:
        """Say who signed the certificate of an https host, whether it is to be believed or not; empty if unknown."""

    async def credential(self) -> str:
        """Say for people what gives the tokens, such as `DefaultAzureCredential (AzureCliCredential)`."""

    async def within(self, seconds: float, fn: Callable[[], Awaitable[R]]) -> R:
        """Run `fn` for at most `seconds`, whatever it waits for.

        Raises:
            TimeoutError: It was not done in time; what it waits for may go on by itself.
        """
