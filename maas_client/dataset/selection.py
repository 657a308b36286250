"""Which rules are in force: those that apply to the profile and that were selected, each with its severity."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from maas_client.dataset.profile import DEFAULT, Profile
from maas_client.dataset.report import Finding
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules import RULES
from maas_client.errors import ConfigurationError

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Active(Generic[T_contra]):
    """A rule in force.

    Attributes:
        rule: The rule.
        severity: What its findings mean under the profile.
    """

    rule: Rule[T_contra]
    severity: Severity

    def finding(
        self,
        problem: Problem,
        *,
        file: str = "",
        line: int | None = None,
        column: int | None = None,
        byte: int | None = None,
        path: str | None = None,
        excerpt: str | None = None,
    ) -> Finding:
        """Make a finding of a problem and its place."""
        return Finding(
            rule=self.rule.id,
            severity=self.severity,
            file=file,
            line=line,
            column=column,
            byte=byte,
            path=path,
            message=problem.message,
            hint=problem.hint or self.rule.hint,
            fixable=self.rule.fixable,
            excerpt=excerpt,
            why=self.rule.why,
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """A profile, and the rules that were asked for.

    Attributes:
        profile: What the files are checked for.
        select: Ids, names or beginnings of ids, such as `ENC`; nothing stands for all.
        ignore: The same, of rules to leave out.
    """

    profile: Profile = DEFAULT
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in (*self.select, *self.ignore):
            if not any(_means(word, rule) for rule in RULES.values()):
                raise _unknown(word)

    def of(self, table: Iterable[Rule[T]]) -> tuple[Active[T], ...]:
        """Return the rules of a table that are in force."""
        active = ((rule, rule.severity_for(self.profile)) for rule in table if self._wanted(rule))
        return tuple(Active(rule, severity) for rule, severity in active if severity is not None)

    def _wanted(self, rule: Rule[Any]) -> bool:
        chosen = not self.select or any(_means(word, rule) for word in self.select)
        return chosen and not any(_means(word, rule) for word in self.ignore)


def _means(word: str, rule: Rule[Any]) -> bool:
    return bool(word) and (rule.id.startswith(word.upper()) or rule.name == word.lower())


def _unknown(word: str) -> ConfigurationError:
    groups = sorted({rule.rstrip("0123456789") for rule in RULES})
    known = {name.lower(): name for name in (*RULES, *(rule.name for rule in RULES.values()), *groups)}
    near = difflib.get_close_matches(word.lower(), known, 1)
    hint = f"Did you mean {known[near[0]]}?" if near else f"The groups of rules are {', '.join(groups)}."
    return ConfigurationError(f"There is no rule {word!r}.", hint=hint)
