"""Which rules are in force, what they are told, and what a finding shows."""

import json

import pytest

from maas_client import catalog
from maas_client.dataset import Profile, Progress, RowMeasure, Rule, Severity, check
from maas_client.dataset.excerpt import excerpt
from maas_client.dataset.rule import Problem
from maas_client.dataset.selection import Selection
from maas_client.errors import ConfigurationError


@pytest.fixture
def path(tmp_path):
    good = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    rows = [
        json.dumps(
            {"messages": [{**good[0], "content": f"a{index}"}, {**good[1], "content": f"b{index}"}], "id": index}
        )
        for index in range(20)
    ]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join([*rows, "{}", "nope"]) + "\n")
    return path


def test_selected_rules_alone_are_applied(path):
    assert check(path).counts == {"JSN002": 1, "SCH002": 1, "SCH005": 1}
    assert check(path, select=["SCH"]).counts == {"SCH002": 1, "SCH005": 1}
    assert check(path, select=["SCH"], ignore=["dropped-column"]).counts == {"SCH002": 1}
    assert check(path, ignore=["sch0", "JSN002"]).counts == {}


def test_a_row_that_cannot_be_read_is_not_valid_whatever_is_ignored(path):
    assert check(path, ignore=["JSN", "SCH"]).files[0].valid_rows == 21


@pytest.mark.parametrize(("word", "near"), [("JSN02", "JSN002"), ("not-jsn", "not-json"), ("!", "The groups")])
def test_an_unknown_rule_is_refused(path, word, near):
    with pytest.raises(ConfigurationError) as caught:
        check(path, select=[word])
    assert word in str(caught.value)
    assert near in str(caught.value.hint)


def test_a_profile_changes_what_a_rule_means():
    def adapt(profile):
        return None if profile.method == "dpo" else Severity.INFO

    rule: Rule[object] = Rule("XXX001", "x", Severity.ERROR, "", "", "", lambda _: [Problem("no")], adapt=adapt)
    [active] = Selection().of([rule])
    assert active.severity is Severity.INFO
    assert Selection(Profile(method="dpo")).of([rule]) == ()


def test_the_profile_is_told(path):
    model = catalog.get("Phi-4")
    summary = check(path, model=model, service="foundry", method="dpo").to_dict()["summary"]
    assert (summary["service"], summary["model"], summary["method"]) == ("foundry", "Phi-4", "dpo")


class Counting:
    def measure(self, messages, tools):
        return RowMeasure(len(messages), trained_tokens=1)


def test_valid_rows_are_measured(path):
    assert check(path, tokens=Counting).files[0].measure == RowMeasure(tokens=40, trained_tokens=20)
    assert check(path).files[0].measure is None


def test_progress_is_told(path):
    seen: list[Progress] = []
    check(path, progress=seen.append)
    assert (seen[-1].file, seen[-1].done, seen[-1].total) == (path, path.stat().st_size, path.stat().st_size)


def test_excerpts_are_short_printable_and_without_secrets():
    assert excerpt("a\x00b\u202ec\nd" + "x" * 100, 0) == "a\\x00b\\u202ec\\x0ad" + "x" * 53
    assert excerpt("key sk-abcdefgh12345678ijkl and", 0) == "key sk-a" + "*" * 19 + " and"
    assert excerpt("key " + "Ab1" * 300, 0) == "key Ab1A" + "*" * 52
    assert excerpt("4111 1111 1111", 0, sensitive=True) == "4111 **** ****"
    assert excerpt("\U000e0001", 0) == "\\U000e0001"
