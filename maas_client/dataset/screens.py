r"""Cheap searches of raw lines that show where a rule about texts may find something: the rest need not be read.

A screen looks for what every match of its rule must contain. It sees JSON as it is written: a character may stand there
as itself or as an escape (see `ESCAPES`). Every search begins with a literal, for which Python's engine is ten times as
fast as for a set of characters, and costs about 0.2 ms/MB: their number is what counts.
"""

import re
from collections.abc import Iterable, Iterator

from maas_client.dataset.rule import Screen

_RUNS = bytes(0x78 if chr(byte) in "_-" or (byte < 0x80 and chr(byte).isalnum()) else 0x20 for byte in range(256))


class Shared:
    """Searches as one screen, which several rules may have: a block is searched once, however many ask."""

    def __init__(self, *patterns: bytes, ascii_too: bool = True) -> None:
        """Make the screen.

        Args:
            patterns: Regular expressions over raw bytes.
            ascii_too: False if all of them need a byte above 0x7f, so that an ASCII block need not be searched.
        """
        self._searches = [re.compile(pattern) for pattern in patterns]
        self._ascii_too = ascii_too
        self._last: tuple[bytes, tuple[int, ...]] = (b"", ())

    def __call__(self, block: bytes) -> Iterator[int]:
        """Yield where in the block something may be."""
        if self._last[0] is not block:
            wanted = self._ascii_too or not block.isascii()
            self._last = (block, tuple(self._search(block)) if wanted else ())
        return iter(self._last[1])

    def _search(self, block: bytes) -> Iterator[int]:
        for search in self._searches:
            for match in search.finditer(block):
                yield match.start()


class Byte(Shared):
    """A shared screen for one rare byte, which is found without the engine."""

    def _search(self, block: bytes) -> Iterator[int]:
        for search in self._searches:
            at = block.find(search.pattern)
            while at >= 0:
                yield at
                at = block.find(search.pattern, at + 1)


class Runs(Shared):
    """A shared screen over long runs of letters, digits, `_` and `-`: the patterns have to match where one begins.

    An escape before the run, such as that of a line feed, may seem to be its beginning.
    """

    LENGTH = 20

    def _search(self, block: bytes) -> Iterator[int]:
        shape = block.translate(_RUNS)
        run = b"x" * self.LENGTH
        at = shape.find(run)
        while at >= 0:
            if any(search.match(block, at) for search in self._searches):
                yield at
            end = shape.find(b" ", at + self.LENGTH)
            at = shape.find(run, end) if end >= 0 else -1


_SHAPE = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", b"0" * 10 + b"A" * 26 + b" ")


def shape(data: bytes) -> bytes:
    """Return text of the same length in which digits read `0`, capital letters `A`, and hyphens are spaces."""
    return data.translate(_SHAPE)


class Shapes(Shared):
    """A shared screen over the shape of a block: so a search for numbers begins with a literal too."""

    def _search(self, block: bytes) -> Iterator[int]:
        return super()._search(shape(block))


def joined(screens: Iterable[Screen]) -> Screen:
    """Return a screen that points at what any of several points at."""
    parts = tuple(screens)

    def screen(block: bytes) -> Iterator[int]:
        for part in parts:
            yield from part(block)

    return screen


# Of printable ASCII all but `"&'>` and the backtick, which some writers of JSON escape; `<` and `+` where they matter.
_ASCII_ESCAPE = (
    rb"2[0134589acdefACDEF]|2[bB][ .(0-9]|3[0-9abdfABDF]|[45][0-9a-fA-F]|6[1-9a-fA-F]|7|"
    rb"3[cC](?:[|/\\<]|s|unk|start|end|th|rea|ref|scr|inn)"
)
_CONTROL_ESCAPE = rb"0[0-8beBEfF]|1[0-9a-fA-F]|[89][0-9a-fA-F]"
# The first halves of letters that were decoded wrongly, where a second half follows.
_LETTER_ESCAPE = rb"(?:[cC][23]|[dD][01]|[eE][2fF]|[fF]0)(?:\\u|[\xc2\xc5\xc6\xcb\xe2])"
ESCAPES = Shared(
    rb"\\u(?:00(?:" + _ASCII_ESCAPE + rb"|" + _CONTROL_ESCAPE + rb"|" + _LETTER_ESCAPE + rb")|"
    rb"20(?:0[b-dB-D]|20|2[a-eA-E]|6[0-9a-fA-F])|180[eE]|[dD][bB]40|[eE]20[0-3]|[fF](?:[eE][fF]{2}|[fF]{2}[9a-fA-F]))"
)
"""Escapes that any rule about texts would have to look at: they are rare, so one search serves all rules."""


def ascii_screen(*patterns: bytes) -> Screen:
    """Return the screen of a rule whose matches contain one of these, all of them in ASCII."""
    return joined((Shared(*patterns), ESCAPES))
