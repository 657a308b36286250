"""Blocks of bytes to lines, each with its number and where it begins; streaming.

Only a line feed ends a line. At most one line and one block are held: a line longer than the limit is passed over to
the next line feed and handed out without its bytes.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_LINE_BYTES = 16 * 1024 * 1024
BOM = b"\xef\xbb\xbf"


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


def lines(blocks: Iterable[bytes], *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Cut blocks at line feeds.

    A byte order mark at the very beginning belongs to no line, but counts in offsets. A final line feed begins no
    further line, so a file of n line feeds with nothing behind the last has n lines.
    """
    number, offset = 1, 0
    held: list[bytes] = []
    held_bytes = 0
    for block in _without_bom(blocks):
        if isinstance(block, int):
            offset = block
            continue
        *whole, tail = block.split(b"\n")
        for part in whole:
            length = held_bytes + len(part)
            data = None if length > max_line_bytes else b"".join((*held, part)) if held else part
            yield Line(number, offset, data)
            number, offset = number + 1, offset + length + 1
            held.clear()
            held_bytes = 0
        held_bytes += len(tail)
        if held_bytes > max_line_bytes:
            held.clear()
        elif tail:
            held.append(tail)
    if held_bytes:
        yield Line(number, offset, None if held_bytes > max_line_bytes else b"".join(held))


def _without_bom(blocks: Iterable[bytes]) -> Iterator[bytes | int]:
    """Yield the blocks without a leading mark; where there was one, its length comes first."""
    start: bytes | None = b""
    for block in blocks:
        if start is None:
            yield block
            continue
        start += block
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
