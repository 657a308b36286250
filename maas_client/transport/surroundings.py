"""What both adapters answer about their surroundings: names resolved, and a bound for what knows none."""

import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from maas_client.core import stepping
from maas_client.errors import ConnectError
from maas_client.transport.aside import addresses_of, run_aside

if TYPE_CHECKING:
    from cryptography import x509

R = TypeVar("R")

ISSUER_SECONDS = 2.0


def resolve(host: str) -> tuple[str, ...]:
    """Return the addresses of a name, each once, as the machine's own resolver gives them; may block for long.

    Raises:
        ConnectError: The name is not known.
    """
    try:
        return addresses_of(host)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no name"
        raise ConnectError(
            f"The name {host} is not known here: {why}.",
            hint="Check its spelling, the DNS and the VPN; behind a private endpoint, the private DNS zone.",
        ) from error


def issuer_of(url: str) -> str:
    """Return who signed a host's certificate, as it says itself; empty if it cannot be read. Nothing is sent.

    For people alone: the certificate is one that was not believed, and may say anything.
    """
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        from cryptography import x509  # a part of azure-identity
        from cryptography.x509.oid import NameOID

        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=ISSUER_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as tls,
        ):
            issuer = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"").issuer
        names = [name for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME) for name in _named(issuer, kind)]
    except (ImportError, OSError, ValueError):
        return ""
    return ", ".join(dict.fromkeys(names))


def in_thread(fn: Callable[[], Awaitable[R]], seconds: float) -> R:
    """Run a coroutine that never suspends in a thread of its own, and wait for it so many seconds.

    Raises:
        TimeoutError: It was not done in time.
    """
    return run_aside(lambda: stepping.run(_call(fn)), seconds)


async def _call(fn: Callable[[], Awaitable[R]]) -> R:
    return await fn()


def _named(issuer: "x509.Name", kind: "x509.ObjectIdentifier") -> list[str]:
    return [str(attribute.value) for attribute in issuer.get_attributes_for_oid(kind)]
