"""The plain row in one pass: a compiled decoder that knows only messages of a known role and a text that is not blank.

Whatever it does not take is looked at again, slowly and with places, so it may refuse freely; it must never take a row
in which a rule without a screen would find something.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]


class PlainMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message of a known role with a text."""

    role: Role
    content: Annotated[str, msgspec.Meta(min_length=1)]


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: Annotated[list[PlainMessage], msgspec.Meta(min_length=1)]


_decode = msgspec.json.Decoder(_Row).decode


class FastPath:
    """Takes plain rows whose sequence of roles no rule objects to.

    Args:
        approve: Asked once for each sequence of roles: True if no rule finds anything in a plain row of it.
    """

    def __init__(self, approve: Callable[[tuple[Role, ...]], bool]) -> None:
        self._approve = approve
        self._known: dict[tuple[Role, ...], bool] = {}

    def take(self, data: bytes) -> list[PlainMessage] | None:
        """Return the messages of a row that needs no closer look, else `None`."""
        try:
            messages = _decode(data).messages
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        roles = tuple([message.role for message in messages])
        approved = self._known.get(roles)
        if approved is None:
            approved = self._known[roles] = self._approve(roles)
        if not approved or any(message.content.isspace() for message in messages):
            return None
        # Within the line a carriage return can only be space between tokens; the service takes it for a line's end.
        if data.find(b"\r", 0, len(data) - 1) >= 0 or _may_repeat(data, len(messages)):
            return None
        return messages


def _may_repeat(data: bytes, count: int) -> bool:
    """Tell whether a key may stand twice; the decoder lets the last one win and says nothing."""
    # Two quotes for "messages", eight for the two keys and two values of a message. If there are no more, then there is
    # no other key, and no quote within a text either.
    if data.count(b'"') == 2 + 8 * count:
        return False
    once = data.count(b'"messages"') == 1 and data.count(b'"role"') == count and data.count(b'"content"') == count
    # A key written with escapes of the letters a to z would not have been counted.
    return not once or b"\\u006" in data or b"\\u007" in data
