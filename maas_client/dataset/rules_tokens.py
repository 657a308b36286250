"""Rules about the tokens of a row: what training cuts off, and rows that teach nothing."""

from collections.abc import Iterator

from maas_client.dataset.measure import Measured
from maas_client.dataset.rule import Problem, Rule, Severity

_ACFT = "azureml-acft-contrib-hf-nlp 0.0.91"
_CUT = f"{_ACFT}, chat_completion/preprocess (truncation at max_seq_length)"
_COLLATOR = f"{_ACFT}, CustomCollatorForCompletionOnlyLM"


def _nothing_trained(row: Measured) -> Iterator[Problem]:
    measure = row.measure
    if measure.tokens and measure.trained_tokens == 0:
        yield Problem("No token of the row is trained on.")
    elif measure.trained_tokens and measure.cut_trained_tokens == measure.trained_tokens:
        yield Problem(
            f"The row has {measure.tokens:,} tokens, {measure.cut_tokens:,} too many: every answer in it is cut off."
        )


def _answer_cut(row: Measured) -> Iterator[Problem]:
    measure = row.measure
    if 0 < measure.cut_trained_tokens < measure.trained_tokens:
        yield Problem(
            f"The row has {measure.tokens:,} tokens, {measure.cut_tokens:,} too many: {measure.cut_trained_tokens:,} "
            f"of its {measure.trained_tokens:,} tokens of answers are cut off."
        )


def _prompt_cut(row: Measured) -> Iterator[Problem]:
    measure = row.measure
    if measure.cut_tokens and not measure.cut_trained_tokens and measure.trained_tokens:
        yield Problem(f"The row has {measure.tokens:,} tokens, {measure.cut_tokens:,} too many; no answer is cut off.")


_E, _W = Severity.ERROR, Severity.WARNING

# fmt: off
TOKEN_RULES: tuple[Rule[Measured], ...] = (
    Rule("TOK001", "answer-cut-off", _E, _CUT, "The model learns to stop in the middle of an answer.",
         "Shorten the row, or part it.", _answer_cut),
    Rule("TOK002", "nothing-trained", _E, _COLLATOR, "The row is paid for and teaches nothing.",
         "Shorten what comes before the answer.", _nothing_trained),
    Rule("TOK003", "prompt-cut-off", _W, _CUT, "The end of the conversation is left out.",
         "Shorten the row.", _prompt_cut),
)
# fmt: on
