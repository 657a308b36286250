"""What a check found: findings, and a summary of each file."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.errors import DatasetError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem and its place.

    Attributes:
        rule: Id of the rule, such as `JSN002`.
        severity: What it means for the job.
        file: The file's path, as it was given.
        line: 1 for the first; `None` if the finding is about the file.
        column: In characters, 1 for the first of the line.
        byte: Bytes before it in the file.
        path: JSON path in the row, such as `$.messages[1].role`; `None` if there is none.
        message: What is wrong.
        hint: What to do about it.
        fixable: True if a program could mend it without guessing.
    """

    rule: str
    severity: Severity
    file: str
    line: int | None
    column: int | None
    byte: int | None
    path: str | None
    message: str
    hint: str
    fixable: bool

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.rule} {self.severity}: {self.message}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a problem is; the attributes are those of `Finding`."""

    line: int | None = None
    column: int | None = None
    byte: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class FileSummary:
    """One file as it was when it was checked.

    Attributes:
        path: As it was given.
        part: `training` or `validation`.
        bytes: Length.
        sha256: Hex digest of the whole file.
        rows: Lines that are not blank.
        valid_rows: Rows without an error.
        messages: Messages in the valid rows.
        mtime_ns: Last modification, nanoseconds since 1970 (UTC).
        inode: File number; with `mtime_ns` and `bytes` it tells whether this is still the file that was checked.
    """

    path: Path
    part: str
    bytes: int
    sha256: str
    rows: int
    valid_rows: int
    messages: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check.

    Attributes:
        findings: In the order of the files and their lines; at most as many as the limit, errors before others.
        files: Those that could be read.
        counts: How often each rule found something, whether kept or not.
        errors: Findings of severity error, whether kept or not.
        warnings: Of severity warning.
        service: The service whose rules were applied.
        model: Id of the base model, if one was given.
    """

    findings: tuple[Finding, ...]
    files: tuple[FileSummary, ...]
    counts: Mapping[str, int]
    errors: int
    warnings: int
    service: str
    model: str | None = None

    @property
    def ok(self) -> bool:
        """True if there is no error; warnings do not count."""
        return self.errors == 0

    def raise_for_errors(self) -> None:
        """Raise if there is an error.

        Raises:
            DatasetError: Names the first error and its place; `report` has them all.
        """
        if self.ok:
            return
        first = next(finding for finding in self.findings if finding.severity is Severity.ERROR)
        more = f" (and {self.errors - 1:,} more)" if self.errors > 1 else ""
        raise DatasetError(f"{first}{more}", hint=first.hint, report=self)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "ok": self.ok,
            "summary": {
                "service": self.service,
                "model": self.model,
                "errors": self.errors,
                "warnings": self.warnings,
                "shown": len(self.findings),
                "rules": dict(self.counts),
                "files": [{**asdict(file), "path": str(file.path)} for file in self.files],
            },
            "findings": [{**asdict(finding), "severity": finding.severity.value} for finding in self.findings],
        }


class Collector:
    """Gathers findings: all are counted, the first are kept, errors in preference to others."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[bool, list[tuple[tuple[float, ...], Finding]]] = {True: [], False: []}
        self._order: dict[Path, int] = {}
        self.counts: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()

    def count(self, rule: Rule[T]) -> bool:
        """Count one finding; return whether there is room to keep it, so that only then it need be located."""
        self.counts[rule.id] += 1
        self.severities[rule.severity] += 1
        return len(self._kept[rule.severity is Severity.ERROR]) < self._limit

    def keep(self, rule: Rule[T], problem: Problem, file: Path, place: Place, *, after_lines: bool = False) -> None:
        """Keep one finding that was counted."""
        order = self._order.setdefault(file, len(self._order))
        key = (order, math.inf if after_lines else place.line or 0, place.column or 0)
        finding = Finding(
            rule=rule.id,
            severity=rule.severity,
            file=str(file),
            line=place.line,
            column=place.column,
            byte=place.byte,
            path=place.path,
            message=problem.message,
            hint=problem.hint or rule.hint,
            fixable=rule.fixable,
        )
        self._kept[rule.severity is Severity.ERROR].append((key, finding))

    def apply(self, rules: Iterable[Rule[T]], subject: T, file: Path, *, after_lines: bool = False) -> None:
        """Apply rules that are about a whole file.

        Args:
            rules: The rules.
            subject: What they look at.
            file: The file.
            after_lines: True to list what they find behind what is wrong with the lines, of which it is a consequence.
        """
        for rule in rules:
            for problem in rule.check(subject):
                if self.count(rule):
                    self.keep(rule, problem, file, Place(), after_lines=after_lines)

    def findings(self) -> tuple[Finding, ...]:
        """Return what was kept, in the order of files and lines."""
        kept = (self._kept[True] + self._kept[False])[: self._limit]
        return tuple(finding for _, finding in sorted(kept, key=itemgetter(0)))
