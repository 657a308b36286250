"""Whatever the bytes: findings, never an exception; and places that lead back to the bytes."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from maas_client.dataset import check
from maas_client.dataset.decode import decode
from maas_client.dataset.jsonl import BOM, lines
from maas_client.dataset.row import Row
from maas_client.dataset.rules import FOR_LINES, FOR_ROWS, FOR_TEXTS
from maas_client.dataset.scan import Scanner
from maas_client.dataset.selection import Selection

# fmt: off
PIECES = st.sampled_from([
    b'{"messages"', b":", b"[", b"]", b"{", b"}", b",", b'"role"', b'"user"', b'"assistant"', b'"content"', b"null",
    b"NaN", b'"\\ud800"', b"\n", b"\r", b" ", b"\xff", b"\xc3\xa9", b"\x00", b"1", b"-", b"9" * 1200, b"1e999", b"'",
    b"\\", b'"', BOM,
])
# fmt: on
SOUP = st.lists(PIECES, max_size=60).map(b"".join) | st.binary(max_size=300)
TEXT = st.text(max_size=8) | st.sampled_from(["role", "content", "messages", 'a"b', "\\", ""])
ROLES = st.sampled_from(["system", "user", "assistant", "tool", "Assistant", "role"])
MESSAGE = st.fixed_dictionaries({"role": ROLES, "content": TEXT}, optional={"name": TEXT | st.none()})
ROW = st.fixed_dictionaries({"messages": st.lists(MESSAGE, max_size=4)}, optional={"tools": st.none(), "id": TEXT})


SCANNER = Scanner(Selection())


def taken_fast(data: bytes) -> int:
    """The number of messages, if the compiled decoder takes the line and no text shows a sign."""
    [plain] = SCANNER._taken([data], data)
    return len(plain.roles) if plain and SCANNER._due([plain.texts]) == ({}, {}) else 0


def findings_of(data: bytes) -> int:
    decoded = decode(data)
    found = sum(1 for rule in FOR_LINES for _ in rule.check(decoded))
    if decoded.read:
        row = Row(decoded.value)
        found += sum(1 for rule in FOR_ROWS for _ in rule.check(row))
        found += sum(1 for rule in FOR_TEXTS for _ in rule.check(row))
    return found


@settings(max_examples=300, deadline=None)
@given(SOUP)
def test_any_bytes_give_findings_and_never_an_exception(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train.jsonl")
        path.write_bytes(content)
        report = check(path)
    json.dumps(report.to_dict())
    assert not report.ok  # nothing that short has ten rows
    split = content.split(b"\n")
    for finding in report.findings:
        if finding.line is not None:
            assert finding.byte is not None
            assert finding.column is not None
            start = sum(len(line) + 1 for line in split[: finding.line - 1])
            assert start <= finding.byte <= start + len(split[finding.line - 1])
            mark = len(BOM) if finding.line == 1 and content.startswith(BOM) else 0
            before = content[start + mark : finding.byte].decode("utf-8")
            assert len(before) == finding.column - 1


@given(
    st.binary(max_size=200).filter(lambda content: not content.startswith(BOM)), st.integers(1, 50), st.integers(1, 30)
)
def test_lines_round_trip_whatever_the_blocks(content, size, limit):
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    expected = content.split(b"\n")
    if not expected[-1]:
        expected.pop()
    found = list(lines(blocks, max_line_bytes=limit))
    assert [line.number for line in found] == list(range(1, len(expected) + 1))
    for line, data in zip(found, expected, strict=True):
        assert line.data == (data if len(data) <= limit else None)
        assert content[line.offset :].startswith(data)


@settings(max_examples=400, deadline=None)
@given(ROW, st.booleans(), st.booleans())
def test_the_fast_path_takes_nothing_in_which_a_rule_finds_something(row, ascii_only, repeat):
    text = json.dumps(row, ensure_ascii=ascii_only)
    if repeat:
        text = text.replace('"role": ', '"role": "user", "role": ', 1)
    data = text.encode("utf-8", "surrogatepass")
    taken = taken_fast(data)
    if taken:
        assert findings_of(data) == 0
        assert taken == len(row["messages"])


@given(SOUP)
def test_the_fast_path_agrees_on_any_bytes(content):
    for line in content.split(b"\n"):
        if taken_fast(line):
            assert findings_of(line) == 0


def test_a_plain_row_does_take_the_fast_path():
    row = {"messages": [{"role": "user", "content": 'é "quoted"'}, {"role": "assistant", "content": "b"}]}
    assert taken_fast(json.dumps(row).encode()) == 2
