"""Counts for models whose own vocabulary is not at hand, and how far off they may be.

Both Phi-4 vocabularies are of a known kind: the special tokens in their configurations stand at the very numbers that
they have in cl100k_base (Phi-4: 100257 to 100260 and 100276) and in o200k_base (Phi-4-mini: 199999 and 200018). Whether
what lies below is the same too, the configurations do not say. So text is counted with cl100k_base; for Phi-4-mini,
whose vocabulary is twice as large, words that are not ASCII by their bytes.

The bands hold the ratio of o200k_base's count to this one for 98 of 100 rows on either side: 18,814 rows of program
messages in 59 languages, and source code (cl100k_base and o200k_base of npm gpt-tokenizer 4.0.0, measured 2026-11-24).
"""

import re
from dataclasses import dataclass

from maas_client.dataset.tokens.ranks import Ranks

# Bytes of o200k_base's tokens in words that are not ASCII: about 3 in Japanese, 5 in Russian, 6 in Hindi.
_BYTES_A_TOKEN = 4
_word_beyond_ascii = re.compile(r"\s?[^\s\x80-\U0010ffff]*+[^\s\x00-\x7f]\S*+")


@dataclass(frozen=True, slots=True)
class Band:
    """How far off an estimate may be.

    Attributes:
        low: The true number as a part of the estimate, at least.
        high: The same, at most.
    """

    low: float
    high: float

    def around(self, count: int) -> tuple[int, int]:
        """Return the least and the greatest number that an estimate may stand for."""
        return int(count * self.low), -int(-count * self.high // 1)


ENGLISH_AND_CODE = Band(0.96, 1.04)
"""Between the two vocabularies, English and source code."""
ASCII = Band(0.78, 1.04)
"""Text in ASCII of whatever language: Dutch and Indonesian are the farthest off."""
ANY_SCRIPT = Band(0.57, 1.48)
"""All of the 59 languages."""


class Larger:
    """Counts for a vocabulary about twice as large as cl100k_base."""

    def __init__(self) -> None:
        self._ranks = Ranks()

    def count(self, text: str) -> int:
        """Return about how many tokens a stretch of text has."""
        if text.isascii():
            return self._ranks.count(text)
        beyond = sum(len(word.encode("utf-8", "replace")) for word in _word_beyond_ascii.findall(text))
        return self._ranks.count(_word_beyond_ascii.sub("", text)) + -(-beyond // _BYTES_A_TOKEN)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a stretch of text in cl100k_base: there are no others to show."""
        return self._ranks.tokens(text)
