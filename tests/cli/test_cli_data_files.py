"""`data split` and `data convert` at the terminal."""

import json


def test_split_names_its_files_and_counts(invoke, data):
    result = invoke("data", "split", data.name, "--validation", "0.1", "--seed", "7")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["train.train.jsonl  54 rows", "train.validation.jsonl  6 rows"]
    again = invoke("data", "split", data.name, "--validation", "0.1")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "is there already" in again.stderr
    document = json.loads(
        invoke("data", "split", data.name, "--validation", "0.1", "--force", "--output", "json").stdout
    )
    assert document["validation_rows"] == 6
    assert document["training"] == "train.train.jsonl"


def test_split_refuses_what_is_no_row(invoke, broken, tmp_path):
    result = invoke("data", "split", broken.name, "--validation", "0.1")
    assert result.exit_code == 3
    assert "broken.jsonl:7: not a row" in result.stderr
    assert [path.name for path in tmp_path.glob("*.jsonl")] == [broken.name]


def test_converted_rows_go_to_stdout_and_pass_the_check(invoke, tmp_path):
    (tmp_path / "faq.csv").write_text("question,answer\n" + "".join(f"q {n},a {n}\n" for n in range(40)))
    result = invoke("data", "convert", "faq.csv")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 40
    assert "Converted 40 rows (40 prompt and completion)." in result.stderr
    (tmp_path / "train.jsonl").write_text(result.stdout)
    assert invoke("data", "check", "train.jsonl").exit_code == 0


def test_a_bad_row_stops_a_conversion_before_anything_is_written(invoke, tmp_path):
    (tmp_path / "faq.csv").write_text("question,answer\nq,a\n,b\n" + "x\n" * 30)
    for arguments in (("-o", "out.jsonl"), ()):
        result = invoke("data", "convert", "faq.csv", *arguments)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "faq.csv:3: not converted: its 'question' is empty." in result.stderr
        assert "... and 11 more." in result.stderr
        assert not (tmp_path / "out.jsonl").exists()
    result = invoke("data", "convert", "faq.csv", "-o", "out.jsonl", "--skip-invalid", "--system", "Be brief.")
    assert result.exit_code == 0
    assert "Converted 1 row (1 prompt and completion). Left out 31." in result.stderr
    assert json.loads((tmp_path / "out.jsonl").read_text())["messages"][0] == {"role": "system", "content": "Be brief."}


def test_what_was_converted_as_json(invoke, tmp_path):
    (tmp_path / "faq.csv").write_text("question,answer\nq,a\n,b\nc,d\n")
    told = invoke("data", "convert", "faq.csv", "-o", "out.jsonl", "--skip-invalid", "--output", "json")
    assert told.exit_code == 0
    document = {"out": "out.jsonl", "rows": 2, "left_out": 1, "shapes": {"prompt and completion": 2}}
    assert json.loads(told.stdout) == document
    refused = invoke("data", "convert", "faq.csv", "-o", "new.jsonl", "--output", "json")
    assert refused.exit_code == 3
    assert "1 of 3 rows cannot be converted" in json.loads(refused.stdout)["error"]["message"]
    unnamed = invoke("data", "convert", "faq.csv", "--output", "json")
    assert unnamed.exit_code == 2
    assert "name the file with -o F2" in json.loads(unnamed.stdout)["error"]["message"]


def test_nothing_to_convert_is_an_error(invoke, tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    result = invoke("data", "convert", "empty.jsonl", "--skip-invalid")
    assert result.exit_code == 3
    assert "There are no rows" in result.stderr


def test_rules_are_listed_and_explained(invoke):
    listed = invoke("data", "rules")
    assert listed.exit_code == 0
    header, *rows = listed.stdout.splitlines()
    assert header.split() == ["RULE", "NAME", "SEVERITY", "FIX", "WHY"]
    assert [row[:6] for row in rows[:2]] == ["FIL001", "FIL002"]
    group = invoke("data", "rules", "rol").stdout.splitlines()
    assert all(row.startswith("ROL") for row in group[1:])
    one = invoke("data", "rules", "role-spelling")
    assert one.stdout.startswith("ROL005 role-spelling\n")
    assert invoke("data", "rules", "rol005").stdout == one.stdout
    document = json.loads(invoke("data", "rules", "ROL010", "--output", "json").stdout)
    assert document["severities"]["foundry supervised"] == ["error"]
    assert {"id", "name", "group", "severity", "why", "hint", "source", "fixable"} <= document.keys()
    assert len(json.loads(invoke("data", "rules", "--output", "json").stdout)) == len(rows)


def test_an_unknown_rule_names_those_that_look_like_it(invoke):
    result = invoke("data", "rules", "role-speling")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no rule 'role-speling'." in result.stderr
    assert "Did you mean role-spelling" in result.stderr


def test_a_file_without_rows_is_told_with_what_to_do(invoke, tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    unread = tmp_path / "unread.jsonl"
    unread.write_bytes(b"\x82 no row\n")
    model = ("--model", "Phi-3-mini-4k-instruct")

    converted = invoke("data", "convert", str(empty))
    counted = invoke("data", "stats", str(empty))
    billed = invoke("data", "cost", str(unread), *model)
    parted = invoke("data", "split", str(unread), "--validation", "0.5")
    without = invoke("data", "stats", str(unread))

    assert [each.exit_code for each in (converted, counted, billed, parted, without)] == [3, 2, 3, 3, 3]
    assert without.stdout == ""
    assert "There is no conversation to count: none of 1 rows is one." in without.stderr
    assert "hint: Name a file that has rows." in converted.stderr
    assert "hint: Write one JSON object a line." in counted.stderr
    assert "maas-ft data check" in billed.stderr
    assert "not UTF-8" in parted.stderr
    assert "codec" not in parted.stderr
