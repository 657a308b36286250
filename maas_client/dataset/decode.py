"""The bytes of one line to a JSON value, with everything that is wrong on the way and where. Never raises.

Python's own decoder reads more than the service survives (NaN, repeated keys, halves of surrogate pairs) and gives up
with exceptions of several kinds on what is too deep or too long; both become faults here, the same on every Python.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from maas_client.dataset.locate import Locator
from maas_client.dataset.rule import Key

MAX_DEPTH = 100
MAX_DIGITS = 1000

FaultKind = Literal[
    "blank", "too-long", "encoding", "return", "depth", "json", "repeated", "not-finite", "digits", "surrogate"
]

# One JSON token each; strings first, so that what is inside of them is never taken for anything else.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|(?P<word>NaN|-?Infinity)|(?P<number>-?\d++(?:[.eE][-+.\deE]*+)?)', re.DOTALL)
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)
# A pair is passed over as a whole, so that only a half alone is left for the group.
_SURROGATE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the text of a line.

    Attributes:
        kind: What it is; each kind has a rule.
        position: Characters before it in the line.
        detail: The decoder's words, or the offending piece.
        path: JSON path of the value it belongs to, if known.
    """

    kind: FaultKind
    position: int = 0
    detail: str = ""
    path: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """One line, read.

    Attributes:
        text: Its characters; those before the first bad byte if it is not UTF-8.
        read: True if `value` is what the line says.
        value: The JSON value.
        faults: In no particular order.
    """

    text: str
    read: bool = False
    value: object = None
    faults: tuple[Fault, ...] = ()


class Repeated(dict[str, Any]):
    """An object in which a key stood more than once (the last one counts)."""


def decode(data: bytes | None) -> Decoded:
    """Read one line; `None` is a line that was too long to hold."""
    if data is None:
        return Decoded("", faults=(Fault("too-long"),))
    if not data.strip():
        return Decoded("", faults=(Fault("blank"),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        return Decoded(good, faults=(Fault("encoding", len(good), f"byte 0x{data[error.start]:02x}"),))
    fault = _return(text) or _depth(text)
    if fault:
        return Decoded(text, faults=(fault,))
    return _parse(text)


def _return(text: str) -> Fault | None:
    position = text.rstrip().find("\r")
    return Fault("return", position) if position >= 0 else None


def _depth(text: str) -> Fault | None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return None
    depth = 0
    for match in _BRACKET.finditer(text):
        first = match[0][0]
        depth += (first in "[{") - (first in "]}")
        if depth > MAX_DEPTH:
            return Fault("depth", match.start())
    return None


class _Reader:
    """One use of the decoder, and whether it met something that readers disagree about."""

    def __init__(self) -> None:
        self.repeated = False
        self.odd = False
        self.decode = json.JSONDecoder(
            object_pairs_hook=self._pairs,
            parse_constant=self._constant,
            parse_int=self._integer,
            parse_float=self._fraction,
        ).decode

    def _pairs(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) == len(members):
            return value
        self.repeated = True
        return Repeated(value)

    def _constant(self, word: str) -> float:
        self.odd = True
        return float(word)

    def _integer(self, digits: str) -> int:
        if len(digits) <= MAX_DIGITS:
            return int(digits)
        self.odd = True
        return 0

    def _fraction(self, digits: str) -> float:
        value = float(digits)
        self.odd = self.odd or math.isinf(value)
        return value


def _parse(text: str) -> Decoded:
    reader = _Reader()
    try:
        value = reader.decode(text)
    except json.JSONDecodeError as error:
        return Decoded(text, faults=(Fault("json", error.pos, error.msg),))
    faults = list(_surrogates(text))
    if reader.odd:
        faults += _odd_numbers(text)
    if reader.repeated:
        faults += _repeated(text, value)
    return Decoded(text, read=True, value=value, faults=tuple(faults))


def _surrogates(text: str) -> Iterator[Fault]:
    if "\\ud" in text or "\\uD" in text:
        for match in _SURROGATE.finditer(text):
            if match["half"]:
                yield Fault("surrogate", match.start(), match[0])


def _odd_numbers(text: str) -> Iterator[Fault]:
    for match in _TOKEN.finditer(text):
        number = match["number"]
        if match["word"]:
            yield Fault("not-finite", match.start(), match[0])
        elif number and len(number) > MAX_DIGITS and number.lstrip("-").isdigit():
            yield Fault("digits", match.start(), f"{len(number)} characters")
        elif number and math.isinf(float(number)):
            yield Fault("not-finite", match.start(), number[:20])


def _repeated(text: str, value: object) -> Iterator[Fault]:
    locator = Locator(text)
    waiting: list[tuple[tuple[Key, ...], object]] = [((), value)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, Repeated):
            for key, position in locator.repeated(path):
                yield Fault("repeated", position, key, (*path, key))
        if isinstance(node, dict):
            waiting.extend(((*path, key), child) for key, child in node.items())
        elif isinstance(node, list):
            waiting.extend(((*path, index), child) for index, child in enumerate(node))
