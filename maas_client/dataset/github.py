"""A report as workflow commands of GitHub Actions, which show as annotations beside the files.

Source: GitHub Docs, "Workflow commands for GitHub Actions": `::error file={name},line={line},col={col},title={title}::`
and the escapes in messages and properties.
"""

from collections.abc import Iterator

from maas_client.dataset.report import Finding, Report
from maas_client.dataset.rule import Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def to_github(report: Report) -> Iterator[str]:
    """Give one line a finding. GitHub shows ten of each severity a step; errors come first."""
    for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
        for finding in report.findings:
            if finding.severity is severity:
                yield _annotation(finding)


def _annotation(finding: Finding) -> str:
    properties = {"file": finding.file, "line": finding.line, "col": finding.column, "title": finding.rule}
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    return f"::{_COMMANDS[finding.severity]} {written}::{_message(f'{finding.message} {finding.hint}')}"


def _message(text: str) -> str:
    return text.strip().replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
