"""Shards, gzip, standard input, and bytes that are no JSON lines at all."""

import gzip
import io
import json
import os
import sys
import zlib

import pytest

from maas_client.dataset import check, read_rows
from maas_client.dataset.source import Source, open_source


def row(index=0):
    messages = [{"role": "user", "content": f"question {index}"}, {"role": "assistant", "content": f"answer {index}"}]
    return json.dumps({"messages": messages})


def text(first, count):
    return "".join(f"{row(index)}\n" for index in range(first, first + count)).encode()


@pytest.fixture
def stdin(monkeypatch):
    def give(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_shards_are_one_set_of_rows(tmp_path):
    shards = [tmp_path / f"{index}.jsonl" for index in range(2)]
    for index, shard in enumerate(shards):
        shard.write_bytes(text(index * 7, 7))
    report = check(shards)
    assert report.findings == ()
    assert [(file.path, file.part, file.rows) for file in report.files] == [(shard, "training", 7) for shard in shards]
    assert check(shards[0]).counts == {"LIM003": 1}


def test_findings_name_their_shard(tmp_path):
    for name, content in {"a.jsonl": text(0, 20), "b.jsonl": text(30, 20) + b"{}\n"}.items():
        (tmp_path / name).write_bytes(content)
    [finding] = check([str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]).findings
    assert (finding.file, finding.line, finding.excerpt) == (str(tmp_path / "b.jsonl"), 21, "{}")


def test_gzip_is_unpacked_and_told_of(tmp_path):
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(gzip.compress(text(0, 10)) + gzip.compress(text(10, 10)) + b"\0" * 512)
    report = check(path)
    assert report.counts == {"FIL007": 1}
    assert report.ok
    assert (report.files[0].rows, report.files[0].bytes) == (20, path.stat().st_size)
    assert [found.line for found in read_rows(path)] == list(range(1, 21))


def test_gzip_under_another_name(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(gzip.compress(text(0, 20)))
    assert check(path).counts == {"ENC006": 1}
    assert list(read_rows(path)) == []
    path = path.rename(tmp_path / "train.txt.gz")
    assert check(path).counts == {"FIL005": 1, "FIL007": 1}


@pytest.mark.parametrize("cut", [5, 40, -1])
def test_damaged_gzip(tmp_path, cut):
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(gzip.compress(text(0, 200))[:cut])
    report = check(path)
    assert report.counts["FIL008"] == 1
    assert "ends early" in next(found.message for found in report.findings if found.rule == "FIL008")
    path.write_bytes(text(0, 20))
    assert check(path).counts == {"FIL007": 1, "FIL008": 1}


def test_a_gzip_bomb_is_left_unread(tmp_path):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush())
    report = check(path)
    assert "more than 200 times" in next(found.message for found in report.findings if found.rule == "FIL008")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(stdin, pack):
    stdin(pack(text(0, 20) + b"{}\n"))
    report = check("-")
    assert report.counts == {"SCH002": 1}
    assert (report.findings[0].file, report.findings[0].line) == ("-", 21)
    assert (report.files[0].rows, report.files[0].bytes > 0, report.files[0].mtime_ns) == (21, True, 0)


def test_nothing_on_standard_input(stdin):
    stdin(b"")
    assert check("-").counts == {"LIM004": 1}


def test_a_file_that_never_stops_growing_is_left(tmp_path, monkeypatch):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"{}\n")
    monkeypatch.setattr("maas_client.dataset.source.MAX_GROWTH_BYTES", 3_000_000)
    monkeypatch.setattr("maas_client.dataset.source.os.read", lambda descriptor, size: b"{}\n" * (size // 3))
    source = open_source(path)
    assert isinstance(source, Source)
    with source:
        assert 3_000_000 <= sum(len(chunk) for chunk in source.blocks()) < 5_000_000


def test_what_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path in (tmp_path, tmp_path / "pipe.jsonl", "/dev/zero"):
        assert check(path).counts == {"FIL002": 1}
        assert list(read_rows(path)) == []


def test_read_rows_says_where_and_what(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n \n{oops\n[2]')
    rows = list(read_rows([path]))
    assert [(found.line, found.byte, found.data, found.decoded.value) for found in rows] == [
        (1, 3, b'{"a": 1}', {"a": 1}),
        (3, 14, b"{oops", None),
        (4, 20, b"[2]", [2]),
    ]
    assert [found.decoded.read for found in rows] == [True, False, True]


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (text(0, 20).replace(b"\n", b"\r\n"), {"ENC007": 1}),
        (text(0, 20).rstrip(), {"ENC008": 1}),
        (b"\xef\xbb\xbf" + text(0, 20), {"ENC002": 1}),
        (text(0, 20) + b"\n", {"JSN001": 1}),
    ],
)
def test_ends_of_lines_are_judged_as_the_service_does(tmp_path, content, counts):
    path = tmp_path / "train.jsonl"
    path.write_bytes(content)
    report = check(path)
    assert report.counts == counts
    assert report.ok
    assert report.files[0].valid_rows == 20
