"""Known findings stay silent, wherever their rows move; new ones do not."""

import gzip
import json

import pytest

from maas_client.dataset import check
from maas_client.dataset.baseline import read_baseline, write_baseline
from maas_client.errors import ConfigurationError

BAD = '{"messages": [{"role": "user", "content": "a"}, {"role": "oracle", "content": "b"}]}'


def row(index):
    messages = [{"role": "user", "content": f"question {index}"}, {"role": "assistant", "content": f"answer {index}"}]
    return json.dumps({"messages": messages})


def write(path, lines):
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def rules(report):
    return [finding.rule for finding in report.findings if finding.rule != "ROL003"]


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz"])
def test_a_known_finding_is_known_again_where_it_moved(tmp_path, name):
    path = write(tmp_path / name, [*map(row, range(20)), BAD, ""])
    known = tmp_path / "known.json"
    count = write_baseline(known, check(path))
    assert count == sum(check(path).counts.values()) >= 2

    moved = read_baseline(known).new_in(check(write(path, ["", BAD, *map(row, range(30, 60))])))
    assert (moved.findings, moved.errors, moved.warnings, dict(moved.counts)) == ((), 0, 0, {})

    more = read_baseline(known).new_in(check(write(path, [BAD, *map(row, range(30, 60)), BAD, '{"x": 1}'])))
    assert more.errors == len([finding for finding in more.findings if finding.severity == "error"]) >= 2
    assert {finding.line for finding in more.findings} == {32, 33}


def test_findings_of_whole_files_are_known_by_rule_and_file(tmp_path):
    path = write(tmp_path / "train.jsonl", map(row, range(3)))
    write_baseline(tmp_path / "known.json", check(path))
    baseline = read_baseline(tmp_path / "known.json")
    assert baseline.new_in(check(write(path, map(row, range(5))))).ok
    other = write(tmp_path / "other.jsonl", map(row, range(3)))
    assert not baseline.new_in(check(other)).ok


def test_a_report_that_does_not_hold_everything_is_refused(tmp_path):
    path = write(tmp_path / "train.jsonl", [BAD] * 30)
    with pytest.raises(ConfigurationError, match="too many for a baseline"):
        write_baseline(tmp_path / "known.json", check(path, limit=10))
    assert not (tmp_path / "known.json").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), ("{", "is no baseline"), ("[]", "is no baseline"), ('{"version": 9}', "version 9")],
)
def test_what_is_no_baseline_is_told(tmp_path, content, words):
    path = tmp_path / "known.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=words):
        read_baseline(path)


def test_a_file_that_is_gone_cannot_be_known(tmp_path):
    path = write(tmp_path / "train.jsonl", [BAD] * 12)
    report = check(path)
    path.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read again"):
        write_baseline(tmp_path / "known.json", report)
