"""One block of lines judged: findings, counts, and what the whole file needs to know of it.

A scanner knows nothing of files and of other blocks, so blocks may be scanned in any order, by any process; lines and
bytes are counted from the block's beginning.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from maas_client.dataset.decode import Decoded, decode
from maas_client.dataset.excerpt import excerpt
from maas_client.dataset.fast import FastPath, Plain, Role
from maas_client.dataset.jsonl import Block, lines_of
from maas_client.dataset.locate import Locator, json_path
from maas_client.dataset.measure import NOTHING, Measured, Measurer, RowMeasure
from maas_client.dataset.report import Finding
from maas_client.dataset.row import Row, count_messages
from maas_client.dataset.rule import Problem, Severity
from maas_client.dataset.rules import FOR_ACROSS, FOR_LINES, FOR_MEASURES, FOR_ROWS
from maas_client.dataset.rules_file import Seen
from maas_client.dataset.selection import Active, Selection
from maas_client.dataset.sketch import Columns, said, sketch

T = TypeVar("T")
MAX_SHAPES = 50
Shape = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Problems of one group.

    Attributes:
        count: How many.
        first: The first of them.
    """

    count: int
    first: Finding


@dataclass(slots=True)
class Scanned:
    """What one block holds.

    Attributes:
        lines: Lines.
        rows: Lines that are not blank.
        valid_rows: Rows without an error.
        messages: Messages in the valid rows.
        returns: Lines that end with a carriage return before their line feed.
        counts: How often each rule found something.
        findings: In the order of lines; as many as may be kept, of errors and of others.
        grouped: Problems that are one finding a file: rule and group to how many there are, and the first.
        shapes: Top-level keys of rows, sorted; for a row that is no object the name of its type.
        measure: The sum over the valid rows, if they were measured.
        columns: What the valid rows are compared by, if they are to be.
    """

    lines: int = 0
    rows: int = 0
    valid_rows: int = 0
    messages: int = 0
    returns: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    grouped: dict[tuple[str, str], Grouped] = field(default_factory=dict)
    shapes: dict[Shape, Seen] = field(default_factory=dict)
    measure: RowMeasure = NOTHING
    columns: Columns | None = None


class _Line(NamedTuple):
    order: int
    start: int
    data: bytes | None


class Scanner:
    """Applies the rules about lines and rows; one for each process.

    Args:
        selection: The rules in force.
        limit: Findings to keep of a block, of errors and of others.
        measurer: Measures the valid rows.
    """

    def __init__(self, selection: Selection, limit: int, measurer: Measurer | None = None) -> None:
        self._profile = selection.profile
        self._line_rules = selection.of(FOR_LINES)
        self._row_rules = selection.of(FOR_ROWS)
        self._measure_rules = selection.of(FOR_MEASURES) if measurer else ()
        self._screened = [active for active in self._row_rules if active.rule.screen]
        self._limit = limit
        self._measurer = measurer
        self._fast = FastPath(self._approve) if self._profile.method == "supervised" else None
        self._compared = bool(selection.of(FOR_ACROSS))
        self._begin()

    def _begin(self) -> None:
        self._result = Scanned()
        self._room = {True: self._limit, False: self._limit}

    def scan(self, block: Block) -> Scanned:
        """Judge the lines of a block."""
        self._begin()
        result = self._result
        lines = lines_of(block)
        sizes = [len(data) + 1 for data in lines if data is not None] or [block.size_bytes]
        starts = [0, *accumulate(sizes)]
        rows = self._taken(lines, block.data)
        self._count_plain(rows, starts)
        due = self._due(block.data, starts)
        for order, row in enumerate(rows):
            if row is None:
                rows[order] = self._closely(_Line(order, starts[order], lines[order]))
            elif self._measurer or order in due:
                rows[order] = self._plainly(_Line(order, starts[order], lines[order]), row, due.get(order, ()))
        result.lines = len(lines)
        result.returns = block.data.count(b"\r\n") if block.data else 0
        result.columns = sketch(sizes, rows) if self._compared else None
        return result

    def _taken(self, lines: Sequence[bytes | None], data: bytes | None) -> list[Plain | None]:
        """Return for each line what it says, if only rules with a screen can have anything to say about it."""
        if self._fast is None or data is None:
            return [None] * len(lines)
        return self._fast.take(lines, data)

    def _due(self, data: bytes | None, starts: Sequence[int]) -> dict[int, list[Active[Row]]]:
        """Return for each line at which screens point the rules they belong to."""
        due: dict[int, list[Active[Row]]] = {}
        for active in self._screened if data else ():
            orders = {bisect_right(starts, at) - 1 for at in active.rule.screen(data)}  # type: ignore[misc, arg-type]
            for order in orders:
                due.setdefault(order, []).append(active)
        return due

    def _count_plain(self, rows: Sequence[Plain | None], starts: Sequence[int]) -> None:
        plain = [row for row in rows if row]
        if plain:
            first = next(order for order, row in enumerate(rows) if row)
            self._result.shapes[("messages",)] = Seen(len(plain), first + 1, starts[first])
        self._result.rows = self._result.valid_rows = len(plain)
        self._result.messages = sum([len(row.roles) for row in plain])

    def _plainly(self, line: _Line, row: Plain, due: Iterable[Active[Row]]) -> Plain | None:
        messages = [{"role": role, "content": text} for role, text in zip(*row, strict=True)]
        # Nothing but texts: only the rules whose screens point here can find anything.
        good = self._apply(due, Row({"messages": messages}, self._profile), line, None)
        if good and self._measurer:
            good = self._measure(line, messages, None, None)
        if good:
            return row
        self._result.valid_rows -= 1
        self._result.messages -= len(row.roles)
        return None

    def _closely(self, line: _Line) -> Plain | None:
        decoded = decode(line.data)
        good = self._apply(self._line_rules, decoded, line, decoded) and decoded.read
        if any(fault.kind == "blank" for fault in decoded.faults):
            return None
        self._result.rows += 1
        if not decoded.read:
            return None
        row = Row(decoded.value, self._profile)
        self._shape(_shape_of(decoded.value), line)
        good = self._apply(self._row_rules, row, line, decoded) and good
        if good and self._measurer and count_messages(row) and isinstance(decoded.value, dict):
            good = self._measure(line, decoded.value["messages"], decoded.value.get("tools"), decoded)
        if not good:
            return None
        self._result.valid_rows += 1
        self._result.messages += count_messages(row)
        return said(decoded.value)

    def _measure(self, line: _Line, messages: list[Any], tools: object, decoded: Decoded | None) -> bool:
        assert self._measurer  # noqa: S101
        measure = self._measurer.measure(messages, tools)
        self._result.measure += measure
        return self._apply(self._measure_rules, Measured(measure, self._profile), line, decoded)

    def _apply(self, rules: Iterable[Active[T]], subject: T, line: _Line, decoded: Decoded | None) -> bool:
        """Apply rules to a line; return whether none found an error."""
        good = True
        locator: Locator | None = None
        for active in rules:
            is_error = active.severity is Severity.ERROR
            for problem in active.rule.check(subject):
                good = good and not is_error
                if not self._wanted(active, problem):
                    continue
                decoded = decoded or decode(line.data)
                locator = locator or Locator(decoded.text)
                finding = _located(active, problem, line, decoded, locator)
                if problem.group is None:
                    self._result.findings.append(finding)
                else:
                    self._result.grouped[active.rule.id, problem.group] = Grouped(1, finding)
        return good

    def _wanted(self, active: Active[T], problem: Problem) -> bool:
        """Count a problem; return whether it has to be located."""
        if problem.group is not None:
            known = self._result.grouped.get((active.rule.id, problem.group))
            if known:
                self._result.grouped[active.rule.id, problem.group] = replace(known, count=known.count + 1)
            return known is None
        self._result.counts[active.rule.id] += 1
        is_error = active.severity is Severity.ERROR
        self._room[is_error] -= 1
        return self._room[is_error] >= 0

    def _approve(self, roles: tuple[Role, ...]) -> bool:
        row = Row({"messages": [{"role": role, "content": "x"} for role in roles]}, self._profile)
        return not any(True for active in self._row_rules if active.rule.screen is None for _ in active.rule.check(row))

    def _shape(self, shape: Shape, line: _Line) -> None:
        shapes = self._result.shapes
        if shape in shapes:
            shapes[shape] = replace(shapes[shape], count=shapes[shape].count + 1)
        elif len(shapes) < MAX_SHAPES:
            shapes[shape] = Seen(1, line.order + 1, line.start)


def _shape_of(value: object) -> Shape:
    if isinstance(value, dict):
        return tuple(sorted(str(key)[:40] for key in value)[:20])
    return (type(value).__name__,)


def _located(active: Active[T], problem: Problem, line: _Line, decoded: Decoded, locator: Locator) -> Finding:
    known = problem.position is None or bool(problem.path)
    if problem.position is not None:
        at = problem.position
    else:
        at = locator.position(problem.path) if problem.offset is None else locator.within(problem.path, problem.offset)
    return active.finding(
        problem,
        line=line.order + 1,
        column=at + 1,
        byte=line.start + len(decoded.text[:at].encode("utf-8")),
        path=json_path(problem.path) if decoded.read and known else None,
        excerpt=excerpt(decoded.text, at, sensitive=active.rule.sensitive) or None,
    )
