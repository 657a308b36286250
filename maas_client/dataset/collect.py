"""Findings of all files: every one is counted, the first are kept, errors in preference to others."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from maas_client.dataset.report import Finding
from maas_client.dataset.rule import Severity
from maas_client.dataset.scan import Room
from maas_client.dataset.selection import Active

T = TypeVar("T")


def moved(finding: Finding, lines: int, size_bytes: int) -> Finding:
    """Return a finding of a block, counted from its beginning, at its place in the file."""
    assert finding.line is not None and finding.byte is not None  # noqa: S101, PT018
    return replace(finding, line=finding.line + lines, byte=finding.byte + size_bytes)


class Collector:
    """Gathers findings.

    Args:
        limit: Findings to keep.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[bool, list[tuple[tuple[float, ...], Finding]]] = {True: [], False: []}
        self._order: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()

    def begin_file(self, file: Path) -> None:
        """Announce a file; findings are listed in the order of files."""
        self._order.setdefault(str(file), len(self._order))

    def count(self, active: Active[T], number: int = 1) -> None:
        """Count findings of a rule."""
        self.counts[active.rule.id] += number
        self.severities[active.severity] += number

    def room(self) -> Room:
        """Return how many more findings would be kept."""
        errors, others = (max(0, self._limit - len(self._kept[is_error])) for is_error in (True, False))
        return Room(errors, others)

    def has_room(self, severity: Severity) -> bool:
        """Tell whether one more finding would be kept."""
        return len(self._kept[severity is Severity.ERROR]) < self._limit

    def keep(self, finding: Finding, *, after_lines: bool = False) -> None:
        """Keep a finding that was counted, if there is room.

        Args:
            finding: The finding.
            after_lines: True to list what has no line behind what has one, of which it is a consequence.
        """
        if self.has_room(finding.severity):
            self._kept[finding.severity is Severity.ERROR].append(self._entry(finding, after_lines=after_lines))

    def _entry(self, finding: Finding, *, after_lines: bool) -> tuple[tuple[float, ...], Finding]:
        place = finding.line or (math.inf if after_lines else 0)
        return (self._order[finding.file], place, finding.column or 0), finding

    def shift(self, findings: Iterable[Finding], file: Path, lines: int, size_bytes: int) -> None:
        """Keep findings of a block, counted from its beginning, at their places in the file."""
        for finding in findings:
            if self.has_room(finding.severity):
                self.keep(replace(moved(finding, lines, size_bytes), file=str(file)))

    def keep_group(self, first: Finding, file: Path, count: int) -> None:
        """Keep the one finding of many that are alike, whatever room there is: it says most."""
        more = f" And {count - 1:,} more like it." if count > 1 else ""
        self._kept[first.severity is Severity.ERROR].insert(
            0, self._entry(replace(first, file=str(file), message=first.message + more), after_lines=False)
        )

    def apply(self, rules: Iterable[Active[T]], subject: T, file: Path, *, after_lines: bool = False) -> None:
        """Apply rules that are about a whole file."""
        for active in rules:
            for problem in active.rule.check(subject):
                self.count(active)
                column = 1 if problem.line else None
                finding = active.finding(problem, file=str(file), line=problem.line, column=column, byte=problem.byte)
                self.keep(finding, after_lines=after_lines)

    def findings(self) -> tuple[Finding, ...]:
        """Return what was kept, in the order of files and lines."""
        kept = (self._kept[True] + self._kept[False])[: self._limit]
        return tuple(finding for _, finding in sorted(kept, key=itemgetter(0)))
