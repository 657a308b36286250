"""What went wrong on the way, in our words: where, why, and what to do next.

Only the host is ever named, never the path or query: a signed URL is a secret.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from maas_client.core.io import Request
from maas_client.core.redact import redact_text
from maas_client.errors import (
    BrokenResponseError,
    ConfigurationError,
    ConnectError,
    MaaSError,
    RequestTimeoutError,
    UsageError,
)
from maas_client.transport._httpx import httpx

EXPECTED = (httpx.HTTPError, OSError, UnicodeError)
"""What a transport raises when the network, not the program, is at fault."""

_CA_HINT = (
    "If a company proxy or private CA signs this connection, set SSL_CERT_FILE to a PEM file with its CA certificate."
)
_TRANSIENT_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")

# Source: OpenSSL, include/openssl/x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _WRONG_HOST, _WRONG_ADDRESS = 9, 10, 62, 64


def translate(error: Exception, request: Request, *, seconds: float, proxy: str = "") -> MaaSError:
    """Say in our words what `error` of one attempt means; `seconds` is what the attempt was given."""
    host = host_of(request)
    if isinstance(error, httpx.PoolTimeout):
        return ConnectError(
            f"All connections of this client were busy, so nothing was sent to {host}.",
            hint="Close streams that are no longer read, or make fewer calls at once.",
            operation=request.operation,
        )
    if isinstance(error, httpx.ProxyError):
        return _proxy_error(error, request, proxy)
    if isinstance(error, httpx.ConnectTimeout):
        return ConnectError(
            f"No connection to {_named(host, proxy)} in time.",
            hint="Check the address, and whether a firewall or VPN lies in between.",
            operation=request.operation,
        )
    if isinstance(error, httpx.TimeoutException):
        return too_late(request, seconds)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return ConfigurationError(f"{request.operation}: this request cannot be sent as HTTP.")
    if isinstance(error, httpx.RemoteProtocolError):
        return _protocol_error(error, request)
    if isinstance(error, httpx.HTTPError) and not isinstance(error, httpx.ConnectError):
        return broken(request, "closed or reset the connection before the answer was complete")
    return _connect_error(error, request, proxy)


def too_late(request: Request, seconds: float) -> RequestTimeoutError:
    """No whole answer in time."""
    return RequestTimeoutError(
        f"No whole answer from {host_of(request)} within {seconds:g} s.", operation=request.operation
    )


def broken(request: Request, what: str, *, hint: str | None = None) -> BrokenResponseError:
    """Say what is wrong with an answer; `what` continues the sentence that the host begins."""
    return BrokenResponseError(f"{host_of(request)} {what}.", hint=hint, operation=request.operation)


def closed() -> UsageError:
    """The adapter was used after its end."""
    return UsageError("This client is closed.", hint="Make a new one, or call inside its `with` block.")


def consumed() -> UsageError:
    """A stream was read twice."""
    return UsageError("This stream was read already.", hint="Keep what you read, or ask again.")


def host_of(request: Request) -> str:
    """Return `host[:port]` of a request, nothing secret."""
    return urlsplit(request.url).netloc.rpartition("@")[2] or "the service"


def _named(host: str, proxy: str) -> str:
    return f"{host} (through the proxy {proxy})" if proxy else host


def _proxy_error(error: httpx.ProxyError, request: Request, proxy: str) -> ConnectError:
    text = redact_text(str(error))
    wants_login = text.startswith("407")
    found = ConnectError(
        f"The proxy {proxy or 'in between'} did not open a way to {host_of(request)}: {text}.",
        hint="Put the proxy's user and password into HTTPS_PROXY, or name the host in NO_PROXY."
        if wants_login
        else "Ask who runs the proxy, or name the host in NO_PROXY.",
        operation=request.operation,
    )
    found.permanent = wants_login
    return found


def _protocol_error(error: httpx.RemoteProtocolError, request: Request) -> BrokenResponseError:
    text = str(error)
    if text.startswith("Server disconnected"):
        return broken(request, "closed the connection without an answer")
    if text.startswith("peer closed connection"):
        return broken(request, "closed the connection before the answer was complete")
    if "status line" in text:
        return broken(
            request, "answered with something that is not HTTP", hint="Does another program listen on that port?"
        )
    return broken(request, f"sent an answer that breaks the rules of HTTP: {redact_text(text)[:200]}")


def _connect_error(error: Exception, request: Request, proxy: str) -> ConnectError:
    host = host_of(request)
    what, hint, permanent = _reason(error, host)
    found = ConnectError(f"Could not connect to {_named(host, proxy)}: {what}.", hint=hint, operation=request.operation)
    found.permanent = permanent
    return found


def _reason(error: Exception, host: str) -> tuple[str, str, bool]:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (*_certificate(cause), True)
        if isinstance(cause, ssl.SSLError):
            return _tls(cause)
        if isinstance(cause, socket.gaierror | UnicodeError):
            return "its name is not known", "Check the spelling of the host, the DNS and the VPN.", False
    numbers = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if errno.ECONNREFUSED in numbers:
        return "it refused the connection", f"Is the service running at {host}?", False
    if numbers & {errno.EMFILE, errno.ENFILE}:
        return "this process has too many open files", "Raise the limit (`ulimit -n`), or make fewer clients.", False
    if errno.ECONNRESET in numbers:
        return "it reset the connection", "Try again; a firewall may lie in between.", False
    texts = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    text = redact_text(texts[-1] if texts else str(error) or "no reason given")
    return text, "Check the address and the network.", False


def _certificate(error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    code = getattr(error, "verify_code", 0)
    if code == _EXPIRED:
        return "its certificate has expired", "Check this computer's clock; else who runs the host must renew it."
    if code == _NOT_YET_VALID:
        return "its certificate is not valid yet", "Check this computer's clock."
    if code in {_WRONG_HOST, _WRONG_ADDRESS}:
        return "its certificate is for another host", "Check the spelling of the host; a proxy may answer in its place."
    why = getattr(error, "verify_message", "") or "verification failed"
    return f"its certificate cannot be verified ({why})", _CA_HINT


def _tls(error: ssl.SSLError) -> tuple[str, str, bool]:
    if isinstance(error, _TRANSIENT_TLS):
        return "it ended the connection during the TLS handshake", "Try again; a firewall may lie in between.", False
    reason = error.reason or "TLS failed"
    if reason in _NOT_TLS:
        return "it does not speak TLS", "Should the address begin with http:// instead of https://?", True
    return f"the TLS handshake failed ({reason})", _CA_HINT, False


def _causes(error: BaseException) -> Iterator[BaseException]:
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        found = todo.pop(0)
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        todo += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            todo += found.exceptions
