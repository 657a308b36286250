"""Claims: one at a time on one name, whoever asks and from whichever thread, and none in the way of another name."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest

from maas_client.errors import JournalBusyError, JournalError
from maas_client.journal.claims import claimed


def test_names_are_not_in_each_others_way(tmp_path: Path) -> None:
    with ExitStack() as held:
        for number in range(40):
            held.enter_context(claimed(tmp_path, f"run {number}"))


def test_what_one_thread_began_another_may_end(tmp_path: Path) -> None:
    claim = claimed(tmp_path, "run")
    with ThreadPoolExecutor(1) as other:
        other.submit(claim.__enter__).result()
        with pytest.raises(JournalBusyError), claimed(tmp_path, "run"):
            raise AssertionError("held twice")
        claim.__exit__(None, None, None)
        with claimed(tmp_path, "run"):
            pass


def test_another_hold_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    asked = Event()

    def hold() -> None:
        asked.set()
        with claimed(tmp_path, "run", wait_seconds=30):
            pass

    with ThreadPoolExecutor(1) as other:
        with claimed(tmp_path, "run"):
            waiting = other.submit(hold)
            asked.wait(30)
            with pytest.raises(JournalBusyError), claimed(tmp_path, "run"):
                raise AssertionError("held twice")
        waiting.result(30)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    with claimed(tmp_path, "run"):
        pass
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalError, match=f"The journal {file} is damaged"), claimed(tmp_path, "run"):
        raise AssertionError("held")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalError, match=f"The journal {tmp_path / 'file'}"), claimed(tmp_path / "file", "run"):
        raise AssertionError("held")
