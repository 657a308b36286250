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
from maas_client.dataset.selection import Active

T = TypeVar("T")


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

    def count(self, active: Active[T], number: int = 1) -> None:
        """Count findings of a rule."""
        self.counts[active.rule.id] += number
        self.severities[active.severity] += number

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
            order = self._order.setdefault(finding.file, len(self._order))
            place = finding.line or (math.inf if after_lines else 0)
            key = (order, place, finding.column or 0)
            self._kept[finding.severity is Severity.ERROR].append((key, finding))

    def shift(self, findings: Iterable[Finding], file: Path, lines: int, size_bytes: int) -> None:
        """Keep findings of a block, counted from its beginning, at their places in the file."""
        for finding in findings:
            if self.has_room(finding.severity):
                assert finding.line is not None and finding.byte is not None  # noqa: S101, PT018
                line, byte = finding.line + lines, finding.byte + size_bytes
                self.keep(replace(finding, file=str(file), line=line, byte=byte))

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
