"""`data check` at the terminal and in pipelines: forms of output, selection, baselines, exit codes."""

import json

import pytest


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
