"""How far a long reading of data has come, on stderr."""

import sys
import time
from typing import TYPE_CHECKING, TextIO

from maas_client.base.shown import clean
from maas_client.cli._clock import duration
from maas_client.cli._findings import size
from maas_client.cli._output import is_followed, talk

if TYPE_CHECKING:
    from maas_client.dataset import Progress

_SILENT_SECONDS = 1.0
_TERMINAL_SECONDS = 0.2
_LOG_SECONDS = 10.0


class Rate:
    """Tells of a reading that lasts over a second: a line that is redrawn; in a log, one every ten seconds."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Begin to count the time.

        Args:
            stream: Where to write; stderr by default.
        """
        self._stream = stream or sys.stderr
        self._drawn = False
        self._file: object = None
        self._started = self._next = time.monotonic()
        self._next += _SILENT_SECONDS

    def __call__(self, progress: "Progress") -> None:
        """Take note of how far it is, and tell it if it is time to."""
        at = time.monotonic()
        if progress.file != self._file:
            self._file, self._started = progress.file, at
        if at < self._next:
            return
        terminal = is_followed(self._stream)
        self._next = at + (_TERMINAL_SECONDS if terminal else _LOG_SECONDS)
        words = clean(self._words(progress, at - self._started))
        if terminal:
            self._drawn = True
            self._stream.write(f"\r\x1b[2K{words}")
            self._stream.flush()
        else:
            talk(words)

    def close(self) -> None:
        """Take the redrawn line away."""
        if self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    @staticmethod
    def _words(progress: "Progress", seconds: float) -> str:
        rate = progress.done / seconds if seconds > 0 else 0.0
        words = f"Checking {progress.file.name}: {size(progress.done)}"
        if progress.total:
            words += f" of {size(progress.total)} ({progress.done / progress.total:.0%})"
        if rate:
            words += f", {size(round(rate))}/s"
            if progress.total:
                words += f", {duration((progress.total - progress.done) / rate)} left"
        return words
