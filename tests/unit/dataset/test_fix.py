"""Mending: what is fixable is mended, what is not is left to the byte, and the map leads back."""

import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client import catalog
from maas_client.dataset import RULES, Profile, check
from maas_client.dataset.fix import fixed_lines
from maas_client.dataset.fixes import LINES, ROWS, WHOLE_FILE
from maas_client.dataset.mend import diff, mend, mend_in_place
from maas_client.dataset.selection import Selection
from maas_client.errors import ConfigurationError

MEDIUM = catalog.get("Phi-3-medium-4k-instruct")


def chat(*pairs, **extra):
    return {"messages": [{"role": role, "content": text} for role, text in pairs], **extra}


GOOD = chat(("user", "q"), ("assistant", "a"))
USER, ANSWER = GOOD["messages"]
TEXT = json.dumps(GOOD)
PARTS = [{"type": "text", "text": "q"}, {"type": "text", "text": "r"}]
UNDER_MEDIUM = Selection(Profile(model=MEDIUM))

# name: rule, the broken line, the lines that must take its place
CASES = {
    "trailing comma": ("JSN007", b'{"messages": [{"role": "user", "content": "q"},], }', [chat(("user", "q"))]),
    "two rows": ("JSN009", json.dumps(GOOD) * 3, [GOOD, GOOD, GOOD]),
    "two rows with a comma": ("JSN009", f"{json.dumps(GOOD)}, {json.dumps(GOOD)}", [GOOD, GOOD]),
    "raw tab": ("JSN010", TEXT.replace('"q"', '"q\tr"'), [chat(("user", "q\tr"), ("assistant", "a"))]),
    "blank": ("JSN001", b" \t ", []),
    "return between tokens": ("ENC005", json.dumps(GOOD).replace(", ", ",\r"), [GOOD]),
    "return in a text": ("ENC005", TEXT.replace('"q"', '"q\rr"'), [chat(("user", "q\rr"), ("assistant", "a"))]),
    "row in a string": ("SCH008", json.dumps(json.dumps(GOOD)), [GOOD]),
    "messages in a string": ("SCH009", {"messages": json.dumps(GOOD["messages"])}, [GOOD]),
    "typing error in a key": ("SCH010", {"mesages": GOOD["messages"]}, [GOOD]),
    "typing error in a message": ("SCH010", {"messages": [{"role": "user", "contnet": "q"}, ANSWER]}, [GOOD]),
    "column without effect": ("SCH005", {**GOOD, "id": 7}, [GOOD]),
    "null": ("SCH006", {"messages": [{**USER, "name": None}, ANSWER], "tools": None}, [GOOD]),
    "unknown key": ("SCH011", {"messages": [{**USER, "mood": "good"}, ANSWER]}, [GOOD]),
    "bare list": ("FMT009", GOOD["messages"], [GOOD]),
    "spelling of a role": ("ROL005", chat((" User", "q"), ("ASSISTANT", "a")), [GOOD]),
    "blank system": ("CNT005", chat(("system", " "), ("user", "q"), ("assistant", "a")), [GOOD]),
    "text parts": (
        "CNT009",
        {"messages": [{"role": "user", "content": PARTS}, ANSWER]},
        [chat(("user", "qr"), ("assistant", "a"))],
    ),
    "weight of a question": ("CNT011", {"messages": [{**USER, "weight": 1}, ANSWER]}, [GOOD]),
    "control": ("TXT001", chat(("user", "q\x00\x1b"), ("assistant", "a")), [GOOD]),
    "invisible": ("TXT002", chat(("user", "\u200bq"), ("assistant", "a\ufeff")), [GOOD]),
    "direction": ("TXT003", chat(("user", "\u202eq"), ("assistant", "a")), [GOOD]),
}  # fmt: skip


def line(value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode()


def write(folder, *values, name="train.jsonl"):
    path = folder / name
    path.write_bytes(b"".join(line(value) + b"\n" for value in values))
    return path


def fixed(path, selection=None):
    return [[json.loads(text) for text in each.after] for each in fixed_lines(path, selection)]


def test_each_fixable_rule_has_a_fix_and_no_other_has():
    assert {rule.id for rule in RULES.values() if rule.fixable} == LINES.keys() | ROWS.keys() | WHOLE_FILE


def test_each_fix_of_lines_and_rows_has_a_case():
    assert {rule for rule, _, _ in CASES.values()} | {"ROL004"} == LINES.keys() | ROWS.keys()


@pytest.mark.parametrize("name", CASES)
def test_what_is_fixable_is_mended(tmp_path, name):
    rule, broken, wanted = CASES[name]
    path = write(tmp_path, GOOD, broken, GOOD)
    assert rule in check(path).counts
    assert fixed(path) == [[GOOD], wanted, [GOOD]]
    done = mend(path, tmp_path / "clean.jsonl")
    assert rule in done.rules
    left = [finding for finding in check(done.out).findings if finding.fixable]
    assert left == []


def test_a_system_message_is_folded_where_the_template_drops_it(tmp_path):
    path = write(
        tmp_path, chat(("system", "s"), ("user", "q"), ("assistant", "a")), chat(("user", "q"), ("system", "s"))
    )
    first, second = fixed(path, UNDER_MEDIUM)
    assert first == [chat(("user", "s\n\nq"), ("assistant", "a"))]
    assert second == [chat(("user", "q"), ("system", "s"))]
    assert fixed(path)[0][0]["messages"][0] == {"role": "system", "content": "s"}


@pytest.mark.parametrize(
    "value",
    [
        chat(("system", "s")),
        chat(("system", "s"), ("assistant", "a")),
        {"messages": [{"role": "system", "content": "s"}, "q"]},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "image_url"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}, "r"]}, ANSWER]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "q", "id": 1}]}, ANSWER]},
    ],
)
def test_what_would_need_a_guess_is_left_to_the_byte(tmp_path, value):
    path = write(tmp_path, value)
    [mended] = fixed_lines(path, UNDER_MEDIUM)
    assert (mended.after, mended.rules) == ((line(value),), ())


@pytest.mark.parametrize(
    "bad", ["{", "{'a': 1}", '{"a": 1} x', "[" * 200, '{"a": NaN}', '{"a": 1, "a": 2}', '"\\ud800"']
)
def test_a_line_that_no_fix_mends_stays(tmp_path, bad):
    path = write(tmp_path, bad)
    [mended] = fixed_lines(path)
    assert (mended.after, mended.rules) == ((bad.encode(),), ())


def test_rows_are_written_as_they_were(tmp_path):
    spaced = '{"messages": [{"role": "user", "content": "\u00e4"}, {"role": "Assistant", "content": "a"}]}'
    compact = spaced.replace(": ", ":").replace(", ", ",")
    escaped = spaced.replace("\u00e4", "\\u00e4")
    half = spaced.replace("\u00e4", "\\udc00").replace("Assistant", "assistant")
    path = write(tmp_path, spaced, compact, escaped, half)
    after = [text for each in fixed_lines(path) for text in each.after]
    assert after == [text.replace("Assistant", "assistant").encode() for text in (spaced, compact, escaped, half)]


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings_become_utf8(tmp_path, name):
    text = "".join(
        json.dumps(chat(("user", f"\u00e4\U0001f600{n}"), ("assistant", "a")), ensure_ascii=False) + "\r\n"
        for n in range(20)
    )
    path = tmp_path / "wide.jsonl"
    path.write_bytes(text.encode(name))
    done = mend(path, tmp_path / "clean.jsonl")
    assert done.out.read_text(encoding="utf-8") == text.replace("\r\n", "\n")
    assert check(done.out).ok
    packed = tmp_path / "wide.jsonl.gz"
    packed.write_bytes(gzip.compress(text.encode(name)))
    assert mend(packed, tmp_path / "unpacked.jsonl").out.read_bytes() == done.out.read_bytes()


def test_line_ends_stay_where_nobody_asked_for_them(tmp_path):
    path = tmp_path / "crlf.jsonl"
    path.write_bytes(json.dumps(chat(("User", "q"), ("assistant", "a"))).encode() + b"\r\n")
    done = mend(path, tmp_path / "clean.jsonl", selection=Selection(select=("ROL",)))
    assert done.out.read_bytes() == json.dumps(GOOD).encode() + b"\r\n"
    assert done.rules == {"ROL005": 1}


def test_the_map_leads_back(tmp_path):
    path = write(tmp_path, GOOD, "", "", json.dumps(GOOD) * 2, GOOD, GOOD, {**GOOD, "id": 1}, GOOD)
    done = mend(path, tmp_path / "clean.jsonl")
    assert (done.lines, done.changed, done.removed) == (8, 2, 2)
    document = json.loads(done.map.read_text())
    content = done.out.read_bytes()
    assert document["fixed_sha256"] == hashlib.sha256(content).hexdigest()
    assert document["runs"] == [
        {"source": 1, "fixed": 1, "count": 1, "rules": []},
        {"source": 2, "fixed": None, "count": 2, "rules": ["JSN001"]},
        {"source": 4, "fixed": 2, "count": 1, "rules": ["JSN009"]},
        {"source": 4, "fixed": 3, "count": 1, "rules": ["JSN009"]},
        {"source": 5, "fixed": 4, "count": 2, "rules": []},
        {"source": 7, "fixed": 6, "count": 1, "rules": ["SCH005"]},
        {"source": 8, "fixed": 7, "count": 1, "rules": []},
    ]
    came_from = {}
    for run in document["runs"]:
        for index in range(run["count"] if run["fixed"] else 0):
            came_from[run["fixed"] + index] = run["source"] + index
    assert sorted(came_from) == list(range(1, len(content.splitlines()) + 1))


def test_in_place_keeps_what_was(tmp_path):
    path = write(tmp_path, GOOD, "", {**GOOD, "id": 1})
    before = path.read_bytes()
    done = mend_in_place(path)
    assert path.read_bytes() == (json.dumps(GOOD) + "\n").encode() * 2
    assert done.backup is not None
    assert done.backup.read_bytes() == before
    with pytest.raises(ConfigurationError, match=r"train\.jsonl\.bak is there already"):
        mend_in_place(path)
    assert mend_in_place(path, force=True).rules == {}
    assert done.backup.read_bytes() == path.read_bytes()


def test_what_cannot_be_written_or_read_is_told_and_leaves_nothing(tmp_path):
    path = write(tmp_path, GOOD)
    for target, words in (
        (path, "written over while it is read"),
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "x", "no folder"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            mend(path, target)
    with pytest.raises(ConfigurationError, match="does not exist"):
        mend(tmp_path / "none.jsonl", tmp_path / "clean.jsonl")
    long = write(tmp_path, b"x" * (17 * 2**20), name="long.jsonl")
    with pytest.raises(ConfigurationError, match=r"long\.jsonl:1: the line is too long"):
        mend(long, tmp_path / "clean.jsonl")
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes(b"\xff\xfe{\x00\x00\xd8{\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        mend(odd, tmp_path / "clean.jsonl")
    assert {each.name for each in tmp_path.iterdir()} == {"train.jsonl", "long.jsonl", "odd.jsonl"}


def test_the_diff_shows_each_change_with_its_rules(tmp_path):
    path = write(tmp_path, GOOD, "", json.dumps(GOOD) * 2, {**GOOD, "id": 1})
    good = json.dumps(GOOD)
    assert list(diff(path)) == [
        f"--- {path}",
        f"+++ {path} (fixed)",
        "@@ -2 +1,0 @@ JSN001",
        "-",
        "@@ -3 +2,2 @@ JSN009",
        f"-{good}{good}",
        f"+{good}",
        f"+{good}",
        "@@ -4 +4 @@ SCH005",
        f"-{json.dumps({**GOOD, 'id': 1})}",
        f"+{good}",
    ]


KEYS = st.sampled_from(["messages", "mesages", "role", "content", "contnet", "tools", "weight", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["user", "User", " assistant", "system", "\u200bx", "\x00", '{"messages": []}', "[]"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
LINES_OF_ANYTHING = VALUES.map(json.dumps) | st.binary(max_size=60).filter(lambda data: b"\n" not in data)


@given(values=st.lists(LINES_OF_ANYTHING, max_size=6), medium=st.booleans())
def test_mending_ends_and_is_idempotent(tmp_path_factory, values, medium):
    folder = tmp_path_factory.mktemp("fix")
    path = folder / "any.jsonl"
    path.write_bytes(b"\n".join(map(line, values)) + b"\n")
    selection = UNDER_MEDIUM if medium else Selection()
    try:
        once = mend(path, folder / "once.jsonl", selection=selection)
    except ConfigurationError:
        return  # bytes that look like a wide encoding and are none
    content = once.out.read_bytes()
    if not content:
        return
    twice = mend(once.out, folder / "twice.jsonl", selection=selection)
    assert twice.out.read_bytes() == content
    assert twice.rules == {}


@given(
    texts=st.lists(
        st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "So"]), min_size=1, max_size=20),
        min_size=1,
        max_size=8,
    )
)
def test_a_clean_file_stays_to_the_byte(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("clean")
    rows = [chat(("user", f"q {text}"), ("assistant", f"a {text}")) for text in texts]
    path = write(folder, *rows)
    if any(finding.fixable for finding in check(path).findings):
        return
    assert mend(path, folder / "out.jsonl").out.read_bytes() == path.read_bytes()
