"""Special tokens within a text: where they are, and the space that they swallow.

Theory of operation: a model's special tokens are found first, the longest at each place; what is between them is cut
up by the vocabulary, each stretch on its own. A token marked `rstrip` takes the white space behind it along, one marked
`lstrip` that in front of it, so that space makes no token of its own. Source: tokenizer.json and tokenizer_config.json
of the models (`added_tokens`); tokenizers 0.23.3, added_vocabulary.rs.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

# The characters of the Unicode property White_Space: what str.isspace() calls space is a few control characters more.
_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True, slots=True)
class Added:
    """A special token.

    Attributes:
        content: As it is written.
        lstrip: True if it takes the white space in front of it along.
        rstrip: True if it takes the white space behind it along.
    """

    content: str
    lstrip: bool = False
    rstrip: bool = False


class Span(NamedTuple):
    """A stretch of text.

    Attributes:
        text: What stands there; of a special token its name, without the space that it takes along.
        special: True if it is one special token.
        swallowed: The white space that a special token takes along, in front and behind.
    """

    text: str
    special: bool = False
    swallowed: str = ""


class Splitter:
    """Cuts texts at special tokens."""

    def __init__(self, added: Iterable[Added]) -> None:
        self._added = {token.content: token for token in added}
        longest_first = sorted(self._added, key=len, reverse=True)
        self._find = re.compile("|".join(map(re.escape, longest_first)) or "(?!)").finditer
        self._first = "".join({content[0] for content in self._added})

    def may_hold(self, text: str) -> bool:
        """Tell whether a special token may be written in a text; cheap."""
        return any(sign in text for sign in self._first)

    def takes_behind(self, token: str) -> bool:
        """Tell whether a special token takes the white space behind it along."""
        return token in self._added and self._added[token].rstrip

    def takes_in_front(self, token: str) -> bool:
        """Tell whether a special token takes the white space in front of it along."""
        return token in self._added and self._added[token].lstrip

    @staticmethod
    def without_start(text: str) -> str:
        """Return a text without the white space that a special token in front of it takes along."""
        return text.lstrip(_SPACE)

    @staticmethod
    def without_end(text: str) -> str:
        """Return a text without the white space that a special token behind it takes along."""
        return text.rstrip(_SPACE)

    def split(self, text: str) -> list[Span]:
        """Return the spans of a text in order; none is empty."""
        spans: list[Span] = []
        done = 0
        for match in self._find(text):
            token = self._added[match[0]]
            before = text[done : match.start()]
            plain = before.rstrip(_SPACE) if token.lstrip else before
            done = match.end()
            if token.rstrip:
                done = _end_of_space(text, done)
            if plain:
                spans.append(Span(plain))
            spans.append(Span(token.content, special=True, swallowed=before[len(plain) :] + text[match.end() : done]))
        if done < len(text):
            spans.append(Span(text[done:]))
        return spans


def _end_of_space(text: str, start: int) -> int:
    while start < len(text) and text[start] in _SPACE:
        start += 1
    return start
