"""The Llama-type vocabulary: SentencePiece behind a cache of words.

Theory of operation: no piece of this vocabulary has a space after another character, and none has a line feed. So no
token reaches from a word into the space or the line feed that follows it: a text may be cut there, and the number of
tokens of each part, which is looked up, adds up to that of the text. A test holds the vocabulary against both facts.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from maas_client.dataset.tokens.load import unpacked

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

MAX_CACHED = 300_000
MAX_CACHED_CHARACTERS = 40

# Spaces and line feeds, and the word behind them.
_words = re.compile(r"[ \n]*+[^ \n]++|[ \n]++").findall
_BYTE = re.compile(r"<0x([0-9A-F]{2})>").fullmatch


class Pieces:
    """Counts pieces; remembers the words it has met, and forgets all of them when they are too many."""

    def __init__(self) -> None:
        self._model = _model()
        self._count = _Words(self._model).__getitem__

    def count(self, text: str) -> int:
        """Return how many pieces a stretch of text has."""
        # The model's normaliser puts a space in front of every stretch, and takes a written space mark for one.
        return sum(map(self._count, _words(" " + text.replace("\u2581", " ")))) if text else 0

    def tokens(self, text: str) -> list[str]:
        """Return the pieces of a stretch of text, bytes written out; the space in front is not shown."""
        if not text:
            return []
        pieces: list[str] = self._model.encode(_writable(" " + text), out_type=str)
        first, *rest = [_shown(piece) for piece in pieces]
        return [first.removeprefix(" "), *rest]


class _Words(dict[str, int]):
    def __init__(self, model: "SentencePieceProcessor") -> None:
        self._model = model

    def __missing__(self, word: str) -> int:
        count = len(self._model.encode(_writable(word)))
        if len(word) <= MAX_CACHED_CHARACTERS:
            if len(self) >= MAX_CACHED:
                self.clear()
            self[word] = count
        return count


def _writable(text: str) -> str:
    """Replace halves of surrogate pairs, which no tokenizer can read."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _shown(piece: str) -> str:
    byte = _BYTE(piece)
    if byte is None:
        return piece.replace("\u2581", " ")
    value = int(byte[1], 16)
    return chr(value) if value < 128 else f"\\x{value:02x}"


@cache
def _model() -> "SentencePieceProcessor":
    from sentencepiece import SentencePieceProcessor

    return SentencePieceProcessor(model_proto=unpacked("llama-32k.model"))
