"""`data check` at the terminal and in pipelines: forms of output, selection, baselines, exit codes."""

import io
import json
from pathlib import Path

import pytest

from maas_client.cli.data._rate import Rate
from maas_client.dataset import Progress


def test_sarif_and_github_are_written_for_other_programs(invoke, broken):
    log = json.loads(invoke("data", "check", broken.name, "--output", "sarif").stdout)
    assert log["version"] == "2.1.0"
    [result] = [result for result in log["runs"][0]["results"] if result["level"] == "error"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 7

    result = invoke("data", "check", broken.name, "-o", "github")
    assert result.exit_code == 3
    assert result.stdout.startswith("::error file=broken.jsonl,line=7,col=")


def test_rules_are_selected_and_ignored(invoke, broken):
    rule = json.loads(invoke("data", "check", broken.name, "-o", "json").stdout)["findings"][0]["rule"]
    assert invoke("data", "check", broken.name, "--ignore", f"{rule},LIM").exit_code == 0
    assert invoke("data", "check", broken.name, "--select", "FIL", "--select", "ENC").exit_code == 0
    assert invoke("data", "check", broken.name, "--select", rule).exit_code == 3
    wrong = invoke("data", "check", broken.name, "--select", "NOPE")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "There is no rule 'NOPE'." in wrong.stderr


def test_warnings_fail_if_asked(invoke, data):
    data.write_text(data.read_text() + "\n")
    assert invoke("data", "check", data.name).exit_code == 0
    result = invoke("data", "check", data.name, "--fail-on", "warning", "-o", "json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["ok"] is False


def test_a_baseline_silences_what_is_known(invoke, broken, tmp_path):
    written = invoke("data", "check", broken.name, "--write-baseline", "known.json")
    assert (written.exit_code, written.stdout) == (0, "")
    assert "known.json" in written.stderr
    assert "1 findings" not in written.stderr
    assert invoke("data", "check", broken.name, "--baseline", "known.json").exit_code == 0
    with broken.open("a") as file:
        file.write("{\n")
    result = invoke("data", "check", broken.name, "--baseline", "known.json")
    assert result.exit_code == 3
    assert result.stdout.startswith("broken.jsonl:61:")
    assert invoke("data", "check", broken.name, "--baseline", "none.json").exit_code == 2


@pytest.mark.parametrize(("form", "listed"), [("text", 50), ("json", 80)])
def test_what_is_listed_has_a_limit_and_says_so(invoke, tmp_path, form, listed):
    (tmp_path / "bad.jsonl").write_text("{\n" * 80)
    result = invoke("data", "check", "bad.jsonl", "-o", form, "--select", "JSN")
    few = invoke("data", "check", "bad.jsonl", "-o", form, "--select", "JSN", "--limit", "5")
    if form == "text":
        assert result.stdout.count("error JSN") == listed
        assert "... and 30 more" in result.stdout
        assert few.stdout.count("error JSN") == 5
    else:
        assert len(json.loads(result.stdout)["findings"]) == listed
        document = json.loads(few.stdout)
        assert (len(document["findings"]), document["summary"]["errors"], document["summary"]["shown"]) == (5, 80, 5)


def test_the_number_of_processes_changes_nothing_but_the_time(invoke, broken):
    alone, many = (invoke("data", "check", broken.name, "-o", "json", "--jobs", number) for number in ("1", "3"))
    assert (alone.exit_code, alone.stdout) == (many.exit_code, many.stdout)
    assert invoke("data", "check", broken.name, "--jobs", "0").exit_code == 2


class _Screen(io.StringIO):
    def isatty(self):
        return True


def _told(monkeypatch, stream, readings):
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    rate = Rate(stream)
    for now, done, total in readings:  # noqa: B007 - the clock reads it
        rate(Progress(Path("train.jsonl"), done, total))
    rate.close()


def test_a_long_check_tells_its_rate_and_what_is_left(monkeypatch):
    screen = _Screen()
    _told(monkeypatch, screen, [(0.0, 0, 400_000_000), (0.9, 10, 400_000_000), (2.0, 100_000_000, 400_000_000)])
    lines = screen.getvalue().split("\r\x1b[2K")
    assert lines == ["", "Checking train.jsonl: 100 MB of 400 MB (25%), 50 MB/s, 6s left", ""]


def test_a_log_gets_a_line_every_ten_seconds_and_a_short_check_none(monkeypatch, capsys):
    readings = [(0.0, 0, None), (0.5, 5_000_000, None), (2.0, 20_000_000, None), (4.0, 40_000_000, None)]
    _told(monkeypatch, None, [*readings, (12.5, 125_000_000, None)])
    told = capsys.readouterr().err.splitlines()
    assert told == ["Checking train.jsonl: 20 MB, 10 MB/s", "Checking train.jsonl: 125 MB, 10 MB/s"]
    _told(monkeypatch, None, readings[:2])
    assert capsys.readouterr().err == ""
