"""The check of whole files: findings, counts, summaries."""

import hashlib
import json
import os

import pytest

from maas_client import catalog
from maas_client.dataset import Severity, check
from maas_client.errors import DatasetError


def row(index=0, **extra):
    messages = [{"role": "user", "content": f"question {index}"}, {"role": "assistant", "content": f"answer {index}"}]
    return json.dumps({"messages": messages, **extra}, ensure_ascii=False)


def write(folder, lines, name="train.jsonl", end="\n"):
    path = folder / name
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + end.encode())
    return path


def spoiled(tmp_path, line, **arguments):
    """The findings for one line among enough good ones."""
    path = write(tmp_path, [*map(row, range(6)), line, *map(row, range(20))])
    return [finding for finding in check(path, **arguments).findings if finding.line == 7]


def test_a_good_file(tmp_path):
    path = write(tmp_path, map(row, range(20)))
    report = check(path)
    assert report.ok
    assert report.findings == ()
    report.raise_for_errors()
    [file] = report.files
    content = path.read_bytes()
    assert (file.path, file.part, file.bytes, file.rows, file.valid_rows) == (path, "training", len(content), 20, 20)
    assert file.messages == 40
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert (file.mtime_ns, file.inode) == (path.stat().st_mtime_ns, path.stat().st_ino)


def test_a_broken_line_names_file_line_column_and_rule(tmp_path):
    lines = [*map(row, range(6)), '{"messages": [{"role": "user", "content": "hé', *map(row, range(20))]
    path = write(tmp_path, lines)
    with pytest.raises(DatasetError) as caught:
        check(path).raise_for_errors()
    assert str(caught.value) == f"{path}:7:43: JSN002 error: The line ends before its JSON does."
    assert caught.value.report is not None
    finding = caught.value.report.findings[0]
    assert path.read_bytes()[finding.byte :].startswith('"hé'.encode())
    assert finding.path is None


def test_the_line_is_named_before_what_follows_from_it(tmp_path):
    path = write(tmp_path, [*map(row, range(11)), "{"])
    report = check(path)
    assert [finding.rule for finding in report.findings] == ["JSN002", "LIM003"]
    with pytest.raises(DatasetError, match=r":12:.*\(and 1 more\)"):
        report.raise_for_errors()


GOOD = '{"role": "user", "content": "a"}'
ANSWER = '{"role": "assistant", "content": "b"}'
CASES = [
    ("", ["JSN001"], None),
    ("\t ", ["JSN001"], None),
    (b'{"messages": "\xe9"}', ["ENC003"], None),
    ("[" * 100_000, ["JSN006"], None),
    ('{"x":' * 200 + "1" + "}" * 200, ["JSN006"], None),
    ("{'messages': []}", ["JSN008"], "double quotes"),
    (f'{{"messages":[{GOOD},{ANSWER}],}}', ["JSN007"], "comma"),
    (f'{{"messages":[{GOOD},{ANSWER}]}} {{"messages":[]}}', ["JSN009"], "new line"),
    (f'{{"messages":[{GOOD},{ANSWER}]}} x', ["JSN002"], None),
    ("[", ["JSN002"], "line of its own"),
    ("nope", ["JSN002"], None),
    ('{"messages": ["a\x00b"]}', ["JSN010"], "escape"),
    (f'{{"messages":[{GOOD},{ANSWER}],"n":1{"0" * 5000}}}', ["JSN005", "SCH005"], None),
    (f'{{"messages":[{GOOD},{ANSWER}],"n":NaN}}', ["JSN004", "SCH005"], None),
    (f'{{"messages":[{GOOD},{ANSWER}],"n":-Infinity}}', ["JSN004", "SCH005"], None),
    (f'{{"messages":[{GOOD},{ANSWER}],"n":1e999}}', ["JSN004", "SCH005"], None),
    (f'{{"messages":[],"messages":[{GOOD},{ANSWER}]}}', ["JSN003"], None),
    (f'{{"messages":[{{"role":"system","role":"user","content":"a"}},{ANSWER}]}}', ["JSN003"], None),
    (f'{{"messages":[{{"role":"user","rol\\u0065":"user","content":"\\""}},{ANSWER}]}}', ["JSN003"], None),
    (f'{{"messages":[{{"role":"user","content":"\\ud800"}},{ANSWER}]}}', ["ENC004"], None),
    (f'{{"messages":[{GOOD},\r{ANSWER}]}}', ["ENC005"], None),
    ("[1]", ["SCH001"], "messages"),
    ("3", ["SCH001"], None),
    ('"[]"', ["SCH001"], None),
    ('"{\\"messages\\":[]}"', ["SCH008"], "without quotes"),
    ('"{oops"', ["SCH001"], None),
    ("null", ["SCH001"], None),
    ("{}", ["SCH002"], None),
    ('{"prompt": "a", "completion": "b"}', ["FMT001", "SCH012"], "data convert"),
    ('{"messages": "[]"}', ["SCH009"], "without quotes"),
    ('{"messages": null}', ["SCH003"], None),
    ('{"messages": {}}', ["SCH003"], None),
    (f'{{"messages":[{GOOD},"b"]}}', ["SCH004"], None),
    (f'{{"messages":[{GOOD},{ANSWER}],"id":1}}', ["SCH005"], None),
    (
        f'{{"messages":[{GOOD},{{"role":"assistant","content":"b","name":null}}],"tools":null}}',
        ["SCH006", "SCH006"],
        None,
    ),
    (f'{{"messages":[{ANSWER}]}}', ["SCH007"], None),
    ('{"messages":[]}', ["SCH007"], None),
    (f'{{"messages":[{GOOD},{{"content":"b"}}]}}', ["ROL001"], None),
    (f'{{"messages":[{GOOD},{{"role":null,"content":"b"}}]}}', ["ROL001"], None),
    (f'{{"messages":[{GOOD},{{"role":" Assistant","content":"b"}}]}}', ["ROL005"], "'assistant'"),
    (f'{{"messages":[{GOOD},{{"role":"bot","content":"b"}},{ANSWER}]}}', ["ROL002"], "'assistant'"),
    (f'{{"messages":[{GOOD},{GOOD}]}}', ["ROL003", "ROL008"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant"}}]}}', ["CNT001"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant","content":null}}]}}', ["CNT001"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant","content":3}}]}}', ["CNT002"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant","content":true}}]}}', ["CNT002"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant","content":{{}}}}]}}', ["CNT002"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant","content":"b","tool_calls":{{}}}}]}}', ["CNT003"], None),
    (f'{{"messages":[{GOOD},{{"role":"assistant","content":null,"tool_calls":[]}}]}}', [], None),
    (
        f'{{"messages":[{GOOD},{{"role":"assistant","content":[{{"type":"text","text":"b"}}]}}],"tools":[]}}',
        ["CNT009"],
        None,
    ),
    (f'{{"messages":[{{"role":"user","content":"say \\"role\\" \\ud83d\\ude00 \\\\ud800"}},{ANSWER}]}}', [], None),
    (f'{{"messages":[{GOOD},{ANSWER}]}}\r', [], None),
]


@pytest.mark.parametrize(("line", "rules", "hint"), CASES)
def test_each_rule(tmp_path, line, rules, hint):
    findings = spoiled(tmp_path, line)
    assert sorted(finding.rule for finding in findings) == sorted(rules)
    assert all(finding.message and finding.hint and finding.column >= 1 for finding in findings)
    if hint:
        assert any(hint in finding.hint for finding in findings)


@pytest.mark.parametrize(
    ("line", "path", "at"),
    [
        (f'{{"messages":[ {GOOD} , {{"role" : "Bot","content":"é"}}]}}', "$.messages[1].role", '"Bot"'),
        (f'{{"é":1,"messages":[{GOOD},{ANSWER}],"a b":2}}', '$["a b"]', "2}"),
        (f'{{"messages":[{GOOD},{ANSWER},{{"role":"user"}}]}}', "$.messages[2]", '{"role":"user"}'),
        (
            f'{{"messages":[{GOOD},{{"role":"assistant","role":"assistant","content":""}}]}}',
            "$.messages[1].role",
            '"role":"assistant","content":""',
        ),
    ],
)
def test_the_place_is_exact(tmp_path, line, path, at):
    finding = next(finding for finding in spoiled(tmp_path, line) if finding.path == path)
    assert line[finding.column - 1 :].startswith(at)
    content = (tmp_path / "train.jsonl").read_bytes()
    assert content[finding.byte :].startswith(at.encode())


def test_a_skipped_row_counts_as_a_row_and_a_blank_line_does_not(tmp_path):
    path = write(tmp_path, [*map(row, range(20)), "", "{}"])
    [file] = check(path).files
    assert (file.rows, file.valid_rows) == (21, 20)


@pytest.mark.parametrize(
    ("rows", "validated", "ok"), [(12, False, False), (13, False, True), (9, True, False), (10, True, True)]
)
def test_ten_rows_must_remain_for_training(tmp_path, rows, validated, ok):
    path = write(tmp_path, map(row, range(rows)))
    validation = write(tmp_path, [row(99)], "validation.jsonl") if validated else None
    report = check(path, validation=validation)
    assert report.ok is ok
    assert report.counts == ({} if ok else {"LIM003": 1})
    assert len(report.files) == 1 + validated


def test_no_usable_row(tmp_path):
    assert check(write(tmp_path, ["{}"])).counts == {"LIM004": 1, "SCH002": 1}


def test_byte_order_mark_is_only_told_of(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join([*map(row, range(20)), "{"]).encode())
    report = check(path)
    assert report.counts == {"ENC002": 1, "ENC008": 1, "JSN002": 1}
    finding = next(finding for finding in report.findings if finding.line)
    assert finding.byte is not None
    assert path.read_bytes()[finding.byte - 2 :] == b"\n{"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_encodings_are_named_once(tmp_path, encoding):
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(map(row, range(20))), encoding=encoding)
    report = check(path)
    assert report.counts == {"ENC001": 1}
    assert encoding[:6].upper() in report.findings[0].message
    assert report.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_limit_keeps_errors_and_counts_all(tmp_path):
    path = write(tmp_path, [*(row(f"\ufffd {index}") for index in range(50)), "{}", "{}", "{}"])
    report = check(path, limit=4)
    assert report.counts == {"SCH002": 3, "TXT005": 100}
    assert [finding.rule for finding in report.findings] == ["TXT005", "SCH002", "SCH002", "SCH002"]
    assert (report.errors, report.warnings) == (3, 100)
    assert len(check(path, limit=2).findings) == 2


def test_what_there_is_no_room_for_is_counted_all_the_same(tmp_path):
    odd = ["+1 202 555 5034", "a@example.org, b@example.org", "\ufffd", "As an AI language model, I", "<|end|>"]
    lines = [row(f"{text} {index}") for index in range(3) for text in odd]
    lines.append(row(99, id=1).replace("question", "+44 20 7946 0958"))
    paths = [write(tmp_path, lines, name) for name in ("a.jsonl", "b.jsonl")]
    everything = check(paths, ignore=("DUP",))
    assert everything.counts == {
        "PII002": 14, "PII007": 2, "SCH005": 2, "TXT005": 12, "TXT006": 12, "TXT009": 6,
    }  # fmt: skip
    for limit in (0, 1, 8):
        report = check(paths, ignore=("DUP",), limit=limit)
        assert report.counts == everything.counts
        assert (report.errors, report.warnings) == (everything.errors, everything.warnings)
        assert len(report.findings) == limit
    # What is one finding a file is kept and has its place, also in the file for which there was no more room.
    kept = check(paths, ignore=("DUP", "TXT006"), limit=4)
    grouped = [finding for finding in everything.findings if finding.rule in ("PII007", "SCH005")]
    assert list(kept.findings) == grouped
    assert [(finding.line, finding.path) for finding in grouped[::2]] == [(2, "$.messages[0].content")] * 2


def test_what_every_row_has_is_one_finding_that_counts_them(tmp_path):
    lines = [
        *(row(index, id=index) for index in range(5)),
        row(5),
        *(row(index, id=index, n=1) for index in range(6, 15)),
    ]
    path = write(tmp_path, [row(99), *lines])
    report = check(path)
    assert report.counts == {"SCH005": 2}
    assert (report.errors, report.warnings) == (0, 2)
    first, second = report.findings
    assert (first.line, first.path) == (2, "$.id")
    assert first.message == "'id' has no effect: the service reads 'messages' and 'tools'. And 13 more like it."
    assert (second.line, second.path) == (8, "$.n")
    assert second.byte is not None
    assert path.read_bytes()[second.byte :].startswith(b"1}")


def test_missing_directory_empty_and_extension(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    assert check(tmp_path / "nothing.jsonl").counts == {"FIL001": 1}
    assert check(tmp_path).counts == {"FIL002": 1}
    assert check(tmp_path / "empty.jsonl").counts == {"FIL004": 1}
    assert check("a\0b.jsonl").counts == {"FIL003": 1}
    report = check(write(tmp_path, map(row, range(20)), "train.json"))
    assert report.counts == {"FIL005": 1}
    assert check(write(tmp_path, map(row, range(20)), "TRAIN.JSONL")).ok
    assert "missing" in check(write(tmp_path, map(row, range(20)), "train")).findings[0].message
    with pytest.raises(DatasetError, match="no such file"):
        check(tmp_path / "nothing.jsonl").raise_for_errors()


def test_a_named_pipe_and_a_device_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert "named pipe" in check(tmp_path / "pipe.jsonl").findings[0].message
    assert check("/dev/zero").counts == {"FIL002": 1}


def test_no_permission(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, [row()])
    monkeypatch.setattr("maas_client.dataset.source.os.open", refused)
    [finding] = check(path).findings
    assert (finding.rule, finding.message) == ("FIL003", "The file cannot be read: Permission denied.")


def test_both_files_are_checked_at_once(tmp_path):
    train, validation = (
        write(tmp_path, [*map(row, range(12)), "{}"]),
        write(tmp_path, ["[]", row(99)], "validation.jsonl"),
    )
    report = check(train, validation=validation)
    assert [(finding.file, finding.line) for finding in report.findings] == [(str(train), 13), (str(validation), 1)]


def test_a_model_whose_template_drops_system_messages(tmp_path):
    messages = [{"role": role, "content": "a"} for role in ("system", "user", "assistant")]
    line = json.dumps({"messages": messages})
    [finding] = spoiled(tmp_path, line, model=catalog.get("Phi-3-medium-4k-instruct"))
    assert (finding.rule, finding.severity, finding.path) == ("ROL004", Severity.WARNING, "$.messages[0].role")
    assert spoiled(tmp_path, line, model=catalog.get("Phi-3-mini-4k-instruct")) == []


def test_to_dict_is_json(tmp_path):
    path = write(tmp_path, [*map(row, range(20)), "{}"])
    found = json.loads(json.dumps(check(path, model=catalog.get("Phi-4")).to_dict()))
    assert found["ok"] is False
    assert found["summary"]["model"] == "Phi-4"
    assert found["summary"]["rules"] == {"SCH002": 1}
    assert found["summary"]["files"][0]["path"] == str(path)
    assert set(found["findings"][0]) == {
        "rule", "severity", "file", "line", "column", "byte", "path", "message", "hint", "fixable", "excerpt", "why",
    }  # fmt: skip
    assert found["findings"][0]["line"] == 21


def test_memory_does_not_grow_with_the_file(tmp_path):
    import tracemalloc

    def peak(blocks):
        path = tmp_path / f"{blocks}.jsonl"
        with path.open("wb") as file:
            for block in range(blocks):
                file.write(("\n".join(row(index) for index in range(block * 3000, (block + 1) * 3000)) + "\n").encode())
        tracemalloc.start()
        check(path)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found, path.stat().st_size

    few, small = peak(6)
    many, large = peak(24)
    assert large - small > 6_000_000
    assert many - few < 4_000_000
