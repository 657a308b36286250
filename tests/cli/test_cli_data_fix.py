"""`data fix` at the terminal."""

import json


def spoil(data):
    lines = data.read_text().splitlines()
    lines[3:3] = [""]
    lines[7] = lines[7].replace('"user"', '"User"')
    data.write_text("\r\n".join(lines))


def test_a_copy_with_its_map(invoke, data):
    spoil(data)
    before = data.read_bytes()
    result = invoke("data", "fix", data.name, "-o", "clean.jsonl")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "ROL005  role-spelling  1 line" in result.stderr
    assert "clean.jsonl: of 61 lines 59 changed, 1 removed." in result.stderr
    assert data.read_bytes() == before
    assert invoke("data", "check", "clean.jsonl", "--fail-on", "warning").exit_code == 0
    assert json.loads((data.parent / "clean.jsonl.map.json").read_text())["source"] == data.name
    again = invoke("data", "fix", data.name, "-o", "clean.jsonl")
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_in_place_and_dry_run(invoke, data):
    spoil(data)
    before = data.read_bytes()
    shown = invoke("data", "fix", data.name, "--dry-run", "--select", "ROL,JSN001")
    assert shown.exit_code == 0
    assert [line for line in shown.stdout.splitlines() if line.startswith("@@")] == [
        "@@ -4 +3,0 @@ JSN001",
        "@@ -8 +7 @@ ROL005",
    ]
    assert "2 lines would change. Nothing was written." in shown.stderr
    assert data.read_bytes() == before
    assert invoke("data", "fix", data.name, "--in-place").exit_code == 0
    assert (data.parent / "train.jsonl.bak").read_bytes() == before
    assert invoke("data", "fix", data.name, "--dry-run").stdout.count("@@") == 0


def test_what_was_mended_as_json(invoke, data):
    spoil(data)
    shown = json.loads(
        invoke("data", "fix", data.name, "--dry-run", "--select", "ROL,JSN001", "--output", "json").stdout
    )
    assert shown["changes"] == 2
    assert shown["diff"][:3] == [f"--- {data.name}", f"+++ {data.name} (fixed)", "@@ -4 +3,0 @@ JSN001"]
    result = invoke("data", "fix", data.name, "-o", "clean.jsonl", "--output", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "out": "clean.jsonl", "map": "clean.jsonl.map.json", "backup": None, "lines": 61, "changed": 59, "removed": 1,
        "rules": {"ENC007": 60, "JSN001": 1, "ROL005": 1},
    }  # fmt: skip
    again = invoke("data", "fix", data.name, "-o", "clean.jsonl", "--output", "json")
    assert again.exit_code == 2
    assert "is there already" in json.loads(again.stdout)["error"]["message"]


def test_one_way_of_writing_has_to_be_chosen(invoke, data):
    for arguments in ((), ("-o", "x", "--in-place"), ("--dry-run", "--in-place")):
        result = invoke("data", "fix", data.name, *arguments)
        assert result.exit_code == 2
        assert "Give one of" in result.stderr
