"""Mend a file: every finding that a program can mend without guessing, and a map back to the lines it came from.

A line is mended until its fixable rules find nothing more. What no fix touches is copied to the byte. The file that is
read is never the one that is written.
"""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from maas_client.dataset.decode import Decoded, decode
from maas_client.dataset.fixes import LINES, ROWS
from maas_client.dataset.jsonl import encoding_of, lines
from maas_client.dataset.row import Row
from maas_client.dataset.rules import FOR_LINES, FOR_ROWS, FOR_TEXTS, RULES
from maas_client.dataset.selection import Active, Selection
from maas_client.dataset.source import Probe, open_source
from maas_client.errors import ConfigurationError

MAX_ROUNDS = 1000
"""Fixes of one line; each takes something away, so that many are needed only for a line that is hopeless."""


@dataclass(frozen=True, slots=True)
class FixedLine:
    """One line of the source and what takes its place.

    Attributes:
        number: 1 for the first line of the source.
        before: Its bytes, without line feed; `None` if it is too long to hold.
        after: The lines that take its place: none if it was removed, two if two rows stood on it.
        rules: Ids of the rules whose findings were mended, in order, each once.
    """

    number: int
    before: bytes | None
    after: tuple[bytes, ...]
    rules: tuple[str, ...]


def fixed_lines(path: str | Path, selection: Selection | None = None) -> Iterator[FixedLine]:
    """Yield the lines of a file with what takes their place, streaming.

    Args:
        path: The file; UTF-8, UTF-16 or UTF-32, also packed by gzip.
        selection: The rules whose findings are mended, of those that are fixable.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    fixer = _Fixer(selection or Selection())
    file = Path(path)
    source = open_source(file)
    if isinstance(source, Probe):
        what = {"missing": "does not exist", "file": "is empty"}.get(source.kind, f"is a {source.kind}")
        raise ConfigurationError(f"{file} {what}.", hint="Name a file of JSON lines.")
    try:
        with source:
            for line in lines(_as_utf8(source.blocks())):
                yield fixer.fix(line.number, line.data)
            if source.changed():
                raise ConfigurationError(f"{file} was written to while it was read.", hint="Wait, then repeat.")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"{file} cannot be read: {reason}.", hint="Check the file.") from None


class _Fixer:
    """The fixes in force."""

    def __init__(self, selection: Selection) -> None:
        self._profile = selection.profile
        self._line_feeds = bool(selection.of((RULES["ENC007"],)))
        self._lines = [
            (active.rule, LINES[active.rule.id]) for active in selection.of(FOR_LINES) if active.rule.id in LINES
        ]
        rows: tuple[Active[Row], ...] = (*selection.of(FOR_ROWS), *selection.of(FOR_TEXTS))
        self._rows = [(active.rule, ROWS[active.rule.id]) for active in rows if active.rule.id in ROWS]

    def fix(self, number: int, data: bytes | None) -> FixedLine:
        if data is None:
            return FixedLine(number, None, (), ())
        rules: dict[str, None] = {}
        plain, end = (data[:-1], b"\r") if data.endswith(b"\r") else (data, b"")
        if end and self._line_feeds:
            rules["ENC007"], end = None, b""
        after = tuple(line + end for line in self._fix(plain, rules, MAX_ROUNDS))
        return FixedLine(number, data, after, tuple(rules))

    def _fix(self, data: bytes, rules: dict[str, None], rounds: int) -> Iterator[bytes]:
        decoded = decode(data)
        if not decoded.read:
            pieces = self._line(decoded, rules) if rounds else None
            for piece in pieces or ():
                yield from self._fix(piece.encode("utf-8", "surrogatepass"), rules, rounds - 1)
            if pieces is None:
                yield data
            return
        yield data if decoded.faults else self._row(data, decoded, rules)

    def _line(self, decoded: Decoded, rules: dict[str, None]) -> list[str] | None:
        """Return what takes the place of a line that is no JSON; `None` if nothing mends it."""
        for rule, mend in self._lines:
            for _ in rule.check(decoded):
                rules[rule.id] = None
                return mend(decoded, decoded.faults[0])
        return None

    def _row(self, data: bytes, decoded: Decoded, rules: dict[str, None]) -> bytes:
        value = decoded.value
        for _ in range(MAX_ROUNDS):
            mended = self._mended(value, rules)
            if mended is value:
                break
            value = mended
        return data if value is decoded.value else _written(value, data)

    def _mended(self, value: object, rules: dict[str, None]) -> object:
        """Mend one finding; return the same value if there is none that can be mended."""
        row = Row(value, self._profile)
        for rule, mend in self._rows:
            for problem in rule.check(row):
                mended = mend(row, problem)
                if mended is not value:
                    rules[rule.id] = None
                    return mended
        return value


def _written(value: object, like: bytes) -> bytes:
    """Write a row as the one it replaces was written: with or without spaces, with or without escapes."""
    compact = b'": ' not in like and b'":' in like
    separators = (",", ":") if compact else (", ", ": ")
    escaped = like.isascii() and b"\\u" in like
    try:
        return json.dumps(value, ensure_ascii=escaped, separators=separators).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=separators).encode()


_CODECS = {
    "UTF-16 (little-endian)": "utf-16-le",
    "UTF-16 (big-endian)": "utf-16-be",
    "UTF-32 (little-endian)": "utf-32-le",
    "UTF-32 (big-endian)": "utf-32-be",
}


def _as_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes as UTF-8, without a byte order mark."""
    head = next(blocks, b"")
    name = encoding_of(head)
    if name == "UTF-8":
        yield head
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(_CODECS[name])()
    first = True
    for block in chain((head,), blocks):
        text = decoder.decode(block)
        yield (text.removeprefix("\ufeff") if first else text).encode("utf-8", "surrogatepass")
        first = False
    yield decoder.decode(b"", final=True).encode()
