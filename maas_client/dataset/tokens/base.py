"""What a tokenizer is to the rest of the package."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from maas_client.dataset.tokens.added import Span, Splitter
from maas_client.dataset.tokens.estimate import Band

Precision = Literal["exact", "estimate"]


class Token(NamedTuple):
    """One token, for people to look at.

    Attributes:
        text: The characters it stands for; bytes that make no character alone are written out.
        special: True for a special token.
    """

    text: str
    special: bool = False


class Bands(NamedTuple):
    """How far off an estimate may be.

    Attributes:
        ascii: For text in ASCII.
        any: For text in whatever script.
    """

    ascii: Band
    any: Band


class Vocabulary(Protocol):
    """Cuts up what is between special tokens. Neither method raises, whatever the text."""

    def count(self, text: str) -> int:
        """Return how many tokens a stretch of text has."""

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a stretch of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """The tokenizer of one base model.

    Attributes:
        name: Such as `llama-32k`, or the name of the user's file.
        precision: `exact`, or `estimate` where the model's own vocabulary is not at hand.
        confirmed: False if the vocabulary is said to be the model's, but was not held against the model's own files.
        bands: Of an estimate, how far off it may be.
        vocabulary: What counts between special tokens.
        splitter: The special tokens.
    """

    name: str
    precision: Precision
    vocabulary: Vocabulary
    splitter: Splitter
    confirmed: bool = True
    bands: Bands | None = None

    def split(self, text: str) -> list[Span]:
        """Cut a text at its special tokens."""
        return self.splitter.split(text)

    def count(self, text: str) -> int:
        """Return how many tokens a text has; special tokens that are written in it count as one each."""
        count = self.vocabulary.count
        return sum(1 if span.special else count(span.text) for span in self.split(text))

    def tokens(self, text: str) -> list[Token]:
        """Return the tokens of a text, each as the characters it stands for."""
        found: list[Token] = []
        for span in self.split(text):
            if span.special:
                found.append(Token(span.text, special=True))
            else:
                found.extend(Token(token) for token in self.vocabulary.tokens(span.text))
        return found
