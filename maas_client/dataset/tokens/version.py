"""Which tokenizer and which template a number of tokens was counted with: digests that change when a count may.

A number is only as good as what it was counted with, and a later release may know better. So whoever keeps a number
keeps these two with it.
"""

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from maas_client.dataset.tokens.families import ingredients
from maas_client.dataset.tokens.template import TEMPLATES, render

if TYPE_CHECKING:
    from maas_client.catalog import CatalogModel

_PROBE = tuple(
    {"role": role, "content": f" {role}\n", "tools": "[]"} for role in ("system", "user", "assistant", "tool", "user")
)
"""Says something in every role, with white space where templates differ."""


def tokenizer_version(model: "CatalogModel") -> str:
    """Return name and digest of a base model's tokenizer: vocabulary, special tokens, and the bands of an estimate.

    Such as `llama-32k@3d6f0a1b2c4e`; nothing is loaded for it.
    """
    return _version(model.tokenizer, repr(ingredients(model.tokenizer)))


def template_version(model: "CatalogModel") -> str:
    """Return name and digest of a base model's chat template: what it makes of one conversation, and what is trained.

    Such as `phi-3@9f1c2a7e01ab`.
    """
    family = model.chat_template
    template = TEMPLATES[family]
    return _version(family, repr((render(family, _PROBE), template.marks, sorted(template.roles))))


@cache
def _version(name: str, content: str) -> str:
    return f"{name}@{hashlib.sha256(content.encode()).hexdigest()[:12]}"
