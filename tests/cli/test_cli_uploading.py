"""How far an upload is, as a terminal and a log are told it."""

import io
from collections.abc import Iterator

import pytest

from maas_client.cli._uploading import follow_upload
from maas_client.types import File, UploadEvent

FILE = File(id="azureml://x", filename="t.jsonl", bytes=400_000_000, sha256="0" * 64)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def event(seconds: float, done: int, rate: float = 0.0, file: File | None = None) -> UploadEvent:
    left = (400_000_000 - done) / rate if rate else None
    return UploadEvent(
        filename="t.jsonl",
        done_bytes=done,
        total_bytes=400_000_000,
        elapsed_seconds=seconds,
        bytes_per_second=rate,
        eta_seconds=left,
        file=file,
    )


def test_a_terminal_gets_one_line_that_is_gone_at_the_end():
    screen = Screen()
    events = [event(2, 0), event(4, 100_000_000, 50e6), event(10, 400_000_000, file=FILE)]
    assert follow_upload(events, screen) is FILE
    assert screen.getvalue().split("\r\x1b[2K") == [
        "",
        "Uploading t.jsonl: 0 B of 400 MB (0%)",
        "Uploading t.jsonl: 100 MB of 400 MB (25%), 50 MB/s, 6s left",
        "",
    ]


def test_a_log_gets_a_line_every_ten_seconds(capsys):
    events = [event(second, second * 10**7, 1e7) for second in range(2, 26, 2)]
    assert follow_upload([*events, event(40, 400_000_000, file=FILE)]) is FILE
    assert capsys.readouterr().err.splitlines() == [
        "Uploading t.jsonl: 100 MB of 400 MB (25%), 10 MB/s, 30s left",
        "Uploading t.jsonl: 200 MB of 400 MB (50%), 10 MB/s, 20s left",
    ]


def test_a_short_upload_is_told_nothing_of():
    screen = Screen()
    follow_upload([event(0.1, 400_000_000, file=FILE)], screen)
    assert screen.getvalue() == ""


def test_what_stops_it_leaves_a_clean_line():
    def events() -> Iterator[UploadEvent]:
        yield event(2, 0)
        raise KeyboardInterrupt

    screen = Screen()
    with pytest.raises(KeyboardInterrupt):
        follow_upload(events(), screen)
    assert screen.getvalue().endswith("\r\x1b[2K")
