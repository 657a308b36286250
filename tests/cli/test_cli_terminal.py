"""On a terminal: the live display on stderr, data on stdout, Ctrl-C from the keyboard."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.program import MODEL, environment, program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")


@contextmanager
def on_terminal(*arguments: str, **extra: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Run a command with its own terminal of 80 columns for stdin and stderr, and a pipe for stdout."""
    import pty
    import termios

    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = subprocess.Popen(
        program(*arguments),
        env=environment() | {"TERM": "xterm", "LANG": "C.UTF-8"} | extra,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(terminal)
    try:
        yield process, controller
    finally:
        process.kill()
        process.communicate()
        os.close(controller)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def read(controller: int, until: str = "") -> str:
    """Read what was drawn, to its end or until a text appears."""
    drawn = b""
    while not until or until.encode() not in drawn:
        try:
            piece = os.read(controller, 4096)
        except OSError:  # the other side is closed
            break
        drawn += piece
    return drawn.decode(errors="replace")


def test_the_display_lives_on_stderr_and_the_result_on_stdout(data):
    arguments = ("submit", "--local", "--model", MODEL, "--train", data.name, "--name", "shown", "--deploy")
    with on_terminal(*arguments, NO_COLOR="1") as (process, controller):
        drawn = read(controller)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 0, drawn
    assert out.startswith("job         shown\n")
    assert "ETA " in drawn
    assert "━" in drawn
    assert "\x1b[?25l" in drawn  # it redraws
    assert "\x1b[31m" not in drawn
    assert "\x1b[1;36m" not in drawn  # and NO_COLOR is respected


def test_ctrl_c_from_the_keyboard_leaves_job_and_server_alone(data, run):
    arguments = ("submit", "--local", "--model", MODEL, "--train", data.name, "--name", "left", "--epochs", "1000")
    with on_terminal(*arguments) as (process, controller):
        read(controller, until=" step ")
        os.write(controller, b"\x03")
        drawn = read(controller)
        process.wait(20)

    assert process.returncode == 130
    assert "Go on watching: maas-ft jobs watch left --local" in drawn
    assert "\x1b[?25h" in drawn  # the cursor is back
    assert "running" in run("jobs", "get", "left", "--local").stdout


def test_on_a_dumb_terminal_nothing_is_redrawn(data):
    arguments = ("submit", "--local", "--model", MODEL, "--train", data.name, "--name", "dumb", "--epochs", "1")
    with on_terminal(*arguments, TERM="dumb") as (process, controller):
        drawn = read(controller)
        process.wait(20)

    assert process.returncode == 0
    assert "\x1b" not in drawn
    assert " step " in drawn
