"""A tokenizer.json that the user gives, through the `tokenizers` package."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from maas_client.errors import ConfigurationError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Encoder

    from maas_client.dataset.tokens.added import Added

_INSTALL = "Install it: pip install 'maas-client[tokens]'."


class Given:
    """Counts what is between special tokens with the user's file."""

    def __init__(self, encoder: "Encoder") -> None:
        self._encoder = encoder

    def count(self, text: str) -> int:
        """Return how many tokens a stretch of text has."""
        return len(self._encoder.encode(_writable(text), add_special_tokens=False).ids)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a stretch of text, as the file spells them out."""
        text = _writable(text)
        encoding = self._encoder.encode(text, add_special_tokens=False)
        return [text[start:end] or token for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True)]


def load(path: Path) -> tuple[Given, tuple["Added", ...]]:
    """Return the vocabulary and the special tokens of a `tokenizer.json`.

    Raises:
        ConfigurationError: The package `tokenizers` is missing, or the file is no tokenizer.
    """
    import json

    from maas_client.dataset.tokens.added import Added

    try:
        from tokenizers import Tokenizer as Encoder
    except ImportError as error:
        raise ConfigurationError("A tokenizer.json needs the package 'tokenizers'.", hint=_INSTALL) from error
    try:  # tokenizers raises a bare Exception for what it cannot read
        text = path.read_text(encoding="utf-8")
        document: dict[str, Any] = json.loads(text)
        encoder = Encoder.from_str(text)
        added = tuple(
            Added(row["content"], lstrip=row.get("lstrip", False), rstrip=row.get("rstrip", False))
            for row in document.get("added_tokens") or ()
        )
    except Exception as error:
        raise ConfigurationError(
            f"{path} cannot be read as a tokenizer: {error}", hint="Name the tokenizer.json of the model."
        ) from error
    encoder.no_truncation()
    encoder.no_padding()
    return Given(encoder), added


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
