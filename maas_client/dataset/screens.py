"""Cheap signs that a rule about texts may find something: one search of many texts for the words of all rules at once.

Every match of such a rule contains one of its words, or has one in its shape (see `shape`). Where a word stands, `near`
looks a little closer. What remains is read by the rule itself; the other texts are not, and they are nearly all.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import ahocorasick_rs

Near = Callable[[bytes, int], object]
"""Given texts in UTF-8 and where in them a word stands, something true if the rule may have found its match there."""

_SEPARATOR = "\n"
"""Between texts; no word contains it."""
WINDOW_BYTES = 64 * 1024
"""So much is searched at once: what is found is listed, and a hostile text may hold a word at every byte."""
_SHAPE = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", b"0" * 10 + b"A" * 26 + b" ")
_LONG_RUN = b"0" * 40
"""Nothing that is looked for in shapes has so many digits in a row, nor begins within digits."""
_LONG_RUNS = re.compile(rb"(?<=0{19})0{21,}")


@dataclass(frozen=True, slots=True, eq=False)
class Sign:
    """Words one of which every match of a rule contains; it may be shared by rules, and is looked for once.

    Attributes:
        words: In UTF-8; none of them contains a line feed.
        near: What must be true where a word stands; without it the word itself is sign enough.
        shape: True if the words are looked for in the shape of the texts.
    """

    words: tuple[bytes, ...]
    near: Near | None = None
    shape: bool = False


Screen = tuple[Sign, ...]
"""The signs of a rule: each match shows one of them at least; what shows one need not be a match."""


def sign(*words: str, near: re.Pattern[bytes] | Near | None = None, shape: bool = False) -> Sign:
    """Return a sign.

    Args:
        words: The words.
        near: As of `Sign`, or a pattern that has to match from the beginning of the word on.
        shape: As of `Sign`.
    """
    found = near.match if isinstance(near, re.Pattern) else near
    return Sign(tuple(word.encode("utf-8", "surrogatepass") for word in words), found, shape)


def shape(data: bytes) -> bytes:
    """Return text of the same length in which digits read `0`, capital letters `A`, and hyphens are spaces.

    Digits that go on and on read `_` from the twentieth on: else a number begins, for the search, at every one of them.
    """
    shaped = data.translate(_SHAPE)
    if _LONG_RUN in shaped:
        shaped = _LONG_RUNS.sub(lambda run: b"_" * len(run[0]), shaped)
    return shaped


class _Words:
    """Looks for the words of some signs at once."""

    def __init__(self, screens: Sequence[Screen], *, shape: bool) -> None:
        signs = {sign for screen in screens for sign in screen if sign.shape is shape}
        words = sorted({word for sign in signs for word in sign.words})
        rules = {sign: tuple(rule for rule, screen in enumerate(screens) if sign in screen) for sign in signs}
        # Of each word the signs it is of: what to look at near it, and the numbers of the rules.
        self._signs = [[(sign.near, rules[sign]) for sign in signs if word in sign.words] for word in words]
        self._overlap = max(map(len, words), default=1) - 1
        # The quickest in searching; for a few hundred words it is made in a millisecond or two.
        kind = ahocorasick_rs.Implementation.DFA
        self._search = ahocorasick_rs.BytesAhoCorasick(words, implementation=kind).find_matches_as_indexes
        self.any = bool(words)

    def find(self, data: bytes, seen: bytes, starts: Sequence[int], found: set[tuple[int, int]]) -> None:
        """Add the texts in which signs are, with the rules the signs are of.

        Args:
            data: The texts, one behind the other.
            seen: The same, or their shape.
            starts: Where each begins.
            found: Takes pairs of the number of a text and that of a rule.
        """
        for begin in range(0, len(seen), WINDOW_BYTES):
            window = seen[begin : begin + WINDOW_BYTES + self._overlap]
            for word, start, _ in self._search(window, overlapping=True):
                for near, rules in self._signs[word]:
                    if near is None or near(data, begin + start):
                        text = bisect_right(starts, begin + start) - 1
                        for rule in rules:
                            found.add((text, rule))


class Search:
    """Tells which texts rules have to read.

    Args:
        screens: The screens of the rules.
    """

    def __init__(self, screens: Iterable[Screen]) -> None:
        known = tuple(screens)
        self._plain = _Words(known, shape=False)
        self._shapes = _Words(known, shape=True)

    def __call__(self, texts: Sequence[str]) -> list[tuple[int, int]]:
        """Return pairs of the number of a text and that of a rule that has to read it, in ascending order."""
        joined = _SEPARATOR.join(texts)
        if joined.isascii():
            data, lengths = joined.encode(), map(len, texts)
        else:
            encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
            data, lengths = _SEPARATOR.encode().join(encoded), map(len, encoded)
        starts = [0, *accumulate([length + 1 for length in lengths])]
        found: set[tuple[int, int]] = set()
        if self._plain.any:
            self._plain.find(data, data, starts, found)
        if self._shapes.any:
            self._shapes.find(data, shape(data), starts, found)
        return sorted(found)
