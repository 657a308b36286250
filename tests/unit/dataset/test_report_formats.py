"""Reports for other programs: SARIF holds to its schema, GitHub's commands are escaped."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from maas_client.dataset import RULES, Severity, check
from maas_client.dataset.github import to_github
from maas_client.dataset.sarif import to_sarif

SCHEMA = json.loads((Path(__file__).parents[2] / "data" / "sarif-2.1.0.schema.json").read_text())


def row(index):
    messages = [{"role": "user", "content": f"question {index}"}, {"role": "assistant", "content": f"answer {index}"}]
    return json.dumps({"messages": messages})


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "a b,c:d%.jsonl"
    path.write_text("\n".join([*map(row, range(20)), '{"messages": [{"role": "user"}]}', "", "{", row(21)]) + "\n")
    return check(path)


def test_sarif_holds_to_its_schema(report):
    log = to_sarif(report, RULES, version="1.2.3")
    assert list(Draft7Validator(SCHEMA).iter_errors(log)) == []
    [run] = log["runs"]
    assert len(run["results"]) == len(report.findings) > 2
    for result, finding in zip(run["results"], report.findings, strict=True):
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] == finding.rule
        assert result["level"] == {"error": "error", "warning": "warning", "info": "note"}[finding.severity.value]
    first = run["results"][0]["locations"][0]
    assert first["physicalLocation"]["artifactLocation"]["uri"].endswith("a%20b%2Cc%3Ad%25.jsonl")
    assert first["physicalLocation"]["region"]["startLine"] == report.findings[0].line
    assert run["artifacts"][0]["hashes"] == {"sha-256": report.files[0].sha256}


def test_a_broken_log_is_seen():
    assert list(Draft7Validator(SCHEMA).iter_errors({"version": "2.1.0", "runs": [{"results": []}]})) != []


def test_sarif_says_how_many_are_not_listed(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text("{\n" * 30)
    report = check(path, limit=5)
    [run] = to_sarif(report, RULES, version="1")["runs"]
    [note] = run["invocations"][0]["toolExecutionNotifications"]
    assert str(sum(report.counts.values()) - 5) in note["message"]["text"]
    assert list(Draft7Validator(SCHEMA).iter_errors({"version": "2.1.0", "runs": [run]})) == []


def test_github_annotations(report):
    lines = list(to_github(report))
    assert len(lines) == len(report.findings)
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    kinds = [line.split(" ")[0] for line in lines]
    assert kinds == sorted(kinds, key=("::error", "::warning", "::notice").index)
    assert "/a b%2Cc%3Ad%25.jsonl,line=" in lines[0]
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    assert f",title={errors[0].rule}::" in lines[0]
    assert "\n" not in "".join(lines)
