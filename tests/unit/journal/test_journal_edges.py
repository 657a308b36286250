"""The edges of the journal: whose run is read, whose file it is, and what is looked at before a write."""

import os
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maas_client.core.journal import Entry, Kind, Record
from maas_client.errors import JournalError
from maas_client.journal import SqliteJournal
from maas_client.journal.place import make_file
from maas_client.journal.sqlite import APPLICATION, _connect

BEGIN = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    return SqliteJournal(tmp_path / "journal")


def record(name: str, *entries: Entry) -> Record:
    return Record(name, BEGIN, {"name": name}, {}, entries)


def change(journal: SqliteJournal, statement: str) -> None:
    database = sqlite3.connect(journal.path)
    database.execute(statement)
    database.commit()
    database.close()


def test_of_several_runs_the_one_is_read_that_is_asked_for(journal: SqliteJournal) -> None:
    for name in ("first", "second"):
        journal.begin(record(name))
    found = journal.read("second")
    assert found is not None
    assert found.id == "second"
    assert journal.read("third") is None


def test_a_run_may_begin_with_entries(journal: SqliteJournal) -> None:
    begun = record("run", Entry("upload", Kind.INTENT, BEGIN, {"sha": "a"}))
    journal.begin(begun)
    assert journal.read("run") == begun


def test_a_file_is_made_once_and_for_the_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_file(tmp_path / "new")
    finally:
        os.umask(before)
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        make_file(tmp_path / "new")


@pytest.mark.parametrize("header", ["application_id = 7", "user_version = 0"])
def test_half_a_header_is_no_journal(journal: SqliteJournal, header: str) -> None:
    journal.begin(record("run"))
    change(journal, f"PRAGMA {header}")
    with pytest.raises(JournalError, match="is damaged: it has not the header of a journal"):
        SqliteJournal(journal.folder).records()


def test_a_later_version_says_which_file_it_wrote(journal: SqliteJournal) -> None:
    journal.begin(record("run"))
    change(journal, "PRAGMA user_version = 2")
    with pytest.raises(JournalError) as caught:
        journal.records()
    assert str(journal.path) in f"{caught.value} {caught.value.hint}"


def test_before_its_first_write_a_process_looks_at_every_page(journal: SqliteJournal) -> None:
    journal.begin(record("run", Entry("upload", Kind.INTENT, BEGIN, {})))
    with sqlite3.connect(journal.path) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entries'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (application,) = database.execute("PRAGMA application_id").fetchone()
    database.close()
    assert application == APPLICATION
    with journal.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    # The tables that it writes to are whole.
    with pytest.raises(JournalError, match="is damaged: its pages do not fit together"):
        SqliteJournal(journal.folder).begin(record("other"))


def test_what_was_forgotten_is_not_in_the_file(journal: SqliteJournal) -> None:
    for name in ("kept", "canary-0a1b2c3d"):
        journal.begin(record(name))
    assert b"canary-0a1b2c3d" in journal.path.read_bytes()
    assert journal.forget("canary-0a1b2c3d")
    assert b"canary-0a1b2c3d" not in journal.path.read_bytes()


def test_a_transaction_is_durable_before_it_returns(journal: SqliteJournal) -> None:
    journal.begin(record("run"))
    database = _connect(journal.path)
    told = {name: database.execute(f"PRAGMA {name}").fetchone() for name in ("synchronous", "fullfsync")}
    database.close()
    assert told == {"synchronous": (3,), "fullfsync": (1,)}


def test_a_run_that_cannot_be_read_is_named(journal: SqliteJournal) -> None:
    journal.begin(record("odd"))
    change(journal, "UPDATE runs SET plan = '{'")
    with pytest.raises(JournalError, match="is damaged: the run odd cannot be read"):
        journal.records()
