"""What the checks of a preflight share: a caller of little patience, and how a finding is said."""

from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from maas_client.backends.azureml.preflight import Found
from maas_client.core.call import Caller
from maas_client.core.retry import RetryBudget
from maas_client.core.skew import Skew
from maas_client.errors import MaaSError
from maas_client.resources._session import Session
from maas_client.types import CheckStatus

CALL_SECONDS = 7.0
"""Of one call with its retries, within the time of a check: so that what is told is the call's own error."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How a check came out; see `PreflightCheck`."""

    status: CheckStatus
    message: str
    hint: str | None = None
    error: str | None = None


def ok(message: str) -> Finding:
    """All is well."""
    return Finding(CheckStatus.OK, message)


def warning(message: str, hint: str | None = None) -> Finding:
    """It works, or cannot be told."""
    return Finding(CheckStatus.WARNING, message, hint)


def failed(message: str, hint: str | None, error: type[MaaSError]) -> Finding:
    """A job would end with `error` here."""
    return Finding(CheckStatus.FAILED, message, hint, error.__name__)


def skipped(message: str) -> Finding:
    """Not tried; the message says why."""
    return Finding(CheckStatus.SKIPPED, message)


def failure(error: MaaSError) -> Finding:
    """Say what was raised in a line."""
    return failed(" ".join(str(error).split()), error.hint, type(error))


@dataclass(slots=True)
class Probe:
    """One preflight on its way.

    Attributes:
        session: Of the client.
        model: The base model that is meant, if one is.
        name: The job's name, if one is meant.
        deploy: The deployment's name, if one is meant.
        found: The workspace, once it answered.
        hello_seconds: How long the service's first answer took, once there was one.
    """

    session: Session
    model: str | None
    name: str | None
    deploy: str | None
    caller: Caller = field(init=False)
    found: Found | None = None
    hello_seconds: float | None = None

    def __post_init__(self) -> None:
        own = self.session.caller
        policy = replace(own.policy, max_attempts=min(own.policy.max_attempts, 2), total_seconds=CALL_SECONDS)
        self.caller = own.with_options(policy, min(own.timeout_seconds, CALL_SECONDS))
        # What the client saw of the service's clock may be long ago, and an outage may have used its retries up.
        self.caller.skew, self.caller.budget = Skew(), RetryBudget()
        self.session = replace(self.session, caller=self.caller)

    async def where(self, url: str) -> tuple[str, bool]:
        """Say where a URL leads, and whether that is a public address, as far as this machine knows.

        Raises:
            ConnectError: The name is not known.
            ConfigurationError: A proxy variable or a certificate file is wrong.
        """
        way = await self.session.io.way(url)
        if way.proxy:
            return f"through the proxy {way.proxy}", False
        return place(await self.session.io.addresses(host_of(url)))


def host_of(url: str) -> str:
    """Return the host of a URL, without port."""
    return urlsplit(url).hostname or ""


def named(url: str, where: str) -> str:
    """Name a host together with where it is, an address once."""
    host = host_of(url)
    return f"{host} ({where.removeprefix(f'{host}, ')})"


def place(addresses: tuple[str, ...]) -> tuple[str, bool]:
    """Say what kind of address the first of some is, and whether it is a public one."""
    first = addresses[0] if addresses else ""
    address = ip_address(first.partition("%")[0])
    if address.is_loopback:
        return f"{first}, this machine", False
    if address.is_private:
        return f"{first}, a private address", False
    return f"{first}, a public address", True
