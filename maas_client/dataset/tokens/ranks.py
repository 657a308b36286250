"""The byte-level vocabulary cl100k_base, through tiktoken, with our own copy of its ranks: nothing is ever fetched."""

import base64
from functools import cache
from typing import TYPE_CHECKING

from maas_client.dataset.tokens.load import unpacked

if TYPE_CHECKING:
    from tiktoken import Encoding

# Source: tiktoken 0.14.0, tiktoken_ext/openai_public.py (cl100k_base).
_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)


class Ranks:
    """Counts byte sequences."""

    def __init__(self) -> None:
        self._encoding = _encoding()

    def count(self, text: str) -> int:
        """Return how many tokens a stretch of text has."""
        return len(self._encoding.encode_ordinary(text))

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a stretch of text; bytes that make no character alone are written out."""
        encoding = self._encoding
        return [
            encoding.decode_single_token_bytes(token).decode("utf-8", "backslashreplace")
            for token in encoding.encode_ordinary(text)
        ]


@cache
def _encoding() -> "Encoding":
    from tiktoken import Encoding

    lines = (line.split() for line in unpacked("cl100k_base.tiktoken").splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    return Encoding("cl100k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})
