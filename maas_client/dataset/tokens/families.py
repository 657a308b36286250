"""Which tokenizer a base model has."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client.dataset.tokens import special
from maas_client.dataset.tokens.added import Added, Splitter
from maas_client.dataset.tokens.base import Bands, Precision, Tokenizer
from maas_client.dataset.tokens.estimate import ANY_SCRIPT, ASCII, ENGLISH_AND_CODE, Larger
from maas_client.dataset.tokens.load import digest_of
from maas_client.dataset.tokens.pieces import Pieces
from maas_client.dataset.tokens.ranks import Ranks

if TYPE_CHECKING:
    from maas_client.catalog import CatalogModel

_UNCONFIRMED = "published-as"
"""Catalog source of what a model is said to share with another."""


@dataclass(frozen=True, slots=True)
class _Family:
    vocabulary: type[Pieces | Ranks | Larger]
    file: str
    added: tuple[Added, ...]
    bands: Bands | None = None


_FAMILIES = {
    "llama-32k": _Family(Pieces, "llama-32k.model", special.LLAMA_32K),
    "cl100k-phi3": _Family(Ranks, "cl100k_base.tiktoken", special.CL100K_PHI3),
    "cl100k-phi4": _Family(Ranks, "cl100k_base.tiktoken", special.CL100K_PHI4, Bands(ENGLISH_AND_CODE, ANY_SCRIPT)),
    "o200k-phi4-mini": _Family(Larger, "cl100k_base.tiktoken", special.O200K_PHI4_MINI, Bands(ASCII, ANY_SCRIPT)),
}


def ingredients(tokenizer: str) -> tuple[object, ...]:
    """Return what decides the counts of a tokenizer: the digest of its vocabulary, special tokens, and bands."""
    family = _FAMILIES[tokenizer]
    return family.vocabulary.__name__, digest_of(family.file), family.added, family.bands


def precision_of(model: "CatalogModel", tokenizer_json: str | Path | None = None) -> Precision:
    """Tell what counts for a model are worth, without loading anything."""
    return "estimate" if tokenizer_json is None and _FAMILIES[model.tokenizer].bands else "exact"


def tokenizer_for(model: "CatalogModel", tokenizer_json: str | Path | None = None) -> Tokenizer:
    """Return the tokenizer of a base model.

    Args:
        model: The base model.
        tokenizer_json: The model's own `tokenizer.json`, for a model whose vocabulary does not come with this package.
            It needs the extra `tokens`.

    Returns:
        A tokenizer that says whether its counts are exact.

    Raises:
        ConfigurationError: The `tokenizer.json` cannot be used.
    """
    if tokenizer_json is not None:
        from maas_client.dataset.tokens.given import load

        path = Path(tokenizer_json)
        vocabulary, added = load(path)
        return Tokenizer(name=path.name, precision="exact", vocabulary=vocabulary, splitter=Splitter(added))
    family = _FAMILIES[model.tokenizer]
    return Tokenizer(
        name=model.tokenizer,
        precision="estimate" if family.bands else "exact",
        confirmed=model.facts["tokenizer"] != _UNCONFIRMED,
        bands=family.bands,
        vocabulary=family.vocabulary(),
        splitter=Splitter(family.added),
    )
