"""The parts of the check that whole files do not reach."""

import hashlib

import pytest

from maas_client.dataset import RULES, check
from maas_client.dataset.decode import decode
from maas_client.dataset.jsonl import Line, encoding_of, lines
from maas_client.dataset.locate import Locator, json_path
from maas_client.dataset.rules import FOR_TEXTS
from maas_client.dataset.rules_file import CONTENTS_RULES, Contents, training_rows
from maas_client.dataset.source import Source, open_source


def test_lines_number_and_offset_over_any_block():
    content = b"ab\n\ncde\nf"
    for size in range(1, 10):
        blocks = [content[at : at + size] for at in range(0, len(content), size)]
        assert list(lines(blocks)) == [Line(1, 0, b"ab"), Line(2, 3, b""), Line(3, 4, b"cde"), Line(4, 8, b"f")]


def test_a_mark_may_come_in_pieces():
    assert list(lines([b"\xef", b"\xbb", b"\xbfa\n", b"b"])) == [Line(1, 3, b"a"), Line(2, 5, b"b")]
    assert list(lines([b"\xef\xbb"])) == [Line(1, 0, b"\xef\xbb")]
    assert list(lines([b"\xef\xbb\xbf"])) == []
    assert list(lines([])) == []


def test_a_line_over_the_limit_is_passed_over():
    for size in range(1, 14):
        content = b"abcdef\nab\nabcdefgh"
        blocks = [content[at : at + size] for at in range(0, len(content), size)]
        assert list(lines(blocks, max_line_bytes=5)) == [Line(1, 0, None), Line(2, 7, b"ab"), Line(3, 10, None)]


def test_a_line_too_long_is_one_finding_of_its_file(tmp_path):
    path = tmp_path / "train.jsonl"
    with path.open("wb") as file:
        file.write(b'{"messages": "' + b"a" * (17 * 2**20) + b'"}\n{}\n')
    report = check(path)
    assert report.counts == {"LIM004": 1, "LIM005": 1, "SCH002": 1}
    assert [finding.line for finding in report.findings] == [1, 2, None]


def test_encoding_of_short_heads():
    assert encoding_of(b"") == encoding_of(b"{}") == encoding_of(b'{"messages"') == "UTF-8"


def test_locator_of_paths_that_lead_nowhere():
    locator = Locator(' {"a": [1, {"b": 2}], "c": "d"}')
    assert locator.position(("a", 1, "b")) == 17
    assert locator.position(("a", 1, "x")) == 11
    assert locator.position(("c", "x")) == 27
    assert locator.position(()) == 1


def test_many_brackets_side_by_side_are_not_deep():
    assert decode(b"[" + b",".join([b'{"a": "}]"}'] * 200) + b"]").faults == ()


def test_the_digest_of_a_wide_file_is_of_all_of_it(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("{}\n" * 500_000, encoding="utf-16")
    [file] = check(path).files
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_json_path():
    assert json_path(("messages", 0, "a b", "é")) == '$.messages[0]["a b"].é'


@pytest.mark.parametrize(("valid", "trained"), [(0, 0), (5, 4), (12, 9), (13, 10), (100, 80), (1001, 800)])
def test_the_split_rounds_down(valid, trained):
    assert training_rows(valid, split=True) == trained
    assert training_rows(valid, split=False) == valid


def test_sizes(tmp_path):
    def found(size):
        contents = Contents(tmp_path, "training", size, rows=20, valid_rows=20)
        return [rule.id for rule in CONTENTS_RULES for _ in rule.check(contents)]

    assert found(512_000_000 - 1) == []
    assert found(512_000_000) == ["LIM002"]
    assert found(512 * 2**20) == ["LIM001"]


def test_a_file_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"{}\n")
    source = open_source(path)
    assert isinstance(source, Source)
    with source:
        blocks = source.blocks()
        assert next(blocks) == b"{}\n"
        assert not source.changed()
        with path.open("ab") as file:
            file.write(b"[]\n")
        assert list(blocks) == [b"[]\n"]
        assert source.changed()
    assert source.sha256 == hashlib.sha256(b"{}\n[]\n").hexdigest()
    contents = Contents(path, "training", 3, valid_rows=20, changed=True)
    assert [rule.id for rule in CONTENTS_RULES for _ in rule.check(contents)] == ["FIL006"]


def test_a_file_that_fails_while_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"{}\n")

    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("maas_client.dataset.source.os.read", broken)
    report = check(path)
    assert report.counts == {"FIL003": 1}
    assert "Input/output error" in report.findings[0].message


def test_all_faults_of_a_line_are_found():
    decoded = decode(b'{"a": {"b": [NaN, 1e400, 2], "b": 1}, "a": "\\udc00 \\ud83d\\ude00"}')
    assert sorted((fault.kind, fault.position) for fault in decoded.faults) == [
        ("not-finite", 13),
        ("not-finite", 18),
        ("repeated", 38),
        ("surrogate", 44),
    ]


def test_the_table():
    assert len(RULES) == len({rule.name for rule in RULES.values()})
    for key, rule in RULES.items():
        assert key == rule.id
        assert rule.source
        assert rule.why
        assert rule.hint
    assert {rule.id for rule in RULES.values() if rule.screen} == {rule.id for rule in FOR_TEXTS}
