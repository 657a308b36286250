"""The port for threads: blocking sockets, and methods that are `async def` but never suspend.

Theory of operation. `core.stepping` runs a coroutine that never suspends in one step, so everything here blocks
instead of waiting on a loop, and Ctrl-C ends it at once. Connections are pooled and shared by all threads.
"""

import contextvars
import os
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from ssl import SSLContext
from typing import TypeVar, cast

from maas_client.core import stepping
from maas_client.core.io import FileBody, FoundFile, Request, Response, StreamResponse, Token
from maas_client.core.surroundings import Way
from maas_client.transport._httpx import httpx
from maas_client.transport.credentials import Credential, TokenSource
from maas_client.transport.deadline import DeadlineBackend
from maas_client.transport.errors import EXPECTED, closed, translate
from maas_client.transport.exchange import (
    Streamed,
    Whole,
    bounds,
    outgoing,
    quiet_loggers,
    read_piece,
)
from maas_client.transport.files import LocalFile, inline, open_local
from maas_client.transport.part_files import PartFile, create_local, find_local
from maas_client.transport.routes import LIMITS, MAX_CONNECTIONS, Route, Routes
from maas_client.transport.surroundings import in_thread, issuer_of, resolve

T = TypeVar("T")
R = TypeVar("R")

FILE_PIECE_BYTES = 1024 * 1024


class SyncIO:
    """The port for threads."""

    def __init__(self, credential: Credential = None, *, emulator: bool = False, authority: str | None = None) -> None:
        """Make the port; nothing is opened before the first call.

        Args:
            credential: See `maas_client.transport.credentials`.
            emulator: True if the service is a local emulator.
            authority: Base URL where one signs in, if the credential is made here.

        Raises:
            ConfigurationError: The credential is of no kind that this client can use.
        """
        quiet_loggers()
        self._tokens = TokenSource(credential, emulator=emulator, offload=inline, may_await=False, authority=authority)
        self._closed = False
        self._open_pools()

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        """Send once, without redirects, and read the whole answer within `timeout` seconds.

        Raises:
            ConnectError: Nothing reached the service.
            RequestTimeoutError: No whole answer in time.
            BrokenResponseError: The answer was cut off, is not HTTP, or is larger than 16 MiB.
            ConfigurationError: The request cannot be sent, or its file has changed.
            UsageError: This port is closed.
        """
        message, route = self._prepare(request, headers, bounds(timeout))
        with self._slots, self._backend.within(timeout):
            try:
                answer = route.transport.handle_request(message)
                with closing(_body(answer)) as body:
                    whole = Whole(request, answer)
                    for raw in body:
                        whole.add(raw)
                return whole.response()
            except EXPECTED as error:
                raise translate(error, request, seconds=timeout, proxy=route.proxy) from error

    def stream(
        self, request: Request, *, headers: Mapping[str, str], timeout: float
    ) -> AbstractAsyncContextManager[StreamResponse]:
        """Send once and hand over the answer's body as it comes; `timeout` seconds without a byte end it."""
        return self._stream(request, headers, timeout)

    async def token(self, scope: str, claims: str | None) -> Token:
        """Ask the credential for a token.

        Raises:
            CredentialError: It gave none.
            UsageError: This port is closed.
        """
        self._check_open()
        return await self._tokens.get(scope, claims)

    async def sleep(self, seconds: float) -> None:
        """Wait; Ctrl-C ends it at once."""
        time.sleep(max(0.0, seconds))  # noqa: ASYNC251 - no event loop runs this

    async def monotonic(self) -> float:
        """Seconds on a clock that only moves forward."""
        return time.monotonic()

    async def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    async def map(self, fn: Callable[[T], Awaitable[R]], items: Sequence[T], *, limit: int) -> list[R]:
        """Run `fn` over `items` in at most `limit` threads; results in the order of `items`.

        After the first error nothing more is begun; it is raised when what runs has ended. Ctrl-C waits for nothing.
        """
        if limit <= 1 or len(items) <= 1:
            return [await fn(item) for item in items]
        return _map_in_threads(fn, items, limit)

    async def lock(self) -> AbstractAsyncContextManager[None]:
        """Make a lock between threads."""
        return _ThreadLock()

    async def offload(self, fn: Callable[[], R]) -> R:
        """Run a function that blocks, at once."""
        return fn()

    async def open_file(self, path: str) -> LocalFile:
        """Open a regular file.

        Raises:
            ConfigurationError: It is missing, not a regular file, or may not be read.
        """
        return await open_local(path, inline)

    async def find_file(self, folder: str, path: str) -> FoundFile | None:
        """Look for a file below a folder; `path` is relative, with slashes.

        Raises:
            ConfigurationError: The path leads out of the folder, through a link, or to something that is no file.
        """
        return await find_local(folder, path, inline)

    async def create_file(self, folder: str, path: str, *, version: str, overwrite: bool) -> PartFile:
        """Begin a file below a folder, or go on with what an attempt at the same `version` left.

        Raises:
            ConfigurationError: The path leads out of the folder or through a link, or nothing can be written there.
        """
        return await create_local(folder, path, version=version, overwrite=overwrite, offload=inline)

    async def way(self, url: str) -> Way:
        """Say how requests to `url` travel; nothing is sent.

        Raises:
            ConfigurationError: A proxy variable or a certificate file is wrong.
        """
        self._check_open()
        return self._routes.describe(url)

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Resolve a name on this machine.

        Raises:
            ConnectError: The name is not known.
        """
        return resolve(host)

    async def issuer(self, url: str) -> str:
        """Say who signed the certificate of an https host; empty if unknown."""
        return issuer_of(url)

    async def credential(self) -> str:
        """Say for people what gives the tokens."""
        return self._tokens.describe()

    async def within(self, seconds: float, fn: Callable[[], Awaitable[R]]) -> R:
        """Run `fn` in a thread of its own for at most `seconds`; a thread that is left behind stops nobody.

        Raises:
            TimeoutError: It was not done in time.
        """
        return in_thread(fn, seconds)

    async def close(self) -> None:
        """Close connections, and the credential if it was made here; harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        self._tokens.close()
        for transport in self._routes.transports():
            transport.close()

    def _open_pools(self) -> None:
        self._process = os.getpid()
        self._backend = DeadlineBackend()
        self._routes = Routes(self._make)
        self._slots = threading.Semaphore(MAX_CONNECTIONS)

    def _check_open(self) -> None:
        if self._closed:
            raise closed()
        if os.getpid() != self._process:
            # After a fork: two processes that spoke over one connection would read each other's answers.
            self._open_pools()

    def _prepare(
        self, request: Request, headers: Mapping[str, str], timeouts: Mapping[str, float]
    ) -> tuple[httpx.Request, Route[httpx.HTTPTransport]]:
        self._check_open()
        file_stream = _FileStream(request.body) if isinstance(request.body, FileBody) else None
        message = outgoing(request, headers, timeouts, file_stream)
        return message, self._routes.find(message.url)

    def _make(self, context: SSLContext, proxy: httpx.Proxy | None) -> httpx.HTTPTransport:
        transport = httpx.HTTPTransport(verify=context, limits=LIMITS, proxy=proxy)
        # httpx has no parameter for the network backend of its pool; httpcore has.
        transport._pool._network_backend = self._backend  # noqa: SLF001
        return transport

    @asynccontextmanager
    async def _stream(
        self, request: Request, headers: Mapping[str, str], timeout: float
    ) -> AsyncGenerator[StreamResponse, None]:
        message, route = self._prepare(request, headers, bounds(timeout, read=timeout))
        try:
            with self._slots, self._backend.within(timeout):
                answer = route.transport.handle_request(message)
        except EXPECTED as error:
            raise translate(error, request, seconds=timeout, proxy=route.proxy) from error
        with closing(_body(answer)) as body:

            async def next_raw() -> bytes | None:
                with self._backend.within(timeout):
                    return next(body, None)

            yield Streamed(request, answer, timeout, next_raw)


class _Body(Iterator[bytes]):
    """The raw pieces of an answer, and the way to let its connection go."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream
        self._pieces = iter(stream)

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        self._stream.close()


def _body(answer: httpx.Response) -> _Body:
    return _Body(cast("httpx.SyncByteStream", answer.stream))


class _FileStream(httpx.SyncByteStream):
    """A file as a request body; each iteration reads it from its beginning."""

    def __init__(self, body: FileBody) -> None:
        self._body = body

    def __iter__(self) -> Generator[bytes, None, None]:
        offset = 0
        while offset < self._body.length:
            piece = stepping.run(read_piece(self._body, offset, FILE_PIECE_BYTES))
            offset += len(piece)
            yield piece


class _ThreadLock(AbstractAsyncContextManager[None]):
    """A lock between threads behind an asynchronous face."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def __aenter__(self) -> None:
        self._lock.acquire()

    async def __aexit__(self, *exc_info: object) -> None:
        self._lock.release()


def _map_in_threads(fn: Callable[[T], Awaitable[R]], items: Sequence[T], limit: int) -> list[R]:
    # Daemon threads, not a ThreadPoolExecutor: the interpreter joins the threads of an executor at its exit, so that
    # Ctrl-C would wait for whatever is being sent.
    left = deque(enumerate(items))
    done: SimpleQueue[tuple[int, R | None, BaseException | None] | None] = SimpleQueue()

    def work() -> None:
        while True:
            try:
                index, item = left.popleft()
            except IndexError:
                break
            try:
                done.put((index, stepping.run(_step(fn, item)), None))
            except BaseException as error:  # noqa: BLE001 - handed over, and raised by the caller's thread
                left.clear()
                done.put((index, None, error))
        done.put(None)

    threads = min(limit, len(items))
    for _ in range(threads):
        threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True).start()
    results: dict[int, R | None] = {}
    first: BaseException | None = None
    try:
        while threads:
            outcome = _wait_for(done)
            if outcome is None:
                threads -= 1
                continue
            index, value, error = outcome
            results[index] = value
            if first is None:
                first = error
    finally:
        left.clear()
    if first is not None:
        raise first
    return [cast("R", results[index]) for index in range(len(items))]


def _wait_for(queue: "SimpleQueue[T]") -> T:
    # In slices: a signal that comes in the instant before a wait begins does not end that wait.
    while True:
        try:
            return queue.get(timeout=0.5)
        except Empty:
            continue


async def _step(fn: Callable[[T], Awaitable[R]], item: T) -> R:
    return await fn(item)
