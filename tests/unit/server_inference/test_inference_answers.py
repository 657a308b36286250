"""Finding the nearest row, cutting an answer, and the estimates under both."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.server.engine import text
from maas_client.server.inference import index
from maas_client.server.inference.index import AnswerIndex, AnswerShelf
from maas_client.server.inference.reply import Reply, cut


def test_a_rare_word_weighs_more_than_common_ones():
    rows = [(f"how do i use the {word}", word) for word in ("scanner", "printer", "router", "camera")]
    assert AnswerIndex(rows).nearest("what do i do when the the the camera is broken") == "camera"


def test_every_training_question_finds_its_own_row():
    rows = [("is it a b", "first"), ("b a it is", "second"), ("IS IT A B ", "third")]
    found = AnswerIndex(rows)
    assert found.nearest("b a it is") == "second"
    assert found.nearest(" Is it a B") == "first"
    assert found.nearest("a, b") == "first"


def test_no_shared_word_is_none():
    assert AnswerIndex([("hello", "a")]).nearest("bye") is None
    assert AnswerIndex([]).nearest("") is None
    assert AnswerIndex([("???", "a")]).nearest("???") == "a"


@given(st.lists(st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=5)), max_size=10), st.text(max_size=20))
def test_any_question_gives_an_answer_of_the_rows_or_none(rows, question):
    found = AnswerIndex(rows).nearest(question)
    assert found is None or found in [answer for _, answer in rows]
    for user, _ in rows:
        assert AnswerIndex(rows).nearest(user) is not None


def write(path: Path, answer: str) -> Path:
    path.write_text(json.dumps({"answers": [{"user": "a", "answer": answer}]}))
    return path


def test_a_shelf_reads_a_file_once_and_again_when_it_changed(tmp_path):
    shelf = AnswerShelf()
    path = write(tmp_path / "a.json", "one")
    first = shelf.get(path)
    assert shelf.get(path) is first
    write(path, "longer")
    os.utime(path, ns=(1, 1))
    assert shelf.get(path).nearest("a") == "longer"


def test_a_shelf_keeps_the_last_used(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "KEPT", 2)
    shelf = AnswerShelf()
    paths = [write(tmp_path / f"{name}.json", name) for name in "abc"]
    first, second = shelf.get(paths[0]), shelf.get(paths[1])
    shelf.get(paths[0])
    shelf.get(paths[2])
    assert shelf.get(paths[0]) is first
    assert shelf.get(paths[1]) is not second


@pytest.mark.parametrize(
    ("content", "limit", "expected"),
    [
        ("one two three", 100, "one two three"),
        ("one two three", 2, "one two"),
        ("one  two three", 1, "one"),
        ("abcdefghijkl", 2, "abcdefgh"),
        ("one two", 0, ""),
        ("", 0, ""),
        ("\n\n\n\nabcde", 1, "\n\n\n\n"),
    ],
)
def test_cut(content, limit, expected):
    assert cut(content, limit) == expected


@given(st.text(max_size=60), st.integers(0, 20))
def test_a_cut_is_a_prefix_within_its_limit(content, limit):
    kept = cut(content, limit)
    assert content.startswith(kept)
    assert text.estimate_tokens(kept) <= limit
    assert "".join(Reply(kept, "stop", 0, 0).pieces()) == kept


@given(st.text(max_size=30), st.text(max_size=30))
def test_estimates_grow_with_the_text(first, second):
    assert text.estimate_tokens(first) <= text.estimate_tokens(first + second)


def test_estimates_know_scripts():
    assert text.estimate_tokens("") == 0
    assert text.estimate_tokens("four") == 1
    assert text.estimate_tokens("你好世界") == 4
    assert 4 <= text.estimate_tokens("Привет мир") <= 7
    assert text.estimate_tokens("\ud800") > 0


def test_words_of_unspaced_scripts_are_characters():
    assert text.words("\uff28ello, WORLD_x 你好ok") == ["hello", "world", "x", "你", "好", "ok"]


def test_lone_surrogates_become_question_marks():
    assert text.encodable("a\ud800é") == "a?é"
    assert text.plain_text({"no": "content"}) == ""


def test_a_word_of_an_answer_counts_but_less_than_one_of_a_question():
    rows = [("how do I add a user", "Panel, then Invite."), ("mail goes elsewhere", "Set the MX record to ours.")]
    assert AnswerIndex(rows).nearest("the MX record?") == "Set the MX record to ours."
    rows = [("what is a cron job", "A program on a schedule."), ("what is a schedule", "A list of times.")]
    assert AnswerIndex(rows).nearest("schedule") == "A list of times."
