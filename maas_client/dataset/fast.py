"""The plain row in one pass: a compiled decoder that knows only messages of a known role and a text that is not blank.

Whatever it does not take is looked at again, slowly and with places, so it may refuse freely; it must never take a row
in which a rule without a screen would find something.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Annotated, Literal, NamedTuple

import msgspec

MAX_REMEMBERED = 1000
"""Sequences of roles remembered, and the longest of them."""

Role = Literal["system", "user", "assistant", "tool"]


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: Role
    content: Annotated[str, msgspec.Meta(min_length=1)]


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]


_decode = msgspec.json.Decoder(_Row).decode


class Plain(NamedTuple):
    """A plain row: the roles of its messages, and their texts."""

    roles: tuple[str, ...]
    texts: list[str]


class FastPath:
    """Takes plain rows whose sequence of roles no rule objects to.

    Args:
        approve: Asked once for each sequence of roles: True if no rule finds anything in a plain row of it.
    """

    def __init__(self, approve: Callable[[tuple[Role, ...]], bool]) -> None:
        self._approve = approve
        self._approved: set[tuple[Role, ...]] = set()
        self._refused: set[tuple[Role, ...]] = set()

    def take(self, lines: Sequence[bytes | None], block: bytes) -> list[Plain | None]:
        """Return for each line what it says if it is a plain row that needs no closer look, else `None`.

        Args:
            lines: The lines of a block.
            block: The block.
        """
        taken = [self._row(line) for line in lines]
        if None not in taken:
            texts = chain.from_iterable([row.texts for row in taken if row])
            if not any(map(str.isspace, texts)) and not _needs_care(block, taken):
                return taken
        return [
            plain if line is None or not plain or _is_sure(line, plain) else None
            for line, plain in zip(lines, taken, strict=True)
        ]

    def _row(self, line: bytes | None) -> Plain | None:
        try:
            messages = _decode(line or b"").messages
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        roles = tuple([message.role for message in messages])
        if roles not in self._approved and not self._asked(roles):
            return None
        return Plain(roles, [message.content for message in messages])

    def _asked(self, roles: tuple[Role, ...]) -> bool:
        # Bounded, for there may be as many sequences as rows.
        if len(roles) > MAX_REMEMBERED or len(self._approved) + len(self._refused) > MAX_REMEMBERED:
            return self._approve(roles)
        if roles in self._refused:
            return False
        approved = self._approve(roles)
        (self._approved if approved else self._refused).add(roles)
        return approved


def _needs_care(block: bytes, rows: Sequence[Plain | None]) -> bool:
    """Tell whether a row of a block may hold what the decoder says nothing of."""
    return b"\r" in block or _may_repeat(block, [row for row in rows if row])


def _is_sure(line: bytes, row: Plain) -> bool:
    # Within the line a carriage return can only be space between tokens; the service takes it for a line's end.
    if any(map(str.isspace, row.texts)) or line.find(b"\r", 0, len(line) - 1) >= 0:
        return False
    return not _may_repeat(line, (row,))


def _may_repeat(data: bytes, rows: Sequence[Plain]) -> bool:
    """Tell whether a key may stand twice; the decoder lets the last one win and says nothing.

    Args:
        data: Lines.
        rows: What the decoder made of them.
    """
    # Two quotes for "messages", eight for the two keys and two values of a message. If there are no more but those of
    # the texts, then there is no other key; a quote of a text may also be written as an escape without one.
    messages = sum([len(row.roles) for row in rows])
    more = data.count(b'"') - 2 * len(rows) - 8 * messages
    if not more:
        return False
    quotes = sum([text.count('"') for row in rows for text in row.texts])
    if more == quotes and b"\\u0022" not in data:
        return False
    once = (
        data.count(b'"messages"') == len(rows)
        and data.count(b'"role"') == messages
        and data.count(b'"content"') == messages
    )
    # A key written with escapes of the letters a to z would not have been counted.
    return not once or b"\\u006" in data or b"\\u007" in data
