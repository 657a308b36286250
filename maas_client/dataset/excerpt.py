"""A few characters of a line that may be shown: on one line, harmless to a terminal, without secrets."""

import re

MAX_CHARACTERS = 60

# What looks like a key or a token: long, unbroken, with letters and digits. Masked whatever rule points at it.
_TOKEN = re.compile(r"(?=[A-Za-z_\-+/=.]*+[0-9])[A-Za-z0-9_\-+/=.]{20,}")
_LETTER = re.compile(r"[^\W_]")


def excerpt(text: str, at: int, *, sensitive: bool = False) -> str:
    """Return what stands at a place.

    Args:
        text: The line.
        at: Characters before the place.
        sensitive: True to mask letters and digits, but for the first four characters.
    """
    # Masked before it is cut, so that no half of a token passes for a word.
    end = at + MAX_CHARACTERS
    shown = _TOKEN.sub(_masked, text[at : end + 400])[:MAX_CHARACTERS]
    if sensitive:
        shown = shown[:4] + _LETTER.sub("*", shown[4:])
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else _escaped(character) for character in shown)


def _masked(match: re.Match[str]) -> str:
    return match[0][:4] + "*" * (len(match[0]) - 4)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
