"""What is done to the bytes of one direction, as asynchronous generators around one another.

Little HTTP is understood here, on purpose: where the head of the first answer ends, and what is written into it.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

from maas_client.testing.proxy.actions import Action

Pieces = AsyncIterator[bytes]
Happened = Callable[[], None]

_HEAD_END = b"\r\n\r\n"
_PIECE_SECONDS = 0.02
"""A drip is cut into pieces that are this far apart, or of one byte."""


BANNER = "banner"
EARLY = "early"


class EndedError(Exception):
    """The connection ends here: by `reset`, `close`, the `banner` of another protocol, or an `early` answer."""

    def __init__(self, way: str) -> None:
        super().__init__(way)
        self.way = way


def changed_up(pieces: Pieces, action: Action, happened: Happened) -> Pieces:
    """Return what the target gets of what the client sends."""
    if action.do == "drip-up":
        return _drip(pieces, action.number("bytes_per_second"), happened)
    if action.do == "ssh-banner":
        return _cut(pieces, 0, lambda: None, BANNER)
    if action.do == "http-1.0":
        # A server that is asked in HTTP/1.0 sends no chunks, and closes the connection.
        return _rewritten(pieces, lambda head: head.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1), lambda: None)
    at = action.at("up")
    return pieces if at is None else _AT[action.do](pieces, at, happened)


def changed_down(pieces: Pieces, action: Action, happened: Happened) -> Pieces:
    """Return what the client gets of what the target sends."""
    if action.do in _HEADS:
        change, change_body = _HEADS[action.do]
        return _rewritten(pieces, lambda head: change(head, action), happened, change_body)
    if action.do == "drip":
        return _drip(pieces, action.number("bytes_per_second"), happened)
    if action.do == "1xx-flood":
        return _flood(pieces, action.numbers["count"], happened)
    at, in_body = action.at("down"), action.at("body")
    if at is not None:
        return _AT[action.do](pieces, at, happened)
    return pieces if in_body is None else _in_body(pieces, lambda rest: _AT[action.do](rest, in_body, happened))


async def delayed(pieces: Pieces, wait: Callable[[], Coroutine[Any, Any, None]]) -> AsyncGenerator[bytes, None]:
    """Wait before each piece is passed on."""
    async for piece in pieces:
        await wait()
        yield piece


def closing(pieces: Pieces) -> Pieces:
    """Ask the target to close the connection after its answer."""
    return _rewritten(pieces, lambda head: _with(_without(head, "connection"), b"Connection: close"), lambda: None)


async def _split(pieces: Pieces) -> tuple[bytes, bytes]:
    """Read on to the end of a head; return it, and what came with it. Answers before the answer (1xx) are passed by."""
    data, start = b"", 0
    async for piece in pieces:
        data += piece
        while (end := data.find(_HEAD_END, start)) >= 0:
            end += len(_HEAD_END)
            if not re.match(rb"HTTP/1\.\d 1\d\d ", data[start:]):
                return data[:end], data[end:]
            start = end
    return data, b""


async def _chained(first: bytes, pieces: Pieces) -> AsyncGenerator[bytes, None]:
    if first:
        yield first
    async for piece in pieces:
        yield piece


async def _in_body(pieces: Pieces, wrap: Callable[[Pieces], Pieces]) -> AsyncGenerator[bytes, None]:
    head, rest = await _split(pieces)
    if head:
        yield head
    async for piece in wrap(_chained(rest, pieces)):
        yield piece


async def _rewritten(
    pieces: Pieces,
    change: Callable[[bytes], bytes],
    happened: Happened,
    change_body: Callable[[Pieces], Pieces] = lambda rest: rest,
) -> AsyncGenerator[bytes, None]:
    head, rest = await _split(pieces)
    if head:
        happened()
        yield change(head)
    async for piece in change_body(_chained(rest, pieces)):
        yield piece


async def _cut(pieces: Pieces, left: int, happened: Happened, way: str) -> AsyncGenerator[bytes, None]:
    async for piece in pieces:
        if len(piece) > left:
            if left:
                yield piece[:left]
            happened()
            raise EndedError(way)
        left -= len(piece)
        yield piece


async def _stall(pieces: Pieces, left: int, happened: Happened) -> AsyncGenerator[bytes, None]:
    async for piece in pieces:
        if len(piece) > left:
            if left:
                yield piece[:left]
            happened()
            # Whoever waits for this is ended when the client goes.
            async for _ in pieces:
                pass
            await asyncio.Event().wait()
        left -= len(piece)
        yield piece


async def _corrupt(pieces: Pieces, left: int, happened: Happened) -> AsyncGenerator[bytes, None]:
    async for piece in pieces:
        if 0 <= left < len(piece):
            happened()
            yield piece[:left] + bytes([piece[left] ^ 0xFF]) + piece[left + 1 :]
        else:
            yield piece
        left -= len(piece)


async def _drip(pieces: Pieces, per_second: float, happened: Happened) -> AsyncGenerator[bytes, None]:
    size = max(1, int(per_second * _PIECE_SECONDS))
    async for piece in pieces:
        happened()
        for start in range(0, len(piece), size):
            part = piece[start : start + size]
            yield part
            await asyncio.sleep(len(part) / per_second)


async def _flood(pieces: Pieces, count: float | None, happened: Happened) -> AsyncGenerator[bytes, None]:
    first = await anext(pieces, b"")
    if first:
        happened()
    while first and (count is None or count > 0):
        batch = 100 if count is None else min(100, int(count))
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * batch
        count = None if count is None else count - batch
        # So that a flood without end leaves room for everything else in this thread.
        await asyncio.sleep(0)
    async for piece in _chained(first, pieces):
        yield piece


async def _bad_chunks(pieces: Pieces) -> AsyncGenerator[bytes, None]:
    yield b"not-a-number\r\n"
    async for piece in pieces:
        yield piece


def _without(head: bytes, *names: str) -> bytes:
    wanted = "|".join(names).encode()
    return re.sub(rb"\r\n(?:%b):[^\r\n]*" % wanted, b"", head, flags=re.IGNORECASE)


def _with(head: bytes, line: bytes) -> bytes:
    return head.removesuffix(_HEAD_END) + b"\r\n" + line + _HEAD_END


def _chunked(head: bytes, _: Action) -> bytes:
    return _with(_without(head, "content-length", "transfer-encoding"), b"Transfer-Encoding: chunked")


def _gzip(head: bytes, _: Action) -> bytes:
    return _with(_without(head, "content-encoding"), b"Content-Encoding: gzip")


def _flooded(head: bytes, action: Action) -> bytes:
    return _with(head, b"X-Flood: " + b"x" * int(action.number("bytes")))


def _two_lengths(head: bytes, _: Action) -> bytes:
    return _with(_without(head, "transfer-encoding", "content-length"), b"Content-Length: 1\r\nContent-Length: 2")


def _status(head: bytes, action: Action) -> bytes:
    return re.sub(rb"^HTTP/1\.(\d) \d{3}", b"HTTP/1.\\g<1> %d" % int(action.number("status")), head, count=1)


def _old(head: bytes, _: Action) -> bytes:
    return _without(re.sub(rb"^HTTP/1\.\d", b"HTTP/1.0", head, count=1), "content-length", "transfer-encoding")


_AT: dict[str, Callable[[Pieces, int, Happened], Pieces]] = {
    "reset": lambda pieces, at, happened: _cut(pieces, at, happened, "reset"),
    "close": lambda pieces, at, happened: _cut(pieces, at, happened, "close"),
    "early": lambda pieces, at, happened: _cut(pieces, at, happened, EARLY),
    "truncate": lambda pieces, at, happened: _cut(pieces, at, happened, "close"),
    "stall": _stall,
    "corrupt": _corrupt,
}
"""What happens at a place."""

_HEADS: dict[str, tuple[Callable[[bytes, Action], bytes], Callable[[Pieces], Pieces]]] = {
    "bad-chunk": (_chunked, _bad_chunks),
    # The first byte of all gzip data is another one then, also of data that is gzip indeed.
    "bad-gzip": (_gzip, lambda rest: _corrupt(rest, 0, lambda: None)),
    "header-flood": (_flooded, lambda rest: rest),
    "duplicate-content-length": (_two_lengths, lambda rest: rest),
    "status": (_status, lambda rest: rest),
    "http-1.0": (_old, lambda rest: rest),
}
"""What is written into the head of the first answer, and done to what follows."""
