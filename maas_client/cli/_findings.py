"""A dataset report in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client.errors import ConfigurationError

if TYPE_CHECKING:
    from maas_client.catalog import CatalogModel
    from maas_client.dataset import FileSummary, Finding, Report

_PATH_RULES = frozenset({"FIL001", "FIL002", "FIL003"})


def refuse_bad_paths(report: "Report") -> None:
    """Tell a wrong path from wrong data.

    Raises:
        ConfigurationError: There is no such file, or it is a directory or the like.
    """
    for finding in report.findings:
        if finding.rule in _PATH_RULES:
            raise ConfigurationError(f"{finding.file}: {finding.message}", hint=finding.hint)


def finding_lines(report: "Report", limit: int) -> Iterator[str]:
    """Give the findings as compilers do; of too many the errors first; then how many more there are."""
    findings = report.limited(limit).findings
    for finding in findings:
        yield _line(finding)
        if finding.excerpt:
            yield f"    here: {finding.excerpt}"
        yield f"    hint: {finding.hint}"
    hidden = sum(report.counts.values()) - len(findings)
    if hidden > 0:
        counts = ", ".join(f"{rule} x{count}" for rule, count in report.counts.items())
        yield f"... and {hidden:,} more (in all: {counts})"


def _line(finding: "Finding") -> str:
    place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part is not None)
    return f"{place}: {finding.severity.value} {finding.rule} {finding.message}"


def file_line(file: "FileSummary") -> str:
    """Say what a file holds."""
    return f"{file.path}  {many(file.rows, 'row')}  {size(file.bytes)}"


def tokens_line(file: "FileSummary", model: "CatalogModel | None", tokenizer_json: str | None = None) -> str:
    """Say how many tokens were counted, and what the number is worth."""
    if file.measure is None or model is None:
        return ""
    from maas_client.dataset.tokens import precision_of

    return f", {file.measure.tokens:,} tokens ({precision_of(model, tokenizer_json)})"


def near(path: str) -> str:
    """Write a path as one would type it here."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def size(count: int) -> str:
    """Write a size for people, in units of 1000."""
    if count < 1000:
        return f"{count} B"
    value, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"


def counts_line(report: "Report") -> str:
    """Say how many errors and warnings there are."""
    return f"{many(report.errors, 'error')}, {many(report.warnings, 'warning')}"


def many(count: int, noun: str) -> str:
    """Write a number of things for people."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
