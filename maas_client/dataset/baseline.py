"""Findings that are known: a file of them, so that a check speaks of new ones only.

A finding is known again by its rule, its file, the JSON path and the text of its line, not by its number: rows may be
added and removed around it. Of a finding about a whole file the rule and the file are enough.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from maas_client.dataset.jsonl import lines
from maas_client.dataset.report import Finding, Report
from maas_client.dataset.rule import Severity
from maas_client.dataset.source import STDIN, Probe, open_source
from maas_client.dataset.writing import writing
from maas_client.errors import ConfigurationError

VERSION = 1
MAX_FINDINGS = 100_000
"""A check against a baseline has to hold every finding; with more than these, mend the data first."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How often each finding is known, by what it is known again."""

    known: Mapping[str, int]

    def new_in(self, report: Report) -> Report:
        """Return a report without the findings that are known; its counts are those of the rest.

        Raises:
            ConfigurationError: The report does not hold all of its findings.
        """
        marks = _marks(report)
        left = Counter(self.known)
        new: list[Finding] = []
        for finding, mark in zip(report.findings, marks, strict=True):
            if left[mark] > 0:
                left[mark] -= 1
            else:
                new.append(finding)
        severities = Counter(finding.severity for finding in new)
        return replace(
            report,
            findings=tuple(new),
            counts=dict(sorted(Counter(finding.rule for finding in new).items())),
            errors=severities[Severity.ERROR],
            warnings=severities[Severity.WARNING],
        )


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        ConfigurationError: It cannot be read, or is none.
    """
    try:
        document = json.loads(path.read_bytes())
        version = document["version"]
        known = {str(mark): int(count) for mark, count in document.get("findings", {}).items()}
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Write it with --write-baseline."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"{path} is no baseline.", hint="Write it with --write-baseline.") from None
    if version != VERSION:
        raise ConfigurationError(
            f"{path} is a baseline of version {version!r}; this program reads {VERSION}.",
            hint="Write it anew with --write-baseline.",
        )
    return Baseline(known)


def write_baseline(path: Path, report: Report) -> int:
    """Write what a report found as known, over what the file said before; return how many findings that is.

    Raises:
        ConfigurationError: The report does not hold all of its findings, or the file cannot be written.
    """
    counted = Counter(_marks(report))
    document = {"version": VERSION, "findings": dict(sorted(counted.items()))}
    with writing(path, force=True) as file:
        file.write(json.dumps(document, indent=1).encode() + b"\n")
    return counted.total()


def _marks(report: Report) -> list[str]:
    """Return by what each finding is known again."""
    if sum(report.counts.values()) > len(report.findings):
        raise ConfigurationError(
            f"There are more than {len(report.findings):,} findings, too many for a baseline.",
            hint="Mend the most frequent first, or leave their rule out with --ignore.",
        )
    texts: dict[str, dict[int, bytes]] = {}
    for name in {finding.file for finding in report.findings}:
        texts[name] = _lines(Path(name), {finding.line for finding in report.findings if finding.file == name})
    return [_mark(finding, texts[finding.file].get(finding.line or 0, b"")) for finding in report.findings]


def _mark(finding: Finding, text: bytes) -> str:
    parts = (finding.rule, Path(finding.file).as_posix(), finding.path or "", "line" if finding.line else "file")
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=12)
    digest.update(text)
    return f"{finding.rule}:{digest.hexdigest()}"


def _lines(path: Path, wanted: Iterable[int | None]) -> dict[int, bytes]:
    numbers = {number for number in wanted if number is not None}
    found: dict[int, bytes] = {}
    if not numbers:
        return found
    source = open_source(path)
    if isinstance(source, Probe) or path == STDIN:
        raise ConfigurationError(f"{path} cannot be read again.", hint="A baseline needs files, not a pipe.")
    with source:
        for line in lines(source.blocks()):
            if line.number in numbers:
                found[line.number] = (line.data or b"").strip()
    return found
