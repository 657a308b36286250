"""The check: one pass over each file, constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar

from maas_client.catalog import CatalogModel
from maas_client.dataset.decode import Decoded, decode
from maas_client.dataset.fast import plain_messages
from maas_client.dataset.jsonl import BOM, Line, encoding_of, lines
from maas_client.dataset.locate import Locator, json_path
from maas_client.dataset.report import Collector, FileSummary, Place, Report
from maas_client.dataset.rule import Problem, Rule, Severity
from maas_client.dataset.rules_file import CONTENTS_RULES, PATH_RULES, PROBE_RULES, Contents
from maas_client.dataset.rules_line import LINE_RULES
from maas_client.dataset.rules_row import ROW_RULES, Row, count_messages
from maas_client.dataset.source import Probe, Source, open_source

T = TypeVar("T")


def check(
    path: str | Path,
    *,
    validation: str | Path | None = None,
    model: CatalogModel | None = None,
    service: Literal["azureml"] = "azureml",
    limit: int = 1000,
) -> Report:
    """Check a training file, and a validation file if there is one; return when both were read to their ends.

    What the service would refuse, skip or misread is an error; what trains all the same is a warning. Nothing is raised
    for what is wrong with the files: see `Report.raise_for_errors`.

    Args:
        path: The training file: UTF-8, `.jsonl`, one conversation a line.
        validation: The validation file. Without one the service splits off the last fifth of the training rows.
        model: The base model, for the rules that depend on it.
        service: The service whose rules apply.
        limit: Findings to keep, errors first; counts are exact in any case.

    Returns:
        Findings, counts, and for each file its digest and what identifies its state.
    """
    collector = Collector(limit)
    files = []
    for part, file in (("training", path), ("validation", validation)):
        if file is not None:
            split = part == "training" and validation is None
            files.append(_File(Path(file), part, split, collector, model).check())
    return Report(
        findings=collector.findings(),
        files=tuple(file for file in files if file is not None),
        counts=dict(sorted(collector.counts.items())),
        errors=collector.severities[Severity.ERROR],
        warnings=collector.severities[Severity.WARNING],
        service=service,
        model=model.id if model else None,
    )


@dataclass(slots=True)
class _File:
    """One file being checked, with the counts so far."""

    path: Path
    part: str
    split: bool
    collector: Collector
    model: CatalogModel | None
    rows: int = 0
    valid_rows: int = 0
    messages: int = 0

    def check(self) -> FileSummary | None:
        source = open_source(self.path)
        if isinstance(source, Probe):
            self.collector.apply(PROBE_RULES, source, self.path)
            return None
        self.collector.apply(PATH_RULES, self.path, self.path)
        with source:
            try:
                contents = self._read(source)
            except OSError as error:
                probe = Probe(self.path, "unreadable", detail=error.strerror or str(error))
                self.collector.apply(PROBE_RULES, probe, self.path)
                return None
        self.collector.apply(CONTENTS_RULES, contents, self.path, after_lines=True)
        identity = source.identity
        return FileSummary(
            path=self.path,
            part=self.part,
            bytes=identity.size_bytes,
            sha256=source.sha256,
            rows=self.rows,
            valid_rows=self.valid_rows,
            messages=self.messages,
            mtime_ns=identity.mtime_ns,
            inode=identity.inode,
        )

    def _read(self, source: Source) -> Contents:
        blocks = source.blocks()
        head = next(blocks, b"")
        encoding = encoding_of(head)
        if encoding == "UTF-8":
            self._lines(chain((head,), blocks))
        else:
            # Read all the same: the digest is of the whole file.
            for _ in blocks:
                pass
        return Contents(
            path=self.path,
            part=self.part,
            bytes=source.identity.size_bytes,
            rows=self.rows,
            valid_rows=self.valid_rows,
            encoding=encoding,
            bom=head.startswith(BOM),
            changed=source.changed(),
            split=self.split,
        )

    def _lines(self, blocks: Iterator[bytes]) -> None:
        system_role = self.model is None or self.model.system_role
        for line in lines(blocks):
            count = plain_messages(line.data, system_role=system_role) if line.data is not None else 0
            if count:
                self.rows += 1
                self.valid_rows += 1
                self.messages += count
            else:
                self._closely(line)

    def _closely(self, line: Line) -> None:
        decoded = decode(line.data)
        locator = Locator(decoded.text)
        good = self._apply(LINE_RULES, decoded, line, decoded, locator)
        row = Row(decoded.value, self.model)
        if decoded.read:
            good = self._apply(ROW_RULES, row, line, decoded, locator) and good
        if any(fault.kind == "blank" for fault in decoded.faults):
            return
        self.rows += 1
        if good:
            self.valid_rows += 1
            self.messages += count_messages(row)

    def _apply(self, rules: tuple[Rule[T], ...], subject: T, line: Line, decoded: Decoded, locator: Locator) -> bool:
        """Apply rules to a line; return whether none found an error."""
        good = True
        for rule in rules:
            for problem in rule.check(subject):
                good = good and rule.severity is not Severity.ERROR
                if self.collector.count(rule):
                    self.collector.keep(rule, problem, self.path, _place(problem, line, decoded, locator))
        return good


def _place(problem: Problem, line: Line, decoded: Decoded, locator: Locator) -> Place:
    known = problem.position is None or bool(problem.path)
    at = locator.position(problem.path) if problem.position is None else problem.position
    return Place(
        line=line.number,
        column=at + 1,
        byte=line.offset + len(decoded.text[:at].encode("utf-8")),
        path=json_path(problem.path) if decoded.read and known else None,
    )
