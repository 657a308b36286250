"""One connection through the proxy: two directions, what is done to them, and how it ends."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import suppress

from maas_client.testing.proxy.actions import Action
from maas_client.testing.proxy.program import Program
from maas_client.testing.proxy.streams import (
    BANNER,
    EARLY,
    EndedError,
    Pieces,
    changed_down,
    changed_up,
    closing,
    delayed,
)

_PIECE_BYTES = 64 * 1024
_SSH = (b"SSH-2.0-OpenSSH_9.6\r\n", b"Invalid SSH identification string.\r\n")
"""What OpenSSH 9.6 sends, first to anybody and then to whoever does not speak SSH."""
_PASS = Action("pass", {}, ("down", 0))
_LINGER_ZERO = struct.pack("ii", 1, 0)

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connection:
    """A client's connection and ours to the target."""

    def __init__(
        self, client: Stream, program: Program | None, number: int, action: Action | None, *, keep_alive: bool
    ) -> None:
        """Take a connection.

        Args:
            client: What was accepted.
            program: Whose action it is, or None.
            number: Of the connection, as the program counts.
            action: What is to happen, or None.
            keep_alive: False: the target is asked to close it after one answer.
        """
        self._reader, self._writer = client
        self._keep_alive = keep_alive
        self._target: asyncio.StreamWriter | None = None
        self._program, self._number = program, number
        self._action = action or _PASS
        self._happened = False
        self._gone = asyncio.Event()
        self._asking = False
        self.idle = False

    async def carry(self, host: str, port: int) -> None:
        """Carry bytes until one side ends, or the action ends it."""
        way = "close"
        try:
            way = await self._carry(host, port)
        except OSError:
            way = "reset"
        except asyncio.CancelledError:
            way = "stop"
            raise
        finally:
            if self._program is not None and not self._happened and self._action.do != "pass":
                self._program.note(self._number, self._action, happened=False)
            await self._end(way)

    def close(self) -> None:
        """Close both sides, as an idle connection is closed."""
        self._writer.close()
        if self._target is not None:
            self._target.close()

    async def _carry(self, host: str, port: int) -> str:
        if self._action.do in ("pass", "refuse"):
            self._note()
        if self._action.do == "refuse":
            return "reset"
        reader, self._target = await asyncio.open_connection(host, port, limit=_PIECE_BYTES)
        _unbuffered(self._target)
        _unbuffered(self._writer)
        up = asyncio.create_task(self._up(self._target))
        down = asyncio.create_task(self._down(reader))
        gone = asyncio.create_task(self._gone.wait())
        tasks = {up, down, gone}
        try:
            while not down.done():
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                tasks -= done
                for task in done & {up, down}:
                    task.result()
                if gone in done and self._action.do == "stall":
                    return "close"
        except EndedError as ended:
            return ended.way
        finally:
            for task in (up, down, gone):
                task.cancel()
            await asyncio.gather(up, down, gone, return_exceptions=True)
        return "close"

    async def _up(self, target: asyncio.StreamWriter) -> None:
        try:
            pieces: Pieces = self._from_client() if self._keep_alive else closing(self._from_client())
            async for piece in changed_up(pieces, self._action, self._note):
                target.write(piece)
                await target.drain()
        except EndedError as ended:
            if ended.way not in {BANNER, EARLY}:
                raise
            self._note()
            self._writer.write(b"".join(_SSH) if ended.way == BANNER else self._early())
            await self._writer.drain()
            raise EndedError("close") from None
        with suppress(OSError):
            target.write_eof()

    def _early(self) -> bytes:
        status = int(self._action.number("status"))
        return b"HTTP/1.1 %d Early\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status

    async def _down(self, reader: asyncio.StreamReader) -> None:
        pieces = changed_down(_read(reader), self._action, self._note)
        if self._action.do == "latency":
            pieces = delayed(pieces, self._late)
        async for piece in pieces:
            self._asking = False
            self._writer.write(piece)
            await self._writer.drain()
            self.idle = not self._asking

    async def _from_client(self) -> AsyncGenerator[bytes, None]:
        try:
            async for piece in _read(self._reader):
                self._asking, self.idle = True, False
                yield piece
        finally:
            self._gone.set()

    async def _late(self) -> None:
        if self._asking:
            self._note()
            await asyncio.sleep(self._action.number("seconds"))

    def _note(self) -> None:
        if not self._happened and self._program is not None:
            self._program.note(self._number, self._action, happened=True)
        self._happened = True

    async def _end(self, way: str) -> None:
        writers = [self._writer] if self._target is None else [self._writer, self._target]
        try:
            if way == "close":
                await self._finish()
        finally:
            for writer in writers:
                if way == "reset":
                    _reset_at_close(writer)
                # What was to be sent has been: see `_unbuffered`.
                writer.transport.abort()
            for writer in writers:
                with suppress(OSError):
                    await writer.wait_closed()

    async def _finish(self) -> None:
        if self._target is not None:
            self._target.close()
        with suppress(OSError):
            self._writer.write_eof()
            # Closed with something unread, a connection would be reset: what the client still sends is taken first.
            async for _ in _read(self._reader):
                pass


async def _read(reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
    while piece := await reader.read(_PIECE_BYTES):
        yield piece


def _unbuffered(writer: asyncio.StreamWriter) -> None:
    """Let `drain` return when the system has the bytes, so that none is lost when the connection is then reset."""
    writer.transport.set_write_buffer_limits(high=0)


def _reset_at_close(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
