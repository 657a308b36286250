"""The plain row in one pass: a compiled decoder that knows only what no rule objects to.

Whatever it does not take is looked at again, slowly and with places, so it may refuse freely; it must never take a row
in which the rules would find something.
"""

from typing import Annotated, Literal

import msgspec


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: Literal["system", "user", "assistant", "tool"]
    content: str


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=2)]


_decode = msgspec.json.Decoder(_Row).decode


def plain_messages(data: bytes, *, system_role: bool) -> int:
    """Return the number of messages of a row that no rule objects to, or 0 if it must be looked at closely.

    Args:
        data: One line.
        system_role: False if the model does not render system messages, which a rule mentions.
    """
    try:
        messages = _decode(data).messages
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0
    roles = {message.role for message in messages}
    if "assistant" not in roles or (not system_role and "system" in roles):
        return 0
    # Within the line a carriage return can only be space between tokens; the service would take it for a line's end.
    if data.find(b"\r", 0, len(data) - 1) >= 0 or _may_repeat(data, len(messages)):
        return 0
    return len(messages)


def _may_repeat(data: bytes, count: int) -> bool:
    """Tell whether a key may stand twice; the decoder lets the last one win and says nothing."""
    # Two quotes for "messages", eight for the two keys and two values of a message. If there are no more, then there is
    # no other key, and no quote within a text either.
    if data.count(b'"') == 2 + 8 * count:
        return False
    once = data.count(b'"messages"') == 1 and data.count(b'"role"') == count and data.count(b'"content"') == count
    # A key written with escapes of the letters a to z would not have been counted.
    return not once or b"\\u006" in data or b"\\u007" in data
