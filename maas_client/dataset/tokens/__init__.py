"""Tokens, offline: how many a text has for a base model, and what they are.

    tokenizer = tokenizer_for(catalog.get("Phi-3-mini-4k-instruct"))
    tokenizer.count("How many?")

`families` knows which tokenizer a model has, `added` cuts a text at special tokens, `pieces` and `ranks` count what is
between them with the vocabularies in `data`, `given` with a file of the user's; `estimate` says how far off a count may
be where the vocabulary is another's. `template` applies a model's chat template, `conversation` counts what comes of it
and says what of that is trained on.
"""

from maas_client.dataset.tokens.base import Precision, Token, Tokenizer
from maas_client.dataset.tokens.conversation import Conversations, sequence_limit
from maas_client.dataset.tokens.families import precision_of, tokenizer_for

__all__ = ["Conversations", "Precision", "Token", "Tokenizer", "precision_of", "sequence_limit", "tokenizer_for"]
