"""From a JSON path to its place in the text of a line.

Used only for lines in which something was found: the text is known to be JSON, so the C scanner may skip whatever lies
before the wanted value.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from maas_client.dataset.rule import Key

_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_SPACE = re.compile(r"[ \t\n\r]*+")
# Numbers are left as text: only their end is wanted, and some are too long to convert.
_SKIP = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode


class Member(NamedTuple):
    """One member of an object or array.

    Attributes:
        key: Name or index.
        key_at: Characters before the name; before the value in an array.
        value_at: Characters before the value.
    """

    key: Key
    key_at: int
    value_at: int


class Locator:
    """Finds values in one line; every container is scanned once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._scanned: dict[int, dict[Key, Member]] = {}

    def position(self, path: Sequence[Key]) -> int:
        """Return the characters before the value at a path; of its nearest container if the path leads nowhere."""
        at = _after_space(self._text, 0)
        for key in path:
            member = self._members(at).get(key)
            if member is None:
                return at
            at = member.value_at
        return at

    def within(self, path: Sequence[Key], offset: int) -> int:
        """Return the characters before a character of the string at a path, given those before it in the string."""
        at = self.position(path)
        if self._text[at : at + 1] != '"':
            return at
        at += 1
        while offset > 0:
            # Up to the next escape a character is a character.
            escape = self._text.find("\\", at, at + offset)
            plain = offset if escape < 0 else escape - at
            at, offset = at + plain, offset - plain
            if offset and (match := _CHARACTER.match(self._text, at)):
                at, offset = match.end(), offset - 1
        return at

    def repeated(self, path: Sequence[Key]) -> Iterator[tuple[str, int]]:
        """Yield each key of the object at a path that stood there before, with the characters before it."""
        seen: set[Key] = set()
        for member in _scan(self._text, self.position(path)):
            if member.key in seen:
                yield str(member.key), member.key_at
            seen.add(member.key)

    def _members(self, at: int) -> dict[Key, Member]:
        if at not in self._scanned:
            # Of repeated keys the last one counts, as in the decoder.
            self._scanned[at] = {member.key: member for member in _scan(self._text, at)}
        return self._scanned[at]


def json_path(path: Sequence[Key]) -> str:
    """Write a path as `$.messages[1].role`."""
    return "$" + "".join(_step(key) for key in path)


def _step(key: Key) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key, ensure_ascii=False)}]"


def _scan(text: str, at: int) -> Iterator[Member]:
    kind = text[at : at + 1]
    if kind not in ("{", "["):
        return
    at = _after_space(text, at + 1)
    index = 0
    while text[at] not in "]}":
        key: Key = index
        key_at = at
        if kind == "{":
            key, at = _SKIP(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        yield Member(key, key_at, at)
        _, at = _SKIP(text, at)
        at = _after_space(text, at)
        if text[at] == ",":
            at = _after_space(text, at + 1)
        index += 1


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
