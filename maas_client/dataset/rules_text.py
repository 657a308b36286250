"""Rules about characters that nobody meant to write: control characters, invisible ones, texts decoded wrongly."""

import re
import unicodedata
from collections.abc import Callable, Iterator

from maas_client.dataset.row import Texts
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.screens import Sign, sign

# Tab, line feed, form feed and carriage return are text. U+FFFE and U+FFFF are no characters at all.
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
# Between Latin letters a joiner joins nothing; in Persian, Hindi or emoji it belongs to the spelling.
_INVISIBLE = re.compile(
    "[\u200b\u2060-\u2064\ufeff\u180e\ufff9-\ufffb]|(?<=[A-Za-z])[\u200c\u200d](?=[A-Za-z])|"
    "(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]"
)
# Scripts written without spaces, which use U+200B to say where a line may break.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_EMBEDDING = re.compile("[\u202a\u202b\u2066-\u2068]")
_HIGH = "\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u20ac\u2122\u2030"
# cp1252 turned these bytes into punctuation, which may also follow a capital letter by right.
_MARKS = "\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2020\u2021\u2022\u2026\u2039\u203a"
_MOJIBAKE = re.compile(
    f"\xc3(?:[{_HIGH}]|[{_MARKS}](?=[a-z\xdf-\xff]))|\xc2[\x80-\xbf]|\xe2\u20ac[{_HIGH}{_MARKS}]|\xe2\u201a\xac|"
    f"\xf0\u0178[{_HIGH}{_MARKS}]|\xef\xbb\xbf|(?:[\xd0\xd1][{_HIGH}{_MARKS}]){{2}}"
)
_REPLACED = "\ufffd"


def found(
    scan: Callable[[str], list[tuple[int, str]]], tell: Callable[[str, str], str], roles: tuple[str, ...] = ()
) -> Callable[[Texts], Iterator[Problem]]:
    """Return the check of a rule about texts: one problem for each text, at the first place.

    Args:
        scan: Returns where in a text something was found, and what.
        tell: Says it in words, given what was found first and an addition about the others.
        roles: Roles of the messages to look at; none stands for all.
    """

    def check(row: Texts) -> Iterator[Problem]:
        for text in row.texts:
            if not roles or text.role in roles:
                hits = scan(text.text)
                if hits:
                    yield Problem(tell(hits[0][1], _others(len(hits))), text.path, offset=hits[0][0])

    return check


def matches(pattern: re.Pattern[str]) -> Callable[[str], list[tuple[int, str]]]:
    """Return the scan for a pattern."""

    def scan(text: str) -> list[tuple[int, str]]:
        return [(match.start(), match[0]) for match in pattern.finditer(text)]

    return scan


def _others(count: int) -> str:
    return f" (and {count - 1:,} more in this text)" if count > 1 else ""


def _named(kind: str) -> Callable[[str, str], str]:
    def tell(first: str, more: str) -> str:
        name = unicodedata.name(first[0], "")
        return f"{kind}: U+{ord(first[0]):04X}{f' {name}' if name else ''}{more}."

    return tell


def control(text: str) -> list[tuple[int, str]]:
    """Return the control characters of a text that are none of text, with where they stand."""
    return matches(_CONTROL)(text)


def invisible(text: str) -> list[tuple[int, str]]:
    """Return the characters that nobody sees and that belong to no spelling, with where they stand."""
    return [
        (match.start(), match[0])
        for match in _INVISIBLE.finditer(text)
        if match[0] != "\u200b" or not _UNSPACED.search(text[max(match.start() - 1, 0) : match.end() + 1])
    ]


def bidi(text: str) -> list[tuple[int, str]]:
    """Return the characters that turn the direction of writing where no script asks for it."""
    overrides = matches(_OVERRIDE)(text)
    embeddings = matches(_EMBEDDING)(text)
    if embeddings and any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        embeddings = []
    return sorted(overrides + embeddings)


def _replaced(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match[0]) for match in re.finditer(_REPLACED, text)]


def _characters(*ranges: tuple[int, int]) -> tuple[str, ...]:
    return tuple(chr(code) for first, last in ranges for code in range(first, last + 1))


_CONTROL_SIGN = sign(*_characters((0, 8), (0x0B, 0x0B), (0x0E, 0x1F), (0x7F, 0x9F), (0xFFFE, 0xFFFF)))
_INVISIBLE_SIGN = sign(*_characters((0x200B, 0x200B), (0x2060, 0x2064), (0xFEFF, 0xFEFF), (0x180E, 0x180E)),
                       *_characters((0xFFF9, 0xFFFB)))  # fmt: skip
_JOINER_SIGN = sign("\u200c", "\u200d", near=re.compile(rb"(?<=[A-Za-z])...[A-Za-z]", re.DOTALL))
# All characters of the block begin with the same three bytes of UTF-8.
_TAG_SIGN = Sign((b"\xf3\xa0\x80", b"\xf3\xa0\x81"))
_BIDI_SIGN = sign(*_characters((0x202A, 0x202B), (0x202D, 0x202E), (0x2066, 0x2068)))
# The first of two characters, and the first byte of all that may come second.
_MOJIBAKE_SIGN = Sign(
    tuple(
        first.encode() + bytes([second])
        for first in "\xc2\xc3\xe2\xf0\xef\xd0\xd1"
        for second in b"\xc2\xc5\xc6\xcb\xe2"
    )
)

_W = Severity.WARNING
_OURS = "this package"
_UAX9 = "Unicode Standard Annex 9; CVE-2021-42574"

# fmt: off
TEXT_RULES: tuple[Rule[Texts], ...] = (
    Rule("TXT001", "control-character", _W, "Unicode Standard, section 23.1",
         "The model learns to write characters that terminals obey and nobody sees.", "Remove it.",
         found(control, _named("A control character stands in the text")), fixable=True,
         screen=(_CONTROL_SIGN,)),
    Rule("TXT002", "invisible-character", _W, "Unicode Standard, section 23.2",
         "It splits words into other tokens, and the model learns to write it.", "Remove it.",
         found(invisible, _named("An invisible character stands in the text")), fixable=True,
         screen=(_INVISIBLE_SIGN, _JOINER_SIGN, _TAG_SIGN)),
    Rule("TXT003", "bidi-control", _W, _UAX9, "The text reads differently from what the model is given.",
         "Remove it, unless the text is meant to show this.",
         found(bidi, _named("A character that turns the direction of writing stands in the text")), fixable=True,
         screen=(_BIDI_SIGN,)),
    Rule("TXT004", "mojibake", _W, _OURS, "The model learns to write broken letters.",
         "The text was decoded with the wrong encoding: read its source again as UTF-8.",
         found(matches(_MOJIBAKE), lambda first, more: f"The text was decoded wrongly: {first!r}{more}."),
         screen=(_MOJIBAKE_SIGN,)),
    Rule("TXT005", "replacement-character", _W, "Unicode Standard, section 23.8",
         "What stood there is lost, and the model learns to write the mark.",
         "Take the text from its source again, decoded as it was encoded.",
         found(_replaced, lambda _, more: f"A replacement character (U+FFFD) stands for one that was lost{more}."),
         screen=(sign(_REPLACED),)),
)
# fmt: on
