"""Rows compared with each other once all were read, by the few numbers that `sketch` made of each."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from maas_client.dataset.collect import Collector
from maas_client.dataset.places import Places
from maas_client.dataset.proportion import outliers
from maas_client.dataset.repeats import repeats
from maas_client.dataset.rules import FOR_ACROSS
from maas_client.dataset.rules_across import Compared, Kind
from maas_client.dataset.selection import Selection
from maas_client.dataset.sketch import SAMPLES, Columns, alike
from maas_client.dataset.spill import Spill

NEAR_SHARE = 0.7
"""Estimated share in common from which on rows are nearly the same.

Of pairs that have 95 % of their pieces in common it finds 97 of 100, of those with 90 % 85, with 60 % 2, with 50 % 0.3.
"""
MANY_SHARE, MANY_ROWS = 0.05, 20
"""If more rows than both are nearly the same as others, that is told once."""
SAME_SHARE, SAME_ROWS = 0.9, 20
"""An answer is too frequent if it is that of so many of the rows, of at least so many."""
MAX_ANSWERS, MAX_PROMPTS = 100, 10_000
"""Answers to one prompt that are told apart, and prompts of which they are."""


class Across:
    """Takes the columns of all blocks in their order, training before validation; then compares.

    Args:
        selection: The rules in force.
        collector: Takes the findings.
    """

    def __init__(self, selection: Selection, collector: Collector) -> None:
        self._active = {cast("Kind", active.rule.name): active for active in selection.of(FOR_ACROSS)}
        self._collector = collector
        self._columns = {name: Spill() for name in Columns.__slots__}
        self._places = Places(self._columns["size"])
        self._validation: int | None = None
        self._told = bytearray()

    def begin_file(self, path: Path, part: str) -> None:
        """Announce the file of the blocks that follow."""
        self._places.begin_file(path)
        if part == "validation" and self._validation is None:
            self._validation = self._places.rows

    def add(self, columns: Columns, offset: int) -> None:
        """Take the next block.

        Args:
            columns: Its lines.
            offset: Bytes before it in the file.
        """
        self._places.begin_block(offset, len(columns.size))
        for name, spill in self._columns.items():
            spill.extend(getattr(columns, name))

    def close(self) -> None:
        """Forget the columns."""
        for spill in self._columns.values():
            spill.close()

    def compare(self) -> None:
        """Find what stands out."""
        self._told = bytearray(self._places.rows)
        # What is the same to the letter is the same without case and punctuation.
        if any(True for _ in self._repeats("normal")):
            self._copies("exact", "exact-duplicate", "leaked-row")
            self._copies("normal", "normalised-duplicate", "leaked-normalised-row")
        self._near()
        self._prompts()
        self._answers()
        for outlier in outliers(self._columns["size"], self._columns["normal"]):
            self._tell(outlier.row, outlier.kind, outlier.row, share=outlier.share, count=outlier.size_bytes)

    def _repeats(self, name: str) -> Iterator[tuple[int, int]]:
        spill = self._columns[name]
        return repeats(spill.chunks, len(spill))

    def _leaks(self, row: int, first: int) -> bool:
        return self._validation is not None and first < self._validation <= row

    def _copies(self, name: str, copied: Kind, leaked: Kind) -> None:
        for row, first in self._repeats(name):
            if not self._told[row]:
                self._told[row] = 1
                self._tell(row, leaked if self._leaks(row, first) else copied, first)

    def _near(self) -> None:
        found: list[tuple[int, int, float]] = []
        count = 0
        for row, first, share in self._pairs():
            if self._told[row]:
                continue
            self._told[row] = 1
            if self._leaks(row, first):
                self._tell(row, "leaked-near-row", first, share=share)
                continue
            count += 1
            if len(found) < MAX_PROMPTS:
                found.append((row, first, share))
        rows = self._row_count()
        found.sort()
        if count > max(MANY_ROWS, MANY_SHARE * rows):
            row, first, _ = found[0]
            self._tell(row, "rows-alike", first, share=count / rows, count=count)
        else:
            for row, first, share in found:
                self._tell(row, "near-duplicate", first, share=share)

    def _pairs(self) -> Iterator[tuple[int, int, float]]:
        near = self._columns["near"]

        def samples(row: int) -> "array[int]":
            return near.read(row * SAMPLES, SAMPLES)

        for sample in range(SAMPLES):

            def chunks(start: int = sample) -> Iterator["array[int]"]:
                return (chunk[start::SAMPLES] for chunk in near.chunks())

            for row, first in repeats(chunks, len(near) // SAMPLES):
                share = 0.0 if self._told[row] else alike(samples(row), samples(first))
                if share >= NEAR_SHARE:
                    yield row, first, share

    def _prompts(self) -> None:
        answers = self._columns["answer"]
        # By the first row with a prompt: the row with another answer to it, and all answers.
        known: dict[int, tuple[int, set[int]]] = {}
        for row, first in self._repeats("prompt"):
            if self._leaks(row, first):
                if not self._told[row]:
                    self._tell(row, "leaked-prompt", first)
                continue
            answer, usual = answers.read(row, 1)[0], answers.read(first, 1)[0]
            if answer == usual or (first not in known and len(known) >= MAX_PROMPTS):
                continue
            found = known.setdefault(first, (row, {usual}))[1]
            if len(found) < MAX_ANSWERS:
                found.add(answer)
        for first, (row, found) in sorted(known.items()):
            self._tell(row, "conflicting-answers", first, count=len(found))

    def _answers(self) -> None:
        counts = array("I", bytes(4 * self._places.rows))
        for _, first in self._repeats("answer"):
            counts[first] += 1
        rows = self._row_count()
        count = max(counts, default=0) + 1
        if rows >= SAME_ROWS and count >= SAME_SHARE * rows:
            first = counts.index(count - 1)
            self._tell(first, "same-answer", first, share=count / rows, count=count)

    def _row_count(self) -> int:
        return sum(len(chunk) - chunk.count(0) for chunk in self._columns["normal"].chunks())

    def _tell(self, row: int, kind: Kind, other: int, *, share: float = 0.0, count: int = 0) -> None:
        active = self._active.get(kind)
        if active is None:
            return
        self._collector.count(active)
        if not self._collector.has_room(active.severity):
            return
        where = self._places.find(row)
        subject = Compared(kind, self._places.name(other, beside=row), share, count)
        for problem in active.rule.check(subject):
            finding = active.finding(problem, file=str(where.file), line=where.line, column=1, byte=where.byte)
            self._collector.keep(finding)
