"""Rules about rows beside other rows: copies, leakage, contradictions, rows out of all proportion."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from maas_client.dataset.rule import Problem, Rule, Severity

Kind = Literal[
    "exact-duplicate", "normalised-duplicate", "near-duplicate", "conflicting-answers", "same-answer", "rows-alike",
    "leaked-row", "leaked-normalised-row", "leaked-near-row", "leaked-prompt", "length-outlier", "dominant-row",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands out in a row beside others.

    Attributes:
        kind: What it is: the name of its rule.
        other: The other row, such as `line 12`, with its file if that is another.
        share: Of what the rule is about, 0 to 1.
        count: How many rows, answers or bytes, as the rule has it.
    """

    kind: Kind
    other: str = ""
    share: float = 0.0
    count: int = 0


def _of(kind: Kind, tell: Callable[[Compared], str]) -> Callable[[Compared], Iterator[Problem]]:
    def check(row: Compared) -> Iterator[Problem]:
        if row.kind == kind:
            yield Problem(tell(row))

    return check


_E, _W = Severity.ERROR, Severity.WARNING
_OURS = "this package"
_TWICE = "What stands twice is learnt twice, and paid for twice."
_LEAK = "The validation measures what was learnt by heart; its loss says nothing of new data."

# fmt: off
ACROSS_RULES: tuple[Rule[Compared], ...] = (
    Rule("DUP001", "exact-duplicate", _W, _OURS, _TWICE, "Keep one of them.",
         _of("exact-duplicate", lambda row: f"The same conversation as {row.other}.")),
    Rule("DUP002", "normalised-duplicate", _W, _OURS, _TWICE, "Keep one of them.",
         _of("normalised-duplicate", lambda row: f"But for case and punctuation the same as {row.other}.")),
    Rule("DUP003", "near-duplicate", _W, _OURS, _TWICE, "Keep one of them, unless the difference is the point.",
         _of("near-duplicate", lambda row: f"Nearly the same as {row.other} (some {row.share:.0%} in common).")),
    Rule("DUP004", "conflicting-answers", _W, _OURS, "The model learns to answer at random.",
         "Keep the right answer, or say in the prompt what makes the difference.",
         _of("conflicting-answers", lambda row: f"{row.count} answers to one prompt: this, and that of {row.other}.")),
    Rule("DUP005", "same-answer", _W, _OURS, "A model that always gives this answer is nearly right.",
         "Add rows with other answers, or leave out some of these.",
         _of("same-answer", lambda row: f"{row.count:,} rows ({row.share:.0%}) have the same answer as this one.")),
    Rule("DUP006", "rows-alike", _W, _OURS, "The rows may be variations of a few, or share a long template.",
         "If the rows are not meant to be so much alike, leave most of them out.",
         _of("rows-alike", lambda row: f"{row.count:,} rows ({row.share:.0%}) are nearly the same as an earlier one, "
                                      f"as this one and {row.other}.")),
    Rule("LEK001", "leaked-row", _E, _OURS, _LEAK, "Remove it from one of the two.",
         _of("leaked-row", lambda row: f"The validation row is also a training row: {row.other}.")),
    Rule("LEK002", "leaked-normalised-row", _W, _OURS, _LEAK, "Remove it from one of the two.",
         _of("leaked-normalised-row", lambda row: f"But for case and punctuation the validation row is {row.other}.")),
    Rule("LEK003", "leaked-near-row", _W, _OURS, _LEAK, "Remove it from one of the two.",
         _of("leaked-near-row", lambda row: f"The validation row is nearly {row.other} (some {row.share:.0%} of it).")),
    Rule("LEK004", "leaked-prompt", _W, _OURS, _LEAK, "Ask something else in the validation.",
         _of("leaked-prompt", lambda row: f"The prompt of the validation row is also that of {row.other}.")),
    Rule("LEN001", "length-outlier", _W, _OURS, "It may be several rows in one, or a document pasted by mistake.",
         "Look at the row.",
         _of("length-outlier", lambda row: f"The row has {row.count:,} bytes, {row.share:,.0f} times the usual.")),
    Rule("LEN002", "dominant-row", _W, _OURS, "Training is paid by length; most of it goes to one row.",
         "Look at the row; cut or remove it.",
         _of("dominant-row", lambda row: f"The row holds {row.share:.0%} of all bytes.")),
)
# fmt: on
