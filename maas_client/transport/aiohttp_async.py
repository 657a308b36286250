"""aiohttp in the place of httpx's own transport: less CPU where many calls run at once. asyncio alone.

Theory of operation. `httpx_async.AsyncIO` hands a request to a transport and reads the answer's body; this is such a
transport. What must hold is set here, since aiohttp by itself does otherwise: it would repeat a request whose kept
connection turned out to be closed, keep cookies, decompress, and write addresses and header names anew. Its errors
are told as httpx's, by whether the request may have reached the service: that decides what is tried again.

Own code and not `httpx-aiohttp` (as of 0.2.0), which tells a connection that was lost after sending as one that was
never made, and leaves all of the above to aiohttp.
"""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from ssl import SSLContext
from typing import cast
from weakref import WeakSet

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from maas_client.errors import ConfigurationError, MaaSError
from maas_client.transport._httpx import httpx
from maas_client.transport.routes import LIMITS

_NOT_MADE_UP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class AiohttpTransport(httpx.AsyncBaseTransport):
    """The connections of one route."""

    def __init__(self, context: SSLContext, proxy: httpx.Proxy | None) -> None:
        """Take the trust of a route, and its proxy; nothing is opened.

        Raises:
            ConfigurationError: It is a proxy that aiohttp does not speak to.
        """
        if proxy is not None and proxy.url.scheme not in {"http", "https"}:
            raise ConfigurationError("aiohttp does not go through a SOCKS proxy.", hint="Leave out http='aiohttp'.")
        # To a proxy over TLS too: what goes through it in plain http has a context that trusts nobody.
        self._trust = context if proxy is None else proxy.ssl_context or context
        self._proxy = proxy
        self._login = None if proxy is None else _login(proxy)
        self._session: aiohttp.ClientSession | None = None
        self._sockets: WeakSet[socket.socket] = WeakSet()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once; the body of the answer is read by whoever asked."""
        timeouts = request.extensions["timeout"]
        with _told():
            answer = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=self._headers(request),
                data=_body(request),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=None, sock_connect=timeouts["connect"], sock_read=timeouts["read"]
                ),
                ssl=self._trust,
                proxy=None if self._proxy is None else str(self._proxy.url),
                proxy_headers=self._login,
            )
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=_Answer(answer),
            extensions={"http_version": _version(answer)},
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            await _let_go()
            # What was left in the middle of an upload would still wait for the other side to read.
            for left in [each for each in self._sockets if each.fileno() != -1]:
                with suppress(OSError):
                    left.shutdown(socket.SHUT_RDWR)
                await _let_go()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:  # here, since it belongs to the event loop that runs
            connector = aiohttp.TCPConnector(
                ssl=self._trust,
                limit=LIMITS.max_connections or 0,
                keepalive_timeout=LIMITS.keepalive_expiry,
                use_dns_cache=False,
                socket_factory=self._socket,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_NOT_MADE_UP,
                auto_decompress=False,
                trust_env=False,
            )
            # It has no parameter for this; what is repeated, and what never, is for `core.retry` to say.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        self._sockets.add(made)
        return made

    def _headers(self, request: httpx.Request) -> CIMultiDict[str]:
        headers = _written(request.headers)
        if self._login is not None and request.url.scheme == "http":  # else it is for the tunnel alone
            headers.extend(self._login)
        return headers


class _Answer(httpx.AsyncByteStream):
    """The raw body of an answer."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    def __aiter__(self) -> "_Pieces":
        return _Pieces(self._answer)

    async def aclose(self) -> None:
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()
            await _let_go()


class _Pieces(AsyncIterator[bytes]):
    # Not an async generator: one that a broken connection leaves behind would need an event loop to be closed.
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._content = answer.content

    async def __anext__(self) -> bytes:
        with _told():
            piece = await self._content.readany()
        if not piece:
            raise StopAsyncIteration
        return piece


async def _let_go() -> None:
    # A transport of asyncio closes its socket at one of the next turns of the loop, which may be the last.
    for _ in range(3):
        await asyncio.sleep(0)


def _written(headers: httpx.Headers) -> CIMultiDict[str]:
    return CIMultiDict((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)


def _login(proxy: httpx.Proxy) -> CIMultiDict[str]:
    headers = _written(proxy.headers)
    if proxy.auth is not None:
        pair = ":".join(proxy.auth).encode()
        headers["Proxy-Authorization"] = f"Basic {b64encode(pair).decode('ascii')}"
    return headers


def _body(request: httpx.Request) -> bytes | httpx.AsyncByteStream | None:
    stream = request.stream
    if isinstance(stream, httpx.ByteStream):
        return b"".join(stream) or None
    return cast("httpx.AsyncByteStream", stream)


def _version(answer: aiohttp.ClientResponse) -> bytes:
    version = answer.version
    return b"HTTP/1.1" if version is None else b"HTTP/%d.%d" % (version.major, version.minor)


@contextmanager
def _told() -> Iterator[None]:
    """Tell aiohttp's errors as httpx's."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        for cause in _causes(error):
            if isinstance(cause, MaaSError):  # the file that was being sent has changed
                raise cause from None
        # aiohttp's own exceptions of TLS are ssl's by class alone; what is wrong is told by those that they hold.
        inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        raise _as_httpx(error) from (inner if isinstance(inner, OSError) else error)


def _as_httpx(error: Exception) -> httpx.HTTPError:
    text = str(error)
    for kinds, make in _KINDS:
        if isinstance(error, kinds):
            return make(text)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return httpx.ProxyError(f"{error.status} {error.message}")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return httpx.RemoteProtocolError("Server disconnected without sending a response.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    if isinstance(error, aiohttp.ClientResponseError):
        said = error.message
        is_foreign = "Expected HTTP/" in said or "status line" in said.lower()
        return httpx.RemoteProtocolError("illegal status line" if is_foreign else said)
    return httpx.ReadError(text)


_KINDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[str], httpx.HTTPError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    ((aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError), httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (ValueError, httpx.LocalProtocolError),
    (TimeoutError, httpx.ReadTimeout),
)
"""The first that fits counts."""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
