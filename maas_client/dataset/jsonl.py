"""Chunks of bytes to blocks of whole lines, and to lines, each with its number and where it begins; streaming.

Only a line feed ends a line. At most one line and one chunk are held: a line longer than the limit is passed over to
the next line feed and handed out without its bytes.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LINE_BYTES = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Whole lines that follow each other; only the last of a file may lack its line feed.

    Attributes:
        offset: Bytes before it in the file.
        size_bytes: Its length.
        data: Its bytes, or `None` if it is one line that is longer than the limit.
    """

    offset: int
    size_bytes: int
    data: bytes | None


class Line(NamedTuple):
    """One line, without its line feed.

    Attributes:
        number: 1 for the first.
        offset: Bytes before it in the file.
        data: Its bytes, or `None` if it is longer than the limit.
    """

    number: int
    offset: int
    data: bytes | None


def blocks(chunks: Iterable[bytes], *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[Block]:
    """Cut chunks behind their last line feeds; a byte order mark at the very beginning belongs to no block."""
    offset, held_bytes = 0, 0
    held: list[bytes] = []
    for chunk in _without_bom(chunks):
        if isinstance(chunk, int):
            offset = chunk
            continue
        start = 0
        if held_bytes > max_line_bytes and (start := chunk.find(b"\n") + 1):
            yield Block(offset, held_bytes + start, None)
            offset, held_bytes = offset + held_bytes + start, 0
        end = chunk.rfind(b"\n") + 1
        if end > start:
            data = b"".join((*held, chunk[start:end]))
            yield from _without_long(Block(offset, len(data), data), max_line_bytes)
            offset, held_bytes = offset + len(data), 0
            held.clear()
        rest = chunk[max(start, end) :]
        held_bytes += len(rest)
        if held_bytes > max_line_bytes:
            held.clear()
        elif rest:
            held.append(rest)
    if held_bytes:
        yield Block(offset, held_bytes, None if held_bytes > max_line_bytes else b"".join(held))


def _without_long(block: Block, max_line_bytes: int) -> Iterator[Block]:
    """Yield a block as it is, or in pieces so that each line over the limit stands alone."""
    if block.data is None or len(block.data) <= max_line_bytes:
        yield block
        return
    start = at = 0
    while at < len(block.data):
        end = (block.data.find(b"\n", at) + 1) or len(block.data)
        if end - at > max_line_bytes + 1:
            if at > start:
                yield Block(block.offset + start, at - start, block.data[start:at])
            yield Block(block.offset + at, end - at, None)
            start = end
        at = end
    if at > start:
        yield Block(block.offset + start, at - start, block.data[start:at])


def lines(chunks: Iterable[bytes], *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Cut chunks at line feeds.

    A byte order mark at the very beginning belongs to no line, but counts in offsets. A final line feed begins no
    further line, so a file of n line feeds with nothing behind the last has n lines.
    """
    number = 1
    for block in blocks(chunks, max_line_bytes=max_line_bytes):
        offset = block.offset
        for data in lines_of(block):
            yield Line(number, offset, data)
            number += 1
            offset += len(data or b"") + 1


def lines_of(block: Block) -> list[bytes | None]:
    """Cut a block at line feeds."""
    if block.data is None:
        return [None]
    cut: list[bytes | None] = [*block.data.split(b"\n")]
    if block.data.endswith(b"\n"):
        cut.pop()
    return cut


def _without_bom(chunks: Iterable[bytes]) -> Iterator[bytes | int]:
    """Yield the chunks without a leading mark; where there was one, its length comes first."""
    start: bytes | None = b""
    for chunk in chunks:
        if start is None:
            yield chunk
            continue
        start += chunk
        if len(start) < len(BOM):
            continue
        if start.startswith(BOM):
            yield len(BOM)
            start = start[len(BOM) :]
        yield start
        start = None
    if start is not None:
        yield start


def encoding_of(head: bytes) -> str:
    """Name the Unicode encoding that the first bytes of a file give away, `UTF-8` if none.

    Text of this format begins with an ASCII character, so zero bytes around it tell wider encodings without a mark.
    """
    marks = (
        (b"\x1f\x8b", "gzip"),
        (b"\xff\xfe\x00\x00", "UTF-32 (little-endian)"),
        (b"\x00\x00\xfe\xff", "UTF-32 (big-endian)"),
        (b"\xff\xfe", "UTF-16 (little-endian)"),
        (b"\xfe\xff", "UTF-16 (big-endian)"),
    )
    for mark, name in marks:
        if head.startswith(mark):
            return name
    if len(head) >= 4:
        zeros = (head[0] == 0, head[1] == 0, head[2] == 0, head[3] == 0)
        wide = {
            (False, True, False, True): "UTF-16 (little-endian)",
            (True, False, True, False): "UTF-16 (big-endian)",
            (False, True, True, True): "UTF-32 (little-endian)",
            (True, True, True, False): "UTF-32 (big-endian)",
        }
        return wide.get(zeros, "UTF-8")
    return "UTF-8"
