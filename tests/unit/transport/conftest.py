"""Real sockets on loopback, and one way to run the same body on every adapter."""

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import pytest

from maas_client.core import stepping
from maas_client.transport.httpx_async import AsyncIO
from maas_client.transport.httpx_sync import SyncIO

Script = Callable[[socket.socket, bytes], None]
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Peer:
    """A server that answers each connection with a script, given the socket and the request's head."""

    def __init__(self, script: Script, *, wrap: Callable[[socket.socket], socket.socket] | None = None) -> None:
        self.script = script
        self.wrap = wrap
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.05)
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.stopping.set()
        self.thread.join(5)
        self.listener.close()

    def _accept(self) -> None:
        threads = []
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                connection, _ = self.listener.accept()
                self.connections += 1
                threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
                threads[-1].start()
        for thread in threads:
            thread.join(5)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            if self.wrap is not None:
                connection = self.wrap(connection)
            while head := _read_head(connection):
                self.requests.append(head)
                self.script(connection, head)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()
            self.ended.release()


def _read_head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    return data


def ok(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """End a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    """Make peers from scripts, or from fixed bytes."""
    made: list[Peer] = []

    def make(script: Script | bytes, **options: Any) -> Peer:
        fixed = script

        def answer(connection: socket.socket, head: bytes) -> None:
            assert isinstance(fixed, bytes)
            connection.sendall(fixed)

        made.append(Peer(answer if isinstance(script, bytes) else script, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(params=["sync", "asyncio", "trio", "aiohttp"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a body on one adapter: `run(body, credential=..., emulator=...)`; the port is closed afterwards."""

    def runner(body: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
        options.setdefault("emulator", True)

        async def whole(make: Callable[..., Any]) -> Any:
            io = make(**options)
            try:
                return await body(io)
            finally:
                await io.close()

        if request.param == "sync":
            return stepping.run(whole(SyncIO))
        if request.param == "aiohttp":
            return anyio.run(whole, partial(AsyncIO, http="aiohttp"), backend="asyncio")
        return anyio.run(whole, AsyncIO, backend=request.param)

    runner.kind = request.param  # type: ignore[attr-defined]
    return runner


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def answered() -> Callable[..., bytes]:
    """Build an answer with a Content-Length."""
    return ok


@pytest.fixture
def rst() -> Callable[[socket.socket], None]:
    """End a connection with RST."""
    return reset
