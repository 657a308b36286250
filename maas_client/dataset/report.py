"""What a check found: findings, and a summary of each file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from maas_client.dataset.measure import RowMeasure
from maas_client.dataset.rule import Severity
from maas_client.errors import DatasetError


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
        excerpt: What stands at the place, in a few printable characters; keys and tokens are masked.
        why: What happens if it is ignored.
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
    excerpt: str | None = None
    why: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.rule} {self.severity}: {self.message}"


@dataclass(frozen=True, slots=True)
class FileSummary:
    """One file as it was when it was checked.

    Attributes:
        path: As it was given.
        part: `training` or `validation`.
        bytes: Length of the file, compressed if it is.
        sha256: Hex digest of the whole file.
        rows: Lines that are not blank.
        valid_rows: Rows without an error.
        messages: Messages in the valid rows.
        mtime_ns: Last modification, nanoseconds since 1970 (UTC).
        inode: File number; with `mtime_ns` and `bytes` it tells whether this is still the file that was checked.
        measure: The tokens of the valid rows, if they were counted.
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
    measure: RowMeasure | None = None


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
        method: The method of training for which the file was checked.
    """

    findings: tuple[Finding, ...]
    files: tuple[FileSummary, ...]
    counts: Mapping[str, int]
    errors: int
    warnings: int
    service: str
    model: str | None = None
    method: str = "supervised"

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

    def limited(self, limit: int) -> "Report":
        """Return the report with at most so many findings, errors in preference; what was counted stays."""
        if len(self.findings) <= limit:
            return self
        order = sorted(range(len(self.findings)), key=lambda index: self.findings[index].severity is not Severity.ERROR)
        return replace(self, findings=tuple(self.findings[index] for index in sorted(order[:limit])))

    def _repr_html_(self) -> str:
        """Draw the files and the findings in a notebook."""
        from maas_client.types.drawing import table  # loads pydantic, which a check of data does without

        files = [(file.path.name, file.part, file.rows, file.valid_rows, file.bytes) for file in self.files]
        verdict = "No errors" if self.ok else f"{self.errors:,} errors"
        findings = [
            (finding.severity, finding.rule, finding.file, finding.line, finding.message, finding.hint)
            for finding in self.findings
        ]
        return (
            f"<b>{verdict}, {self.warnings:,} warnings</b>"
            + table(("file", "part", "rows", "valid rows", "bytes"), files)
            + (table(("severity", "rule", "file", "line", "message", "hint"), findings) if findings else "")
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "ok": self.ok,
            "summary": {
                "service": self.service,
                "model": self.model,
                "method": self.method,
                "errors": self.errors,
                "warnings": self.warnings,
                "shown": len(self.findings),
                "rules": dict(self.counts),
                "files": [{**asdict(file), "path": str(file.path)} for file in self.files],
            },
            "findings": [{**asdict(finding), "severity": finding.severity.value} for finding in self.findings],
        }
