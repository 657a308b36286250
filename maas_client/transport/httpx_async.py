"""The port for event loops: asyncio and trio, through anyio; with aiohttp below it, asyncio alone.

Theory of operation. Every attempt runs inside a cancel scope with its deadline, so that an answer that drips in byte
by byte ends too; cancelling closes the connection. A port belongs to the event loop of its first call.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from datetime import UTC, datetime
from ssl import SSLContext
from typing import Literal, TypeVar, cast

import anyio
import anyio.lowlevel
import anyio.to_thread

from maas_client.core.io import FileBody, FoundFile, Request, Response, StreamResponse, Token
from maas_client.core.surroundings import Way
from maas_client.errors import ConfigurationError, UsageError
from maas_client.transport._httpx import httpx
from maas_client.transport.credentials import Credential, TokenSource
from maas_client.transport.errors import EXPECTED, closed, too_late, translate
from maas_client.transport.exchange import (
    Streamed,
    Whole,
    bounds,
    outgoing,
    quiet_loggers,
    read_piece,
)
from maas_client.transport.files import LocalFile, open_local
from maas_client.transport.part_files import PartFile, create_local, find_local
from maas_client.transport.routes import LIMITS, MAX_CONNECTIONS, Route, Routes
from maas_client.transport.surroundings import issuer_of, resolve

T = TypeVar("T")
R = TypeVar("R")

FILE_PIECE_BYTES = 4 * 1024 * 1024
"""Each piece costs a visit to a worker thread: at 1 MiB an upload over loopback ran at two thirds of the speed."""


class AsyncIO:
    """The port for event loops."""

    def __init__(
        self,
        credential: Credential = None,
        *,
        emulator: bool = False,
        authority: str | None = None,
        http: Literal["httpx", "aiohttp"] = "httpx",
    ) -> None:
        """Make the port; nothing is opened before the first call.

        Args:
            credential: See `maas_client.transport.credentials`.
            emulator: True if the service is a local emulator.
            authority: Base URL where one signs in, if the credential is made here.
            http: What carries the requests.

        Raises:
            ConfigurationError: The credential is of no kind that this client can use, or aiohttp is not installed.
        """
        quiet_loggers()
        self._tokens = TokenSource(
            credential, emulator=emulator, offload=_in_thread_or_leave, may_await=True, authority=authority
        )
        self._http = http
        self._routes: Routes[httpx.AsyncBaseTransport] = Routes(_make if http == "httpx" else _aiohttp())
        self._slots = anyio.Semaphore(MAX_CONNECTIONS, fast_acquire=True)
        self._home: object = None
        self._closed = False

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        """Send once, without redirects, and read the whole answer within `timeout` seconds.

        Raises:
            ConnectError: Nothing reached the service.
            RequestTimeoutError: No whole answer in time.
            BrokenResponseError: The answer was cut off, is not HTTP, or is larger than 16 MiB.
            ConfigurationError: The request cannot be sent, or its file has changed.
            UsageError: This port is closed, or belongs to another event loop.
        """
        message, route = self._prepare(request, headers, bounds(timeout))
        async with self._slots:
            with anyio.move_on_after(timeout):
                try:
                    answer = await route.transport.handle_async_request(message)
                    async with aclosing(_body(answer)) as body:
                        whole = Whole(request, answer)
                        async for raw in body:
                            whole.add(raw)
                    return whole.response()
                except EXPECTED as error:
                    raise translate(error, request, seconds=timeout, proxy=route.proxy) from error
        raise too_late(request, timeout)

    def stream(
        self, request: Request, *, headers: Mapping[str, str], timeout: float
    ) -> AbstractAsyncContextManager[StreamResponse]:
        """Send once and hand over the answer's body as it comes; `timeout` seconds without a byte end it."""
        return self._stream(request, headers, timeout)

    async def token(self, scope: str, claims: str | None) -> Token:
        """Ask the credential for a token.

        Raises:
            CredentialError: It gave none.
            UsageError: This port is closed, or belongs to another event loop.
        """
        self._check_usable()
        return await self._tokens.get(scope, claims)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(max(0.0, seconds))

    async def monotonic(self) -> float:
        """Seconds on a clock that only moves forward."""
        return time.monotonic()

    async def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    async def map(self, fn: Callable[[T], Awaitable[R]], items: Sequence[T], *, limit: int) -> list[R]:
        """Run `fn` over `items` in at most `limit` tasks; results in the order of `items`.

        The first error cancels the rest, and is raised as it is.
        """
        if limit <= 1 or len(items) <= 1:
            return [await fn(item) for item in items]
        left = iter(enumerate(items))
        results: dict[int, R] = {}
        errors: list[Exception] = []

        async def work() -> None:
            for index, item in left:
                try:
                    results[index] = await fn(item)
                except Exception as error:  # noqa: BLE001 - raised below, outside of the group that would wrap it
                    errors.append(error)
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(min(limit, len(items))):
                group.start_soon(work)
        if errors:
            raise errors[0]
        return [results[index] for index in range(len(items))]

    async def lock(self) -> AbstractAsyncContextManager[None]:
        """Make a lock between tasks."""
        return anyio.Lock(fast_acquire=True)

    async def offload(self, fn: Callable[[], R]) -> R:
        """Run a function that blocks, in a worker thread."""
        return await anyio.to_thread.run_sync(fn)

    async def open_file(self, path: str) -> LocalFile:
        """Open a regular file.

        Raises:
            ConfigurationError: It is missing, not a regular file, or may not be read.
        """
        return await open_local(path, anyio.to_thread.run_sync)

    async def find_file(self, folder: str, path: str) -> FoundFile | None:
        """Look for a file below a folder; `path` is relative, with slashes.

        Raises:
            ConfigurationError: The path leads out of the folder, through a link, or to something that is no file.
        """
        return await find_local(folder, path, anyio.to_thread.run_sync)

    async def create_file(self, folder: str, path: str, *, version: str, overwrite: bool) -> PartFile:
        """Begin a file below a folder, or go on with what an attempt at the same `version` left.

        Raises:
            ConfigurationError: The path leads out of the folder or through a link, or nothing can be written there.
        """
        return await create_local(folder, path, version=version, overwrite=overwrite, offload=anyio.to_thread.run_sync)

    async def way(self, url: str) -> Way:
        """Say how requests to `url` travel; nothing is sent.

        Raises:
            ConfigurationError: A proxy variable or a certificate file is wrong.
            UsageError: This port is closed, or belongs to another event loop.
        """
        self._check_usable()
        return self._routes.describe(url)

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Resolve a name on this machine.

        Raises:
            ConnectError: The name is not known.
        """
        return await _in_thread_or_leave(lambda: resolve(host))

    async def issuer(self, url: str) -> str:
        """Say who signed the certificate of an https host; empty if unknown."""
        return await _in_thread_or_leave(lambda: issuer_of(url))

    async def credential(self) -> str:
        """Say for people what gives the tokens."""
        return self._tokens.describe()

    async def within(self, seconds: float, fn: Callable[[], Awaitable[R]]) -> R:
        """Run `fn` for at most `seconds`; what waits in a thread is left behind there.

        Raises:
            TimeoutError: It was not done in time.
        """
        with anyio.fail_after(seconds):
            return await fn()

    async def close(self) -> None:
        """Close connections, and the credential if it was made here; harmless when repeated.

        Raises:
            UsageError: This port belongs to another event loop.
        """
        if self._closed:
            return
        self._check_usable()
        self._closed = True
        with anyio.CancelScope(shield=True):
            for transport in self._routes.transports():
                await transport.aclose()
        self._tokens.close()

    def _check_usable(self) -> None:
        if self._closed:
            raise closed()
        here = anyio.lowlevel.current_token()
        if self._home is None:
            if self._http == "aiohttp" and not _on_asyncio():
                raise ConfigurationError("aiohttp runs on asyncio alone.", hint="Leave out http='aiohttp'.")
            self._home = here
        elif self._home != here:
            raise UsageError(
                "This client belongs to another event loop.",
                hint="Make one client per event loop: call asyncio.run once, and make the client inside of it.",
            )

    def _prepare(
        self, request: Request, headers: Mapping[str, str], timeouts: Mapping[str, float]
    ) -> tuple[httpx.Request, Route[httpx.AsyncBaseTransport]]:
        self._check_usable()
        file_stream = _FileStream(request.body) if isinstance(request.body, FileBody) else None
        message = outgoing(request, headers, timeouts, file_stream)
        return message, self._routes.find(message.url)

    @asynccontextmanager
    async def _stream(
        self, request: Request, headers: Mapping[str, str], timeout: float
    ) -> AsyncGenerator[StreamResponse, None]:
        message, route = self._prepare(request, headers, bounds(timeout, read=timeout))
        answer: httpx.Response | None = None
        async with self._slots:
            with anyio.move_on_after(timeout):
                try:
                    answer = await route.transport.handle_async_request(message)
                except EXPECTED as error:
                    raise translate(error, request, seconds=timeout, proxy=route.proxy) from error
        if answer is None:
            raise too_late(request, timeout)
        async with aclosing(_body(answer)) as body:
            yield Streamed(request, answer, timeout, lambda: anext(body, None))


class _Body(AsyncIterator[bytes]):
    """The raw pieces of an answer, and the way to let its connection go."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self._pieces = aiter(stream)

    async def __anext__(self) -> bytes:
        return await anext(self._pieces)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _FileStream(httpx.AsyncByteStream):
    """A file as a request body; each iteration reads it from its beginning."""

    def __init__(self, body: FileBody) -> None:
        self._body = body

    def __aiter__(self) -> "_FilePieces":
        return _FilePieces(self._body)


class _FilePieces(AsyncIterator[bytes]):
    # Not an async generator: one that a broken connection leaves behind would need an event loop to be closed.
    def __init__(self, body: FileBody) -> None:
        self._body = body
        self._offset = 0

    async def __anext__(self) -> bytes:
        if self._offset >= self._body.length:
            raise StopAsyncIteration
        piece = await read_piece(self._body, self._offset, FILE_PIECE_BYTES)
        self._offset += len(piece)
        return piece


def _body(answer: httpx.Response) -> _Body:
    return _Body(cast("httpx.AsyncByteStream", answer.stream))


def _make(context: SSLContext, proxy: httpx.Proxy | None) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=context, limits=LIMITS, proxy=proxy)


def _on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _aiohttp() -> Callable[[SSLContext, httpx.Proxy | None], httpx.AsyncBaseTransport]:
    try:
        from maas_client.transport.aiohttp_async import AiohttpTransport
    except ImportError as error:
        raise ConfigurationError(
            "http='aiohttp' needs aiohttp.", hint="Install it: pip install 'maas-client[aiohttp]'"
        ) from error
    return AiohttpTransport


async def _in_thread_or_leave(fn: Callable[[], R], /) -> R:
    # A token may take a subprocess and ten seconds: who is cancelled does not wait for it.
    return await anyio.to_thread.run_sync(fn, abandon_on_cancel=True)
