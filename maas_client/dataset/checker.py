"""The check: one pass over the files, constant memory."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from maas_client.catalog import CatalogModel
from maas_client.dataset.across import Across
from maas_client.dataset.collect import Collector, moved
from maas_client.dataset.jsonl import BOM, blocks, encoding_of
from maas_client.dataset.layout import layout_of
from maas_client.dataset.measure import NOTHING, MeasurerFactory, RowMeasure
from maas_client.dataset.parallel import Team, jobs_for, team
from maas_client.dataset.paths import FilePaths, listed
from maas_client.dataset.profile import Method, Profile, Service
from maas_client.dataset.report import FileSummary, Report
from maas_client.dataset.rule import Severity
from maas_client.dataset.rules import FOR_FILES, FOR_PARTS, FOR_PATHS, FOR_PROBES, RULES
from maas_client.dataset.rules_file import Contents, Part, Seen
from maas_client.dataset.scan import MAX_SHAPES, Grouped, Scanned, Shape
from maas_client.dataset.selection import Active, Selection
from maas_client.dataset.source import STDIN, DamagedError, Probe, Source, open_source, size_of
from maas_client.dataset.worker import Setup

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check has come.

    Attributes:
        file: The file being read.
        done: Bytes of it that were read.
        total: Its length; `None` if that is not known.
    """

    file: Path
    done: int
    total: int | None


def check(
    paths: FilePaths,
    *,
    validation: FilePaths | None = None,
    model: CatalogModel | None = None,
    service: Service = "azureml",
    limit: int = 1000,
    method: Method = "supervised",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    jobs: int | None = None,
    tokens: MeasurerFactory | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Check training files, and validation files if there are any; return when all were read to their ends.

    What the service would refuse, skip or misread is an error; what trains all the same is a warning. Nothing is raised
    for what is wrong with the files: see `Report.raise_for_errors`.

    Args:
        paths: The training file, or several that are one set: UTF-8, `.jsonl`, one conversation a line. What is named
            `.gz` is unpacked on the way; `-` is standard input.
        validation: The same of validation. Without it the service splits off the last fifth of the training rows.
        model: The base model, for the rules that depend on it.
        service: The service whose rules apply.
        limit: Findings to keep, errors first; counts are exact in any case.
        method: How the model would be trained.
        select: Rules to apply: ids, names, or beginnings of ids such as `ENC`. All, if there are none.
        ignore: Rules to leave out, in the same words.
        jobs: Processes to use; what is found does not depend on it. By default one below 32 MB, else one a core.
        tokens: Counts the tokens of each valid row.
        progress: Called now and then.

    Returns:
        Findings, counts, and for each file its digest and what identifies its state.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that there is not.
    """
    selection = Selection(Profile(service, model, method), tuple(select), tuple(ignore))
    collector = Collector(limit)
    parts = {"training": listed(paths), "validation": listed(validation) if validation is not None else []}
    setup = Setup(service, model.id if model else None, method, selection.select, selection.ignore, tokens)
    jobs = jobs or jobs_for(sum(map(size_of, chain(*parts.values()))))
    files = []
    with closing(Across(selection, collector)) as across:
        with team(setup, jobs) as members:
            run = _Run(selection, collector, members, across, progress, measured=tokens is not None)
            for part, paths_ in parts.items():
                contents = [found for path in paths_ if (found := run.check(path, part))]
                files += [summary for _, summary in contents]
                run.check_part(part, [each for each, _ in contents], split=not parts["validation"])
        across.compare()
    return Report(
        findings=collector.findings(),
        files=tuple(files),
        counts=dict(sorted(collector.counts.items())),
        errors=collector.severities[Severity.ERROR],
        warnings=collector.severities[Severity.WARNING],
        service=service,
        model=model.id if model else None,
        method=method,
    )


@dataclass(slots=True)
class _Sums:
    """What the blocks of a file hold together."""

    lines: int = 0
    rows: int = 0
    valid_rows: int = 0
    messages: int = 0
    returns: int = 0
    shapes: dict[Shape, Seen] = field(default_factory=dict)
    grouped: dict[tuple[str, str], Grouped] = field(default_factory=dict)
    measure: RowMeasure = NOTHING

    def add(self, scanned: Scanned, offset: int) -> None:
        for shape, seen in scanned.shapes.items():
            known = self.shapes.get(shape)
            if known:
                self.shapes[shape] = replace(known, count=known.count + seen.count)
            elif len(self.shapes) < MAX_SHAPES:
                self.shapes[shape] = Seen(seen.count, seen.line + self.lines, seen.byte + offset)
        for key, group in scanned.grouped.items():
            before = self.grouped.get(key)
            first = before.first if before else moved(group.first, self.lines, offset)
            self.grouped[key] = Grouped(group.count + (before.count if before else 0), first)
        self.lines += scanned.lines
        self.rows += scanned.rows
        self.valid_rows += scanned.valid_rows
        self.messages += scanned.messages
        self.returns += scanned.returns
        self.measure += scanned.measure


class _Run:
    """One use of `check`."""

    def __init__(
        self,
        selection: Selection,
        collector: Collector,
        members: Team,
        across: Across,
        progress: Callable[[Progress], None] | None,
        *,
        measured: bool,
    ) -> None:
        self._selection = selection
        self._collector = collector
        self._members = members
        self._across = across
        self._progress = progress
        self._measured = measured
        self._probe_rules = selection.of(FOR_PROBES)

    def check(self, path: Path, part: str) -> tuple[Contents, FileSummary] | None:
        """Check one file; return `None` if it cannot be read."""
        self._collector.begin_file(path)
        source = open_source(path)
        if isinstance(source, Probe):
            self._collector.apply(self._probe_rules, source, path)
            return None
        if path != STDIN:
            self._collector.apply(self._selection.of(FOR_PATHS), path, path)
        sums = _Sums()
        with source:
            try:
                contents = self._read(source, path, part, sums)
            except OSError as error:
                kind = "damaged" if isinstance(error, DamagedError) else "unreadable"
                self._collector.apply(self._probe_rules, Probe(path, kind, detail=error.strerror or str(error)), path)
                return None
        self._collector.apply(self._selection.of(FOR_FILES), contents, path, after_lines=True)
        return contents, FileSummary(
            path=path,
            part=part,
            bytes=contents.bytes,
            sha256=source.sha256,
            rows=sums.rows,
            valid_rows=sums.valid_rows,
            messages=sums.messages,
            mtime_ns=source.identity.mtime_ns,
            inode=source.identity.inode,
            measure=sums.measure if self._measured else None,
        )

    def check_part(self, part: str, contents: list[Contents], *, split: bool) -> None:
        """Apply the rules about all files of a part together."""
        if contents:
            subject = Part(part, tuple(contents), split=split)
            self._collector.apply(self._selection.of(FOR_PARTS), subject, contents[0].path, after_lines=True)

    def _read(self, source: Source, path: Path, part: str, sums: _Sums) -> Contents:
        chunks = source.blocks()
        head = next(chunks, b"")
        encoding = encoding_of(head)
        layout = layout_of(head.removeprefix(BOM)) if encoding == "UTF-8" else "lines"
        ended = True
        if encoding == "UTF-8" and layout == "lines":
            ended = self._scan(chain((head,), chunks), source, path, part, sums)
        else:
            # Read all the same: the digest is of the whole file.
            for _ in chunks:
                pass
        return Contents(
            path=path,
            part=part,
            bytes=source.identity.size_bytes,
            lines=sums.lines,
            rows=sums.rows,
            valid_rows=sums.valid_rows,
            encoding=encoding,
            bom=head.startswith(BOM),
            changed=source.changed(),
            returns=sums.returns,
            ended=ended,
            layout=layout,
            head=head[:HEAD_BYTES],
            shapes=sums.shapes,
        )

    def _scan(self, chunks: Iterator[bytes], source: Source, path: Path, part: str, sums: _Sums) -> bool:
        """Scan all blocks of a file; return whether its last line ends with a line feed."""
        ended = True
        self._across.begin_file(path, part)
        for block, scanned in self._members.scan(blocks(chunks), self._collector.room):
            for rule, count in scanned.counts.items():
                self._collector.count(self._active(rule), count)
            self._collector.shift(scanned.findings, path, sums.lines, block.offset)
            sums.add(scanned, block.offset)
            if scanned.columns:
                self._across.add(scanned.columns, block.offset)
            ended = block.data is None or block.data.endswith(b"\n")
            if self._progress:
                self._progress(Progress(path, source.done_bytes, source.total_bytes))
        for (rule, _), group in sums.grouped.items():
            self._collector.count(self._active(rule))
            self._collector.keep_group(group.first, path, group.count)
        return ended

    def _active(self, rule: str) -> Active[object]:
        return self._selection.of((RULES[rule],))[0]
