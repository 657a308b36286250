"""What a rule is: a row of the table, with one pure function from a subject to the problems in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from maas_client.dataset.profile import Profile
from maas_client.dataset.screens import Screen

Key = str | int
T_contra = TypeVar("T_contra", contravariant=True)


class Severity(StrEnum):
    """What a finding means for the job."""

    ERROR = "error"
    """The service would refuse, skip or misread it: nothing is uploaded."""
    WARNING = "warning"
    """It trains all the same, perhaps not as was meant."""
    INFO = "info"
    """Good to know."""


class Problem(NamedTuple):
    """What a rule found, before it is located in the file.

    Attributes:
        message: What is wrong, one sentence.
        path: JSON path of the value within its row, as keys and indices; empty for the row itself.
        position: Characters before the problem in its line, where the path does not say it.
        hint: What to do, where the rule's own hint is too general.
        line: Of a problem that a rule about a whole file has with one of its lines, 1 for the first.
        byte: Bytes before that line in the file.
        offset: Characters before it in the string at the path.
        group: Problems of one group are one finding a file, at the first place, that says how many there are.
    """

    message: str
    path: tuple[Key, ...] = ()
    position: int | None = None
    hint: str | None = None
    line: int | None = None
    byte: int | None = None
    offset: int | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Rule(Generic[T_contra]):
    """One row of the table.

    A rule about rows must come to the same result for all plain rows with the same sequence of roles: rows of nothing
    but messages of a known role and a text that is not blank, whatever the texts say. A rule that does read the texts
    is one about texts: it has a screen, and judges each text by itself.

    Attributes:
        id: Stable, such as `ROL001`; the letters are the group.
        name: Stable, for people, such as `missing-role`.
        severity: What a finding of this rule means, where the profile does not change it.
        source: Where the rule comes from.
        why: What happens if it is ignored.
        hint: What to do about it.
        check: Yields the problems in a subject; pure, never raises.
        fixable: True if a program could mend it without guessing.
        adapt: The severity for a profile, `None` if the rule does not apply to it; without it `severity` always holds.
        screen: Of a rule about texts, which of them it has to read.
        sensitive: True if what it finds must not be shown: the excerpt is masked.
    """

    id: str
    name: str
    severity: Severity
    source: str
    why: str
    hint: str
    check: Callable[[T_contra], Iterable[Problem]]
    fixable: bool = False
    adapt: Callable[[Profile], Severity | None] | None = None
    screen: Screen = ()
    sensitive: bool = False

    def severity_for(self, profile: Profile) -> Severity | None:
        """Return what a finding means under a profile, `None` if the rule does not apply."""
        return self.adapt(profile) if self.adapt else self.severity
