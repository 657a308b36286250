"""What a terminal shows: a command in a pseudo-terminal of a given size, and its screen as text.

The golden screens are in `tests/golden/screens`; the fixture `same_screen` compares with them, and writes them anew
with `--update-generated`. What differs from run to run is masked first.
"""

import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyte

from tests.cli.program import environment, program

SECONDS = 50.0
"""So long a screen may take to show what is waited for."""

_ID = re.compile("-\n?".join("[0-9a-f]\n?" * count for count in (8, 4, 4, 4, 12)))
"""A UUID, which a narrow screen may break anywhere."""
_MASKS = (
    (r"\d{4}-\d\d-\d\d", "2026-01-01"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?", "00:00:00"),
    (r"(?<=2026-01-01)([T ])\d\d:\d\d(?!:)", r"\g<1>00:00"),
    (r"(127\.0\.0\.1|\[::1\]|localhost):\d+", r"\g<1>:0"),
    (r"\b(\d+h )?(\d+m )?\d+(\.\d+)? ?s\b", "0s"),
    (r"\b\d+h \d+m\b", "0s"),
    (r"\b\d+(\.\d+)? ms\b", "0 ms"),
    (r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠋"),
)


def masked(text: str, *more: tuple[str, str]) -> str:
    """Replace times, durations, ports, ids, spinners; before them `more` (pattern, replacement) of the test's own."""
    text = _ID.sub(lambda match: re.sub(r"[0-9a-f]", "0", match[0]), text)
    for pattern, instead in (*more, *_MASKS):
        text = re.sub(pattern, instead, text)
    return text


class Terminal:
    """A screen that text with control sequences is written to, such as what rich writes."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.drawn = ""
        """All that was written, control sequences included."""

    def write(self, data: bytes) -> None:
        """Draw; a line feed alone goes down only, as on any terminal."""
        self.drawn += data.decode(errors="replace")
        self._stream.feed(data)

    def resize(self, columns: int, rows: int) -> None:
        """Take another size, as most terminals do: a line that does not fit any more is broken, not cut."""
        kept = self.text.rstrip("\n").replace("\n", "\r\n")
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._stream.feed(kept.encode())

    @property
    def text(self) -> str:
        """What stands there, spaces at the ends of lines and empty lines at the bottom left out."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip() + "\n"


class Shown(Terminal):
    """A command that runs in a terminal of its own.

    Attributes:
        process: The command.
    """

    def __init__(self, process: "subprocess.Popen[str]", controller: int, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.process = process
        self._controller = controller

    def read(self, until: str = "") -> str:
        """Follow what is drawn until a text stands on the screen, or to its end; return what the screen shows."""
        deadline = time.monotonic() + SECONDS
        while not until or until not in self.text:
            ready, _, _ = select.select([self._controller], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"waited for {until or 'the end'!r}; there is:\n{self.text}"
            try:
                piece = os.read(self._controller, 65536)
            except OSError:  # the other side is closed
                piece = b""
            if not piece:
                assert not until, f"it ended without {until!r}; there is:\n{self.text}"
                break
            self.write(piece)
        return self.text

    def press(self, keys: str) -> None:
        """Type; `\\x03` is Ctrl-C, `\\r` is Enter."""
        os.write(self._controller, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as somebody does who pulls at the window; the command gets SIGWINCH."""
        import termios

        super().resize(columns, rows)
        termios.tcsetwinsize(self._controller, (rows, columns))

    def end(self) -> int:
        """Follow it to its end and return its exit code."""
        self.read()
        return self.process.wait(SECONDS)


@contextmanager
def on_screen(
    *arguments: str, columns: int = 80, rows: int = 24, stdout: int | None = None, **extra: str
) -> Iterator[Shown]:
    """Run `maas-ft` with a terminal of its own.

    Args:
        arguments: After `maas-ft`.
        columns: Of the terminal.
        rows: Of the terminal; more than the command writes, for all of it to stay on the screen.
        stdout: `subprocess.PIPE` to keep stdout apart, read from `process.stdout`; else it is the terminal.
        extra: Environment variables.
    """
    import pty
    import termios

    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (rows, columns))
    # These two would stand above the terminal's own size.
    kept = {name: value for name, value in environment().items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        program(*arguments),
        env=kept | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | extra,
        stdin=terminal,
        stdout=terminal if stdout is None else stdout,
        stderr=terminal,
        text=True,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(terminal)
    try:
        yield Shown(process, controller, columns, rows)
    finally:
        process.kill()
        process.communicate()
        os.close(controller)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
