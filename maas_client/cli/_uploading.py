"""How far an upload is, on stderr."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from maas_client.base.shown import clean
from maas_client.cli._clock import duration
from maas_client.cli._findings import size
from maas_client.cli._output import is_followed, talk

if TYPE_CHECKING:
    from maas_client.types import File, UploadEvent

_LOG_SECONDS = 10.0


def follow_upload(events: "Iterable[UploadEvent]", stream: TextIO | None = None) -> "File":
    """Tell of an upload until it is done: a line that is redrawn; in a log, one every ten seconds.

    Args:
        events: Of the upload; the last one has the file.
        stream: Where to write; stderr by default.

    Returns:
        The file.
    """
    shown = stream or sys.stderr
    terminal = is_followed(shown)
    file: File | None = None
    drawn, told = False, 0.0
    try:
        for event in events:
            file = event.file
            if file is not None:
                continue  # to the end: what closes the upload comes after the last event
            if terminal:
                drawn = True
                shown.write(f"\r\x1b[2K{clean(words(event))}")
                shown.flush()
            elif event.elapsed_seconds - told >= _LOG_SECONDS:
                told = event.elapsed_seconds
                talk(words(event))
    finally:
        if drawn:
            shown.write("\r\x1b[2K")
            shown.flush()
    assert file is not None  # noqa: S101 - the last event has it, or an exception came instead
    return file


def tell_file(file: "File") -> None:
    """Say what became of an upload."""
    talk(f"{file.filename}: " + ("the service has it already; nothing was sent." if file.reused else "uploaded."))


def words(event: "UploadEvent") -> str:
    """Write an event for people."""
    line = f"Uploading {event.filename}: {size(event.done_bytes)} of {size(event.total_bytes)}"
    line += f" ({event.done_bytes / event.total_bytes:.0%})"
    if event.bytes_per_second:
        line += f", {size(round(event.bytes_per_second))}/s"
    if event.eta_seconds is not None:
        line += f", {duration(event.eta_seconds)} left"
    return line
