"""Each row in a few numbers, by which rows can be compared without holding their texts.

Everything is a 64-bit hash; 0 stands for nothing to compare. `exact` is of the texts as they are, `normal` of the texts
without case, spaces and punctuation, `prompt` and `answer` of the parts before and in the last answer. `near` are four
samples of the pieces a row is made of: rows that have most pieces in common have a sample in common.
"""

import json
import re
import sys
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from zlib import crc32

from maas_client.dataset.fast import Plain

SAMPLES = 4
MIN_PIECES = 6
"""Pieces below which two rows cannot be told to be nearly the same; some 250 letters."""
COMMON_SHARE = 0.25
"""Share of the rows of a block above which a piece belongs to a template and says nothing of a row."""

_FOLD = bytes(range(256)).lower()
_DROP = b" \t\n\r\0!\"'():;?,[]"
_DROP_WIDE = re.compile(
    r"[\s\0!\"'():;?,\[\]\u2010-\u2027\u00ab\u00bb\u3001\u3002\u300c-\u300f\u060c\u061b\u061f\u06d4]+"
)
# Where a text is cut into pieces must depend on the text alone, so that a change moves no other cut. The letter m is 2
# to 5 of 100 in languages of the Latin alphabet, each of the other bytes some of 100 in Cyrillic, Arabic or CJK.
_CUT = b"m"
_CUT_WIDE = re.compile(rb"[m\x86\xbc]")
_64_BITS = (1 << 64) - 1
# The first sample begins at 0.
_POINTS = tuple(index << 30 for index in range(1, SAMPLES))
_NO_SAMPLES = [0] * (4 * SAMPLES)


@dataclass(slots=True)
class Columns:
    """The numbers of consecutive lines, a row of a table for each; all zero for what is no row.

    Attributes:
        exact: Of the texts as they are.
        normal: Of the texts without case, spaces and punctuation.
        prompt: Of all texts but the last answer, normalised.
        answer: Of the last answer, normalised.
        near: `SAMPLES` for each line; four 16-bit hashes of pieces in each.
        size: Bytes of the line and its line feed.
    """

    exact: "array[int]" = field(default_factory=lambda: array("Q"))
    normal: "array[int]" = field(default_factory=lambda: array("Q"))
    prompt: "array[int]" = field(default_factory=lambda: array("Q"))
    answer: "array[int]" = field(default_factory=lambda: array("Q"))
    near: "array[int]" = field(default_factory=lambda: array("Q"))
    size: "array[int]" = field(default_factory=lambda: array("Q"))


def sketch(sizes: Iterable[int], rows: Sequence[Plain | None]) -> Columns:
    """Return the numbers of the lines of a block.

    Args:
        sizes: The bytes of each line, line feed included.
        rows: What each line says; `None` for what is no row to be compared.
    """
    columns = Columns()
    columns.size.extend(sizes)
    keys = [_keys(*row) if row else _NO_KEYS for row in rows]
    pieces: Sequence[list[bytes]] = ()
    if keys:
        exact, normal, prompt, answer, pieces = zip(*keys, strict=True)
        columns.exact.extend(exact)
        columns.normal.extend(normal)
        columns.prompt.extend(prompt)
        columns.answer.extend(answer)
    common = _common(pieces)
    picked = array("I")
    for piece in pieces:
        hashes = set(map(crc32, piece)) if len(piece) >= MIN_PIECES else _TOO_FEW
        hashes.difference_update(common)
        picked.extend(samples(hashes))
    # The lower halves, four to a number.
    columns.near.frombytes(array("H", picked.tobytes())[_LOWER::2].tobytes())
    return columns


Keys = tuple[int, int, int, int, list[bytes]]
"""Of a row the numbers `exact`, `normal`, `prompt` and `answer`, and its pieces."""

_NO_KEYS: Keys = (0, 0, 0, 0, [])
_TOO_FEW: set[int] = set()
_LOWER = 0 if sys.byteorder == "little" else 1


def _keys(roles: Sequence[str], texts: Sequence[str]) -> Keys:
    last = len(roles) - 1
    start = 1 if roles[0] == "system" else 0
    while last > start and roles[last] != "assistant":
        last -= 1
    last_text = texts[last]
    before = texts[start] if last == start + 1 else "\0".join(texts[start:last])
    if last < len(roles) - 1:
        before = "\0".join((before, *texts[last + 1 :]))
    try:
        asked, answered = before.encode(), last_text.encode()
    except UnicodeEncodeError:
        asked, answered = before.encode("utf-8", "surrogatepass"), last_text.encode("utf-8", "surrogatepass")
    prompt, answer = normalised(before, asked), normalised(last_text, answered)
    crc = crc32(answered, crc32(asked))
    first = 0
    if start and last:
        system = texts[0].encode("utf-8", "surrogatepass")
        crc = crc32(system, crc)
        first = hash(normalised(texts[0], system))
    # Python's own hash is the quickest there is; its seed is one for all processes of a check.
    normal = hash((first, prompt, answer)) & _64_BITS
    body = prompt + answer
    return (
        (normal ^ crc) or 1,
        normal or 1,
        hash((first, prompt)) & _64_BITS or 1,
        hash(answer) & _64_BITS or 1,
        body.split(_CUT) if body.isascii() else _CUT_WIDE.split(body),
    )


def said(value: object) -> Plain | None:
    """Return what a row says that is not plain; `None` if that cannot be told."""
    if not isinstance(value, dict):
        return None
    messages = value.get("messages")
    if isinstance(messages, list) and messages:
        parts = [message if isinstance(message, dict) else {} for message in messages]
        return Plain(tuple(str(part.get("role")) for part in parts), [_text(part) for part in parts])
    # A preference: what was asked, and the answers to it.
    asked = json.dumps(value.get("input"), sort_keys=True)
    answers = {key: part for key, part in value.items() if key != "input"}
    return Plain(("user", "assistant"), [asked, json.dumps(answers, sort_keys=True)])


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    others = {key: value for key, value in message.items() if key not in ("role", "content")}
    text = content if isinstance(content, str) else json.dumps(content, sort_keys=True)
    return f"{text}\0{json.dumps(others, sort_keys=True)}" if others else text


def normalised(text: str, encoded: bytes) -> bytes:
    """Return a text without case, spaces and most punctuation; as it is if nothing else is left.

    Signs that mean something between numbers or in code are kept, and so is a full stop but for the last one.

    Args:
        text: The text.
        encoded: The same in UTF-8.
    """
    if len(text) == len(encoded):
        folded = encoded.translate(_FOLD, _DROP)
    else:
        wide = unicodedata.normalize("NFKC", text).casefold()
        folded = _DROP_WIDE.sub("", wide).encode("utf-8", "surrogatepass")
    return folded.rstrip(b".") or encoded


def samples(hashes: Iterable[int]) -> list[int]:
    """Return the four samples of the pieces of a row, four hashes each; zeros if there are too few."""
    ordered = sorted(hashes)
    count = len(ordered)
    if count < MIN_PIECES:
        return _NO_SAMPLES
    ordered += ordered[:SAMPLES]
    found = ordered[:4]
    for point in _POINTS:
        at = bisect_left(ordered, point, 0, count) % count
        found += ordered[at : at + 4]
    return found


def alike(first: Iterable[int], second: Iterable[int]) -> float:
    """Estimate from the samples of two rows which share of their pieces they have in common, 0 to 1."""
    left, right = _lanes(first), _lanes(second)
    return len(left & right) / max(1, len(left | right))


def _lanes(numbers: Iterable[int]) -> set[int]:
    return {number >> shift & 0xFFFF for number in numbers for shift in (0, 16, 32, 48)}


def _common(rows: Sequence[Sequence[bytes]]) -> set[int]:
    sampled = [set(pieces) for pieces in rows[::8] if pieces]
    if len(sampled) < 8:
        return set()
    counts = Counter(chain.from_iterable(sampled))
    return {crc32(piece) for piece, count in counts.items() if count > COMMON_SHARE * len(sampled)}
