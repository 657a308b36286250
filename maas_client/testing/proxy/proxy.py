"""The proxy that users start: a thread with a port of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from maas_client.errors import ConfigurationError, UsageError
from maas_client.testing.proxy.actions import Action
from maas_client.testing.proxy.connection import Connection
from maas_client.testing.proxy.program import Program, read_program

T = TypeVar("T")

_HOST = "127.0.0.1"
_START_SECONDS = 10.0


class FaultProxy:
    """A TCP proxy in front of a target, in a thread of its own, that breaks connections as its programs say.

        with FaultProxy("http://127.0.0.1:8000") as proxy:
            lost = proxy.add("reset")             # the next answer is lost: the target did what it was asked
            ...                                   # a client with base_url=proxy.url
            proxy.verify()                        # fails unless everything happened

    It lies below HTTP: the target is any TCP server, and TLS passes through (actions that read HTTP do nothing good
    there). It listens on 127.0.0.1 alone.
    """

    def __init__(self, target: str, *, programs: Sequence[object] = (), keep_alive: bool = True) -> None:
        """Make the proxy; it listens inside its `with` block.

        Args:
            target: URL of the target, or `host:port`.
            programs: To add at the start; see `add`.
            keep_alive: False gives each request a connection of its own, so that counting connections is counting
                requests. It reads HTTP.

        Raises:
            ConfigurationError: The target has no port, or a program is wrong.
        """
        parts = urlsplit(target if "://" in target else f"tcp://{target}")
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        if not parts.hostname or port is None:
            raise ConfigurationError(f"{target!r} names no host and port.", hint="Such as http://127.0.0.1:8000.")
        self._scheme, self._host, self._to_port = parts.scheme, parts.hostname, port
        self._given = list(programs)
        self._keep_alive = keep_alive
        self._programs: list[Program] = []
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._again: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._port = 0
        self._accepted = 0

    @property
    def url(self) -> str:
        """Where clients go: `scheme://127.0.0.1:port`, with the scheme of the target."""
        return f"{self._scheme}://{_HOST}:{self._port}"

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        return self._accepted

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs, in the order in which they were added."""
        return tuple(self._programs)

    def __enter__(self) -> Self:
        """Begin to listen."""
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=_run, args=(loop,), name="fault-proxy", daemon=True)
        self._thread.start()
        self._call(self._listen)
        for given in self._given:
            self.add(given)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all connections and stop."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._call(self._stop)
        self._loop = None
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def add(self, program: object) -> Program:
        """Add a program, and close the connections that are idle: the next request comes on a new one, its first.

        Idle is a connection on which the last bytes were those of an answer; add nothing while an answer is still read.

        Args:
            program: An object with `actions` and perhaps `when` and `name`; or, for all connections that follow, an
                action such as `{"do": "reset", "down": 100}`, the name of one, or a list of them.

        Returns:
            The program, which tells what has happened.

        Raises:
            ConfigurationError: The program is wrong.
        """
        made = read_program(program)

        async def put() -> None:
            self._programs.append(made)
            for connection in list(self._open):
                if connection.idle:
                    connection.close()

        self._call(put)
        return made

    def clear(self) -> None:
        """Forget all programs; what they do already goes on."""

        async def drop() -> None:
            self._programs.clear()

        self._call(drop)

    def verify(self) -> None:
        """Fail unless every program with an end has come to it.

        Raises:
            AssertionError: Something has not happened; the text says what.
        """
        left = [program for program in self._programs if program.remaining is not None and not program.completed]
        if left:
            lines = [
                f"{each.name}: {each.remaining} to come, fired {_list(each.fired)}, missed {_list(each.missed)}"
                for each in left
            ]
            raise AssertionError("Not every fault of the proxy happened.\n" + "\n".join(lines))

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Close the port inside the block: connections are refused, and those that are idle are closed."""

        async def close() -> None:
            await self._close_port()
            for connection in list(self._open):
                if connection.idle:
                    connection.close()

        self._call(close)
        try:
            yield
        finally:
            self._call(self._listen)

    def _call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._loop is None:
            raise UsageError("The proxy is not running.", hint="Use it inside its `with` block.")
        return asyncio.run_coroutine_threadsafe(function(), self._loop).result(_START_SECONDS)

    async def _listen(self) -> None:
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._accept, _HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close_port(self) -> None:
        if self._server is not None:
            # Not waited for: that would be until the last connection has ended.
            self._server.close()
            self._server = None

    async def _stop(self) -> None:
        await self._close_port()
        tasks = [*self._open.values(), *([self._again] if self._again else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        program, number, action = self._next()
        connection = Connection((reader, writer), program, number, action, keep_alive=self._keep_alive)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this runs in one
        self._open[connection] = task
        try:
            if action is not None and action.do == "refuse":
                await self._close_port()
                self._again = asyncio.create_task(self._listen_after(action.number("seconds")))
            with suppress(asyncio.CancelledError):
                await connection.carry(self._host, self._to_port)
        finally:
            del self._open[connection]

    def _next(self) -> tuple[Program | None, int, Action | None]:
        found: tuple[Program | None, int, Action | None] = None, 0, None
        for program in self._programs:
            if found[0] is not None:
                program.pass_by()
            elif (taken := program.take()) is not None:
                found = program, *taken
        return found

    async def _listen_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._listen()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _list(events: Sequence[object]) -> str:
    return ", ".join(str(event) for event in events) or "nothing"
