"""On a terminal: the live display on stderr, data on stdout, Ctrl-C from the keyboard."""

import subprocess
import sys

import pytest

from tests.cli.program import MODEL
from tests.cli.screens import masked, on_screen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")


def test_the_display_lives_on_stderr_and_the_result_on_stdout(data):
    arguments = ("submit", "--local", "--model", MODEL, "--train", data.name, "--name", "shown", "--epochs", "9")
    with on_screen(*arguments, stdout=subprocess.PIPE, NO_COLOR="1") as shown:
        code = shown.end()
        assert shown.process.stdout is not None
        out, drawn = shown.process.stdout.read(), shown.drawn

    assert code == 0, drawn
    assert out.split()[:2] == ["job", "shown"]
    assert "ETA " in drawn
    assert "━" in drawn
    assert "┤" in drawn
    assert "\x1b[?25l" in drawn  # it redraws
    assert "\x1b[31m" not in drawn
    assert "\x1b[1;36m" not in drawn  # and NO_COLOR is respected


def test_ctrl_c_from_the_keyboard_leaves_job_and_server_alone(data, run, same_screen):
    arguments = ("submit", "--local", "--model", MODEL, "--train", data.name, "--name", "left", "--epochs", "1000")
    with on_screen(*arguments, rows=50) as shown:
        shown.read(until=" step ")
        shown.press("\x03")
        assert shown.end() == 130
    assert "\x1b[?25h" in shown.drawn  # the cursor is back
    told = [_last_words(shown.text)]

    with on_screen("jobs", "watch", "left", "--local", columns=120, rows=50) as shown:
        shown.read(until="┤")
        shown.resize(60, 50)
        shown.read(until="validation loss")
        shown.press("\x03")
        assert shown.end() == 130
    assert shown.text.count("last news") == 1  # and it is drawn once, whatever happens to the window
    told.append(_last_words(shown.text))

    same_screen("watch-interrupted", masked("".join(told), (r"resume [0-9a-f]{8}", "resume 00000000")))
    assert "running" in run("jobs", "get", "left", "--local").stdout


def _last_words(text: str) -> str:
    return text[text.index("Stopped watching.") :]


def test_on_a_dumb_terminal_nothing_is_redrawn(data):
    arguments = ("submit", "--local", "--model", MODEL, "--train", data.name, "--name", "dumb", "--epochs", "1")
    with on_screen(*arguments, TERM="dumb") as shown:
        assert shown.end() == 0
    drawn = shown.drawn

    assert "\x1b" not in drawn
    assert " step " in drawn


def test_what_a_screen_shows_is_kept_as_text(same_screen):
    with on_screen("models", "get", "Phi-9", columns=40) as terminal:
        assert terminal.end() == 2
    assert max(map(len, terminal.text.splitlines())) == 40  # a terminal breaks what is longer
    same_screen("unknown-model-40", masked(terminal.text))


def test_masks_leave_words_and_numbers_alone():
    text = "Begun 2026-11-27 23:20:06.123, took 1h 02m, then 2m 05s, 12 s; 2026-11-27T23:20 at 127.0.0.1:8085, 12/40"
    assert masked(text, (r"\b12/", "0/")) == (
        "Begun 2026-01-01 00:00:00, took 0s, then 0s, 0s; 2026-01-01T00:00 at 127.0.0.1:0, 0/40"
    )
    request = "request id ce235dd2-10e9-477d-8\nfa9-8730bfa5c501)"
    assert masked(request) == "request id 00000000-0000-0000-0\n000-000000000000)"
