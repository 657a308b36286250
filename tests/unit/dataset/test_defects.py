"""Files with one defect each, and odd files that are right: what has to be found, and nothing else."""

import json
import re
import tomllib
from functools import partial
from pathlib import Path

import pytest

from maas_client import catalog
from maas_client.dataset import RULES, Severity, check
from maas_client.dataset.guide import GROUPS, USES, document, find_rules, meanings
from maas_client.dataset.mend import mend
from maas_client.dataset.profile import Profile
from maas_client.dataset.rules import FOR_LINES, FOR_MEASURES, FOR_ROWS, FOR_TEXTS
from maas_client.dataset.rules_layout import LAYOUT_RULES
from maas_client.dataset.selection import Selection
from maas_client.dataset.tokens import Conversations

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests/dataset_cases"
LINE = 7
ROWS = 30
LONG = "Lima is the capital of Peru. " * 20_000
CALL = {"id": "1", "type": "function", "function": {"name": "search", "arguments": '{"q": "Peru"}'}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://h/a.png"}}
PARTS = {
    "@S": {"role": "system", "content": "You answer in one word."},
    "@Q": {"role": "user", "content": "What is the capital of Peru?"},
    "@A": {"role": "assistant", "content": "Lima."},
    "@B": {"role": "assistant", "content": "Cusco."},
    "@C": {"role": "assistant", "tool_calls": [CALL]},
    "@R": {"role": "tool", "tool_call_id": "1", "content": "Lima"},
    "@T": {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}},
}


def cases(name):
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["case"]


DEFECTS, VALID = cases("defects.toml"), cases("valid.toml")


def _filled(text):
    text = text.replace("@LONG", LONG).replace("@IMAGES", ", ".join([json.dumps(IMAGE)] * 65))
    return re.sub("@[SQABCRT](?![a-z])", lambda match: json.dumps(PARTS[match[0]]), text)


def _row(case):
    if "row" in case:
        return _filled(case["row"])
    # A key that stood here as a whole would be taken for one that has leaked.
    texts = {key: case[key].replace("~", "") for key in ("system", "question", "answer") if key in case}
    texts = {key: LONG if text == "LONG" else text for key, text in texts.items()}
    messages = [
        {"role": "user", "content": texts.get("question", "What is the capital of Peru?")},
        {"role": "assistant", "content": texts.get("answer", "Lima.")},
    ]
    if "system" in texts:
        messages.insert(0, {"role": "system", "content": texts["system"]})
    return json.dumps({"messages": messages}, ensure_ascii=case.get("ascii", False))


def good(number, *, preference=False):
    question = {"role": "user", "content": f"What is {number} and {number * number}, in words or in digits?"}
    answer = {"role": "assistant", "content": f"It is {number + number * number}, which you may write as you like."}
    if preference:
        row = {"input": {"messages": [question]}, "preferred_output": [answer], "non_preferred_output": [PARTS["@B"]]}
    else:
        row = {"messages": [question, answer]}
    return json.dumps(row)


def content(case):
    """The bytes of the file of a case."""
    encoding = case.get("encoding", "utf-8")
    if "lines" in case:
        return (_filled(case["lines"]).lstrip("\n") + "\n").encode(encoding)
    rows = [good(number, preference=case.get("method") == "dpo") for number in range(1, ROWS + 1)]
    if case.get("all"):
        rows = [_row(case)] * ROWS
    elif case.get("last"):
        rows[-1] = _row(case)
    elif case.keys() & {"row", "system", "question", "answer"}:
        rows[LINE - 1] = _row(case)
    end = case.get("end", "\n")
    text = end.join(rows) + ("" if case.get("last") else case.get("end_of_file", end))
    data = text.encode(encoding)
    return re.sub(rb"<x([0-9a-f]{2})>", lambda match: bytes.fromhex(match[1].decode()), data)


def found(tmp_path, case):
    path = tmp_path / "train.jsonl"
    path.write_bytes(content(case))
    return checked(path, case)


def checked(path, case):
    model = catalog.get(case["model"]) if "model" in case else None
    return check(
        path, model=model, service=case.get("service", "azureml"), method=case.get("method", "supervised"),
        tokens=partial(Conversations, model) if model and case.get("tokens") else None,
        # Rules across rows are tested elsewhere; many cases repeat a row on purpose.
        ignore=[group for group in ("DUP", "LEK", "LEN") if any(rule.startswith(group) for rule in RULES)],
    )  # fmt: skip


def expected_line(case):
    line = case.get("line", LINE)
    return None if line == "" else line


@pytest.mark.parametrize("case", DEFECTS, ids=[case["name"] for case in DEFECTS])
def test_a_defect_is_found_and_nothing_else(tmp_path, case):
    report = found(tmp_path, case)
    assert sorted(report.counts) == sorted({case["rule"], *case.get("also", ())})
    finding = next(finding for finding in report.findings if finding.rule == case["rule"])
    assert (finding.severity, finding.line) == (Severity(case.get("severity", "error")), expected_line(case))
    if finding.line is not None and finding.byte is not None:
        before = (tmp_path / "train.jsonl").read_bytes()[: finding.byte]
        assert before.count(b"\n") == finding.line - 1


FIXABLE = [case for case in DEFECTS if RULES[case["rule"]].fixable]


@pytest.mark.parametrize("case", FIXABLE, ids=[case["name"] for case in FIXABLE])
def test_a_fixable_defect_is_gone_after_the_fix(tmp_path, case):
    path = tmp_path / "train.jsonl"
    path.write_bytes(content(case))
    model = catalog.get(case["model"]) if "model" in case else None
    profile = Profile(model=model, service=case.get("service", "azureml"), method=case.get("method", "supervised"))
    done = mend(path, tmp_path / "clean.jsonl", selection=Selection(profile))
    left = checked(done.out, case)
    assert case["rule"] not in left.counts
    assert left.errors == 0


@pytest.mark.parametrize("case", VALID, ids=[case["name"] for case in VALID])
def test_an_odd_file_is_right(tmp_path, case):
    report = found(tmp_path, case)
    assert report.errors == 0
    assert {finding.rule for finding in report.findings if finding.severity != "info"} == set(case.get("also", ()))


def test_every_rule_about_lines_rows_and_layouts_has_a_case():
    # A row of 16 MiB, 100 brackets, 1,000 digits and an archive are made in other tests.
    elsewhere = {"JSN005", "JSN006", "LIM005", "FMT015"}
    ours = {rule.id for table in (FOR_LINES, FOR_ROWS, FOR_TEXTS, FOR_MEASURES, LAYOUT_RULES) for rule in table}
    assert ours - elsewhere <= {rule for case in DEFECTS for rule in (case["rule"], *case.get("also", ()))}
    names = [case["name"] for case in (*DEFECTS, *VALID)]
    assert len(DEFECTS) >= 80
    assert len(VALID) >= 30
    assert len(set(names)) >= len(names) - 2


def _cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _reference():
    yield "# The rules of `maas-ft data check`"
    yield ""
    yield "Generated from the table of rules and from the files in `tests/dataset_cases`; a test holds it against both."
    yield "`maas-ft data rules ID` prints one rule with its source. Severities that depend on the base model are joined"
    yield 'by "or"; "-" stands for rules that do not apply. What is marked *fix* is mended by `maas-ft data fix`.'
    for group, title in GROUPS.items():
        found = [rule for rule in RULES.values() if rule.id.startswith(group)]
        if not found:
            continue
        yield f"\n## {title}\n"
        yield f"| rule | {' | '.join(' '.join(use) for use in USES)} | why | what to do |"
        yield f"|---|{'---|' * len(USES)}---|---|"
        for rule in sorted(found, key=lambda rule: rule.id):
            severities = " | ".join(str(meaning) for meaning in meanings(rule))
            fix = " *fix*" if rule.fixable else ""
            yield f"| {rule.id} {rule.name}{fix} | {severities} | {_cell(rule.why)} | {_cell(rule.hint)} |"
    yield "\n## What each of them finds\n"
    yield "Every line is a file with this one defect, checked by the tests.\n"
    yield "| defect | rule | severity | line |"
    yield "|---|---|---|---|"
    for case in DEFECTS:
        use = ", ".join(case[key] for key in ("service", "model", "method") if key in case)
        line = "the file" if expected_line(case) is None else expected_line(case)
        severity = case.get("severity", "error")
        yield f"| {_cell(case['name'])}{f' ({use})' if use else ''} | {case['rule']} | {severity} | {line} |"
    yield "\n## What is odd and yet right\n"
    yield "No error is found in files like these, and no warning but those named.\n"
    for case in VALID:
        also = f" (warning {', '.join(case['also'])})" if "also" in case else ""
        yield f"- {_cell(case['name'])}{also}"


def test_the_reference_is_current(generated):
    generated(ROOT / "docs/pages/reference/rules.md", "\n".join(_reference()) + "\n")


def test_every_rule_has_a_group_and_a_document():
    assert {rule.id[:3] for rule in RULES.values()} <= GROUPS.keys()
    assert [rule.id for rule in find_rules()] == [document(rule)["id"] for rule in find_rules()]
    assert len(find_rules()) == len(RULES)
    assert document(RULES["ROL010"])["severities"] == {
        "azureml supervised": ["warning"], "foundry supervised": ["error"], "foundry dpo": ["error"],
    }  # fmt: skip
    assert str(meanings(RULES["ROL006"])[0]) == "warning or error"
    assert str(meanings(RULES["CNT009"])[1]) == "-"
