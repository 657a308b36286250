"""What a rule is: a row of the table, with one pure function from a subject to the problems in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Key = str | int
T = TypeVar("T")


class Severity(StrEnum):
    """What a finding means for the job."""

    ERROR = "error"
    """The service would refuse, skip or misread it: nothing is uploaded."""
    WARNING = "warning"
    """It trains all the same, perhaps not as was meant."""
    INFO = "info"
    """Good to know."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found, before it is located in the file.

    Attributes:
        message: What is wrong, one sentence.
        path: JSON path of the value within its row, as keys and indices; empty for the row itself.
        position: Characters before the problem in its line, where the path does not say it.
        hint: What to do, where the rule's own hint is too general.
    """

    message: str
    path: tuple[Key, ...] = ()
    position: int | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One row of the table.

    Attributes:
        id: Stable, such as `ROL001`; the letters are the group.
        name: Stable, for people, such as `missing-role`.
        severity: What a finding of this rule means.
        source: Where the rule comes from.
        why: What happens if it is ignored.
        hint: What to do about it.
        check: Yields the problems in a subject; pure, never raises.
        fixable: True if a program could mend it without guessing.
    """

    id: str
    name: str
    severity: Severity
    source: str
    why: str
    hint: str
    check: Callable[[T], Iterable[Problem]]
    fixable: bool = False
