"""Rules about what other programs left in a text: marks of a template, labels of speakers, phrases of chat products."""

import re
from collections.abc import Callable, Iterator

from maas_client.catalog import CatalogModel
from maas_client.dataset.profile import Profile
from maas_client.dataset.row import Texts
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules_text import found, matches
from maas_client.dataset.screens import sign

_LLAMA = {"<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"}
SPECIAL_TOKENS: dict[str, frozenset[str]] = {
    "llama-32k": frozenset(_LLAMA | {f"<|placeholder{number}|>" for number in range(1, 7)}),
    "cl100k-phi3": frozenset(
        _LLAMA | {"<|endofprompt|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|im_start|>", "<|im_end|>"}
    ),
    "cl100k-phi4": frozenset(
        {"<|endoftext|>", "<|endofprompt|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"}
        | {"<|im_start|>", "<|im_end|>", "<|im_sep|>"}
        | {f"<|dummy_{number}|>" for number in range(32)}
    ),
    "o200k-phi4-mini": frozenset(
        _LLAMA
        | {
            "<|endofprompt|>",
            "<|tool|>",
            "<|/tool|>",
            "<|tool_call|>",
            "<|/tool_call|>",
            "<|tool_response|>",
            "<|tag|>",
        }
    ),
}
"""Tokenizer to the marks that its special tokens are written as, but for those of `SHORT_TOKENS`.

Source: tokenizer.json and tokenizer_config.json of the models (microsoft/onnxruntime-extensions@319f8d2, test/data;
huggingface.co/microsoft/Phi-3-small-8k-instruct), retrieved 2026-11-23.
"""
SHORT_TOKENS = {"llama-32k": ("<s>", "</s>", "<unk>")}
"""The same, of marks that are also HTML. Source: as above."""

_MARK = re.compile(r"<\|/?[A-Za-z0-9_]{1,40}\|>")
_SHORT = re.compile(r"</?s>|<unk>")
_OTHERS = re.compile(r"\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>")
_REASONING_WORDS = ("think", "thinking", "thought", "reasoning", "reflection", "scratchpad", "inner_monologue")
_REASONING = re.compile(rf"</?(?:{'|'.join(_REASONING_WORDS)})>")
_REFUSAL = re.compile(
    r"\b[Aa]s an AI(?: language model| assistant| model|,)|"
    r"\b(?:[Ss]orry|apologize), but I (?:can(?:not|['\u2019]t)|am (?:un|not )able)|"
    r"\bI can(?:not|['\u2019]t) assist with|\bmy knowledge cutoff\b|\b[Aa]s of my last knowledge update\b"
)
_PRODUCT = re.compile(
    r"sandbox:/+mnt/data|:contentReference\[oaicite|\boaicite:\d|\u3010\d+(?::\d+)?\u2020[^\u3011]{0,60}\u3011|"
    # Private characters around what was searched for, such as "turn0search1".
    "[\ue200-\ue203]"
)
_LABEL = re.compile(r"(?:\A|\n)[ \t]*(?:Assistant:|Human:|### (?:Instruction|Response|Input):)")


def _own(model: CatalogModel | None) -> frozenset[str]:
    if model is None:
        return frozenset().union(*SPECIAL_TOKENS.values())
    return SPECIAL_TOKENS.get(model.tokenizer, frozenset())


def _by_model(
    scan: Callable[[str, CatalogModel | None], list[tuple[int, str]]], tell: Callable[[str, str], str]
) -> Callable[[Texts], Iterator[Problem]]:
    def check(row: Texts) -> Iterator[Problem]:
        return found(lambda text: scan(text, row.profile.model), tell)(row)

    return check


def _template_token(text: str, model: CatalogModel | None) -> list[tuple[int, str]]:
    own = _own(model)
    return [hit for hit in matches(_MARK)(text) if hit[1] in own]


def _short_token(text: str, model: CatalogModel | None) -> list[tuple[int, str]]:
    return matches(_SHORT)(text) if model is None or model.tokenizer in SHORT_TOKENS else []


def _foreign_token(text: str, model: CatalogModel | None) -> list[tuple[int, str]]:
    own = _own(model)
    return sorted([hit for hit in matches(_MARK)(text) if hit[1] not in own] + matches(_OTHERS)(text))


_E, _W = Severity.ERROR, Severity.WARNING


def _own_service(profile: Profile) -> Severity:
    return _E if profile.service == "azureml" else _W


# fmt: off
_MARK_SIGN = sign("<|", near=re.compile(_MARK.pattern.encode()))
_SHORT_SIGN = sign("<s>", "</s>", "<unk>")
_OTHERS_SIGN = sign("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<start_of_turn>", "<end_of_turn>")
_REASONING_SIGN = sign(*(f"<{slash}{word}>" for word in _REASONING_WORDS for slash in ("", "/")))
_REFUSAL_SIGN = sign(
    "s an AI language model", "s an AI assistant", "s an AI model", "s an AI,", "orry, but I ", "apologize, but I ",
    "t assist with", "my knowledge cutoff", "s of my last knowledge update",
)
_PRODUCT_SIGN = sign("sandbox:/", "oaicite", "\u2020", *map(chr, range(0xE200, 0xE204)))
_LABEL_SIGN = sign("Assistant:", "Human:", "### Instruction:", "### Response:", "### Input:")

_TOKENIZERS = "tokenizer.json of the models"
_OURS = "this package"

LEFTOVER_RULES: tuple[Rule[Texts], ...] = (
    Rule("TXT006", "template-token", _E, _TOKENIZERS,
         "The tokenizer reads the mark as the token itself: the turn ends or another begins in the middle of the text.",
         "Remove it, or break it with a space.",
         _by_model(_template_token, lambda first, more: f"The text holds a special token of the model: {first}{more}."),
         adapt=_own_service, screen=(_MARK_SIGN,)),
    Rule("TXT007", "short-token", _W, _TOKENIZERS,
         "Tokenizers of the Phi-3 family read <s>, </s> and <unk> as tokens of their own, not as text.",
         "Remove it, or write it otherwise (as HTML, <del> for <s>).",
         _by_model(_short_token, lambda first, more: f"{first} is a special token of the model{more}."),
         screen=(_SHORT_SIGN,)),
    Rule("TXT008", "foreign-token", _W, "chat templates of other models",
         "The model reads it as text and learns to write it.", "Remove it.",
         _by_model(_foreign_token, lambda first, more: f"A token of another model's template: {first}{more}."),
         screen=(_MARK_SIGN, _OTHERS_SIGN)),
    Rule("TXT009", "refusal-phrase", _W, _OURS, "The model learns to speak of itself, or to refuse.",
         "Remove the row, unless it is meant to refuse.",
         found(matches(_REFUSAL), lambda first, more: f"The answer has a stock phrase of assistants: {first!r}{more}.",
               ("assistant",)), screen=(_REFUSAL_SIGN,)),
    Rule("TXT010", "reasoning-tag", _W, _OURS, "The model learns to write its thoughts into the answer.",
         "Remove the tag and what is in it, unless that is meant.",
         found(matches(_REASONING), lambda first, more: f"A tag of a reasoning model: {first}{more}.", ("assistant",)),
         screen=(_REASONING_SIGN,)),
    Rule("TXT011", "dead-reference", _W, _OURS, "It leads nowhere outside of the chat it was copied from.",
         "Remove it.", found(matches(_PRODUCT), lambda first, more: f"A reference of a chat product: {first!r}{more}."),
         screen=(_PRODUCT_SIGN,)),
    Rule("TXT012", "speaker-label", _W, _OURS, "The model learns to write labels, or both sides of the talk.",
         "Remove the label; make messages of several turns.",
         found(matches(_LABEL), lambda first, more: f"The answer has the label of a speaker: {first.strip()!r}{more}.",
               ("assistant",)), screen=(_LABEL_SIGN,)),
)
# fmt: on
