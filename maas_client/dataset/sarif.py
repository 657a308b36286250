"""A report as SARIF 2.1.0, the format in which code scanners hand their findings to each other.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.13 to 3.52.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from maas_client.dataset.report import Finding, Report
from maas_client.dataset.rule import Rule, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(report: Report, rules: Mapping[str, Rule[Any]], *, version: str) -> dict[str, Any]:
    """Return the report as a SARIF log of one run.

    Args:
        report: The report.
        rules: The table of rules, by id.
        version: Of this package.
    """
    used = list(dict.fromkeys(finding.rule for finding in report.findings))
    driver = {
        "name": "maas-ft data check",
        "semanticVersion": version,
        "rules": [_rule(rules[rule]) for rule in used],
    }
    invocation: dict[str, Any] = {"executionSuccessful": True}
    hidden = sum(report.counts.values()) - len(report.findings)
    if hidden > 0:
        text = f"{hidden} more findings were counted, not listed: raise the limit to see them."
        invocation["toolExecutionNotifications"] = [{"level": "note", "message": {"text": text}}]
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "artifacts": [_artifact(file.path, file.bytes, file.sha256) for file in report.files],
        "results": list(_results(report.findings, used)),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule[Any]) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.hint}\nSource: {rule.source}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _artifact(path: Path, size: int, sha256: str) -> dict[str, Any]:
    return {"location": {"uri": _uri(str(path))}, "length": size, "hashes": {"sha-256": sha256}}


def _results(findings: Iterable[Finding], used: list[str]) -> Iterable[dict[str, Any]]:
    for finding in findings:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
        if finding.line is not None:
            place["region"] = {"startLine": finding.line, "startColumn": finding.column or 1}
        location: dict[str, Any] = {"physicalLocation": place}
        if finding.path is not None:
            location["logicalLocations"] = [{"fullyQualifiedName": finding.path, "kind": "value"}]
        yield {
            "ruleId": finding.rule,
            "ruleIndex": used.index(finding.rule),
            "level": _LEVELS[finding.severity],
            "message": {"text": f"{finding.message} {finding.hint}".strip()},
            "locations": [location],
        }


def _uri(path: str) -> str:
    """Write a path as a URI reference: relative paths stay relative, to wherever the reader starts."""
    pure = Path(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())
