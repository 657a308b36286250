"""What is written: JSON that everyone can read, text that does nothing to a terminal."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from maas_client.base.shown import clean
from maas_client.cli import _output
from maas_client.cli._clock import duration
from maas_client.cli._output import Output, plain, to_json
from maas_client.types import MetricPoint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb", "a\\rb"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("für 你好 😀", "für 你好 😀"),
    ],
)
def test_control_characters_are_written_out(text, shown):
    assert clean(text) == shown


def test_json_is_valid_whatever_is_in_it():
    value = {"text": "\x1b\x9b\u202e\ud800 ü", "nan": math.nan, "list": (1, math.inf), "path": Path("a/b")}
    text = to_json(value)

    assert "\x9b" not in text
    assert "\u202e" not in text
    assert json.loads(text) == {"text": "\x1b\x9b\u202e\ud800 ü", "nan": None, "list": [1, None], "path": "a/b"}


def test_values_of_the_package_become_plain():
    @dataclass
    class Thing:
        point: MetricPoint
        words: frozenset[str]

    assert plain(Thing(MetricPoint(key="loss", value=math.nan, step=3), frozenset({"a"}))) == {
        "point": {"key": "loss", "value": None, "step": 3, "created_at": None},
        "words": ["a"],
    }


def test_a_table_is_cropped_on_a_terminal_only(capsys, monkeypatch):
    rows = [("job", "x" * 90)]
    Output("text").table(("NAME", "MODEL"), rows)
    monkeypatch.setattr(_output, "is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "40")
    Output("text").table(("NAME", "MODEL"), rows)

    lines = capsys.readouterr().out.splitlines()
    assert [len(line) for line in lines] == [11, 96, 11, 40]
    assert lines[3].endswith("…")


def test_text_is_data_unless_somebody_looks(capsys, monkeypatch):
    Output("text").text("a\x1bb")
    monkeypatch.setattr(_output, "is_terminal", lambda stream: True)
    Output("text").text("a\x1bb")

    assert capsys.readouterr().out == "a\x1bb\na\\x1bb\n"


def test_pairs_leave_out_what_is_none(capsys):
    Output("text").pairs({"job": "a", "model": None, "status": "b"})

    assert capsys.readouterr().out == "job     a\nstatus  b\n"


def test_durations():
    assert [duration(seconds) for seconds in (-1, 8.4, 125, 3720)] == ["0s", "8s", "2m 05s", "1h 02m"]
