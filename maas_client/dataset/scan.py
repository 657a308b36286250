"""One block of lines judged: findings, counts, and what the whole file needs to know of it.

A scanner knows nothing of files and of other blocks, so blocks may be scanned in any order, by any process; lines and
bytes are counted from the block's beginning.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain
from typing import Any, NamedTuple, TypeVar

from maas_client.dataset.decode import Decoded, decode
from maas_client.dataset.excerpt import excerpt
from maas_client.dataset.fast import FastPath, Plain, Role
from maas_client.dataset.jsonl import Block, lines_of
from maas_client.dataset.locate import Locator, json_path
from maas_client.dataset.measure import NOTHING, Measured, Measurer, RowMeasure
from maas_client.dataset.report import Finding
from maas_client.dataset.row import Row, SomeTexts, Text, Texts, count_messages
from maas_client.dataset.rule import Problem, Severity
from maas_client.dataset.rules import FOR_ACROSS, FOR_LINES, FOR_MEASURES, FOR_ROWS, FOR_TEXTS
from maas_client.dataset.rules_file import Seen
from maas_client.dataset.screens import Search
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


class Room(NamedTuple):
    """How many findings would still be kept; the others are counted, but need not be located.

    Attributes:
        errors: Of errors.
        others: Of what is none.
    """

    errors: int
    others: int


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
        findings: In the order of lines; as many as there is room for, of errors and of others.
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


class _Line:
    """One line of the block, and what is known of it once something was found in it."""

    def __init__(self, order: int, start: int, data: bytes | None, decoded: Decoded | None = None) -> None:
        self.order = order
        self.start = start
        self._data = data
        self._decoded = decoded
        self._locator: Locator | None = None

    @property
    def decoded(self) -> Decoded:
        # A line that was not decoded closely is plain: its text is all that places are told by.
        self._decoded = self._decoded or Decoded((self._data or b"").decode(), read=True)
        return self._decoded

    @property
    def locator(self) -> Locator:
        self._locator = self._locator or Locator(self.decoded.text)
        return self._locator


Due = dict[int, list[int]]
"""Of a row the rules about texts that have to read some of them: the number of each rule to those of the texts."""


class Scanner:
    """Applies the rules about lines and rows; one for each process.

    Args:
        selection: The rules in force.
        measurer: Measures the valid rows.
    """

    def __init__(self, selection: Selection, measurer: Measurer | None = None) -> None:
        self._profile = selection.profile
        self._line_rules = selection.of(FOR_LINES)
        self._row_rules = selection.of(FOR_ROWS)
        self._text_rules = selection.of(FOR_TEXTS)
        self._measure_rules = selection.of(FOR_MEASURES) if measurer else ()
        self._search = Search(active.rule.screen for active in self._text_rules)
        self._measurer = measurer
        self._fast = FastPath(self._approve) if self._profile.method == "supervised" else None
        self._compared = bool(selection.of(FOR_ACROSS))
        self._result = Scanned()
        self._room = {True: 0, False: 0}

    def scan(self, block: Block, room: Room) -> Scanned:
        """Judge the lines of a block.

        Args:
            block: The block.
            room: Findings that are wanted of it; all are counted.
        """
        result = self._result = Scanned()
        self._room = {True: room.errors, False: room.others}
        lines = lines_of(block)
        sizes = [len(data) + 1 for data in lines if data is not None] or [block.size_bytes]
        starts = [0, *accumulate(sizes)]
        rows = self._taken(lines, block.data)
        self._count_plain(rows, starts)
        read = {order: decode(line) for order, line in enumerate(lines) if rows[order] is None}
        others = {order: Row(decoded.value, self._profile) for order, decoded in read.items() if decoded.read}
        due, counted = self._due([row.texts if row else _texts_of(others.get(order)) for order, row in enumerate(rows)])
        for rule, places in counted.items():
            some = [rows[order] or others[order] for order, _ in places]
            texts = [_text(row, index) for row, (_, index) in zip(some, places, strict=True)]
            self._count(
                self._text_rules[rule], texts, [_Line(order, starts[order], lines[order]) for order, _ in places]
            )
        for order, row in enumerate(rows):
            asked = due.get(order, {})
            if row is None:
                line = _Line(order, starts[order], lines[order], read[order])
                rows[order] = self._closely(line, others.get(order), asked)
            elif self._measurer or asked:
                rows[order] = self._plainly(_Line(order, starts[order], lines[order]), row, asked)
        result.lines = len(lines)
        # One byte is found ten times as fast as two, and most files have none.
        result.returns = block.data.count(b"\r\n") if block.data and b"\r" in block.data else 0
        result.columns = sketch(sizes, rows) if self._compared else None
        return result

    def _taken(self, lines: Sequence[bytes | None], data: bytes | None) -> list[Plain | None]:
        """Return for each line what it says, if only rules about texts can have anything to say about it."""
        if self._fast is None or data is None:
            return [None] * len(lines)
        return self._fast.take(lines, data)

    def _due(self, rows: Sequence[Sequence[str]]) -> tuple[dict[int, Due], dict[int, list[tuple[int, int]]]]:
        """Return what rules about texts have to read, where their signs were seen.

        Args:
            rows: The texts of each line.

        Returns:
            Of each row what is due; and of rules whose findings are only counted, the rows and the numbers of texts.
        """
        due: dict[int, Due] = {}
        counted: dict[int, list[tuple[int, int]]] = {}
        if not self._text_rules:
            return due, counted
        firsts = [0, *accumulate(map(len, rows))]
        for text, rule in self._search([*chain.from_iterable(rows)]):
            order = bisect_right(firsts, text) - 1
            if self._room[False] <= 0 and self._text_rules[rule].severity is not Severity.ERROR:
                counted.setdefault(rule, []).append((order, text - firsts[order]))
            else:
                due.setdefault(order, {}).setdefault(rule, []).append(text - firsts[order])
        return due, counted

    def _count(self, active: Active[Texts], texts: Sequence[Text], lines: Sequence[_Line]) -> None:
        """Count what a rule finds in texts of several lines, where there is no room for more findings."""
        numbered = [Text((number,), text.role, text.text) for number, text in enumerate(texts)]
        for problem in active.rule.check(SomeTexts(numbered, self._profile)):
            if self._wanted(active, problem):
                number = int(problem.path[0])
                self._keep(active, problem._replace(path=texts[number].path), lines[number])

    def _count_plain(self, rows: Sequence[Plain | None], starts: Sequence[int]) -> None:
        plain = [row for row in rows if row]
        if plain:
            first = next(order for order, row in enumerate(rows) if row)
            self._result.shapes[("messages",)] = Seen(len(plain), first + 1, starts[first])
        self._result.rows = self._result.valid_rows = len(plain)
        self._result.messages = sum([len(row.roles) for row in plain])

    def _plainly(self, line: _Line, row: Plain, due: Due) -> Plain | None:
        good = self._read(due, row, line)
        if good and self._measurer:
            messages = [{"role": role, "content": text} for role, text in zip(*row, strict=True)]
            good = self._measure(line, messages, None)
        if good:
            return row
        self._result.valid_rows -= 1
        self._result.messages -= len(row.roles)
        return None

    def _closely(self, line: _Line, row: Row | None, due: Due) -> Plain | None:
        good = self._apply(self._line_rules, line.decoded, line)
        if any(fault.kind == "blank" for fault in line.decoded.faults):
            return None
        self._result.rows += 1
        if row is None:
            return None
        self._shape(_shape_of(row.value), line)
        good = self._apply(self._row_rules, row, line) and good
        good = self._read(due, row, line) and good
        if good and self._measurer and count_messages(row) and isinstance(row.value, dict):
            good = self._measure(line, row.value["messages"], row.value.get("tools"))
        if not good:
            return None
        self._result.valid_rows += 1
        self._result.messages += count_messages(row)
        return said(row.value)

    def _read(self, due: Due, row: Plain | Row, line: _Line) -> bool:
        """Apply rules about texts to those of a line that they have to read; return whether none found an error."""
        good = True
        for rule in sorted(due):
            texts = SomeTexts([_text(row, index) for index in due[rule]], self._profile)
            good = self._apply((self._text_rules[rule],), texts, line) and good
        return good

    def _measure(self, line: _Line, messages: list[Any], tools: object) -> bool:
        assert self._measurer  # noqa: S101
        measure = self._measurer.measure(messages, tools)
        self._result.measure += measure
        return self._apply(self._measure_rules, Measured(measure, self._profile), line)

    def _apply(self, rules: Iterable[Active[T]], subject: T, line: _Line) -> bool:
        """Apply rules to a line; return whether none found an error."""
        good = True
        for active in rules:
            is_error = active.severity is Severity.ERROR
            for problem in active.rule.check(subject):
                good = good and not is_error
                if self._wanted(active, problem):
                    self._keep(active, problem, line)
        return good

    def _keep(self, active: Active[T], problem: Problem, line: _Line) -> None:
        finding = _located(active, problem, line)
        if problem.group is None:
            self._result.findings.append(finding)
        else:
            self._result.grouped[active.rule.id, problem.group] = Grouped(1, finding)

    def _wanted(self, active: Active[T], problem: Problem) -> bool:
        """Count a problem; return whether it has to be located."""
        if problem.group is not None:
            known = self._result.grouped.get((active.rule.id, problem.group))
            if known:
                self._result.grouped[active.rule.id, problem.group] = Grouped(known.count + 1, known.first)
            return known is None
        self._result.counts[active.rule.id] += 1
        is_error = active.severity is Severity.ERROR
        self._room[is_error] -= 1
        return self._room[is_error] >= 0

    def _approve(self, roles: tuple[Role, ...]) -> bool:
        row = Row({"messages": [{"role": role, "content": "x"} for role in roles]}, self._profile)
        return not any(True for active in self._row_rules for _ in active.rule.check(row))

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


def _texts_of(row: Row | None) -> Sequence[str]:
    return [text.text for text in row.texts] if row else ()


def _text(row: Plain | Row, index: int) -> Text:
    if isinstance(row, Plain):
        return Text(("messages", index, "content"), row.roles[index], row.texts[index])
    return row.texts[index]


def _located(active: Active[T], problem: Problem, line: _Line) -> Finding:
    text, locator = line.decoded.text, line.locator
    known = problem.position is None or bool(problem.path)
    if problem.position is not None:
        at = problem.position
    else:
        at = locator.position(problem.path) if problem.offset is None else locator.within(problem.path, problem.offset)
    return active.finding(
        problem,
        line=line.order + 1,
        column=at + 1,
        byte=line.start + len(text[:at].encode("utf-8")),
        path=json_path(problem.path) if line.decoded.read and known else None,
        excerpt=excerpt(text, at, sensitive=active.rule.sensitive) or None,
    )
