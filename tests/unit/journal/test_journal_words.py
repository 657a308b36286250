"""What a journal that cannot be used says, by the system's own code: what happened, and what to do next."""

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maas_client.core.journal import Record
from maas_client.errors import JournalBusyError, JournalError
from maas_client.journal import SqliteJournal
from maas_client.journal.faults import explained
from maas_client.journal.place import journal_folder

DATABASE = Path("/state/journal.db")
CLAIM = Path("/state/claims/0123abcd")
ELSEWHERE = "Name another folder in MAAS_JOURNAL_DIR."
DAMAGED = (
    "Move it away, or name another folder in MAAS_JOURNAL_DIR; jobs are at the service all the same: maas-ft jobs list"
)
OTHERS = "Try again when they are done, or name another folder in MAAS_JOURNAL_DIR."
WORKED_ON = "Let it finish, or stop it; then repeat this. The job itself: maas-ft jobs watch NAME"
CANNOT = f"The journal {DATABASE} cannot be written: odd."
FULL = "Is the disk full? Make room, or name another folder in MAAS_JOURNAL_DIR."


@pytest.mark.parametrize(
    ("path", "code", "kind", "words", "hint"),
    [
        (DATABASE, None, JournalError, f"The journal {DATABASE} is damaged: odd.", DAMAGED),
        (DATABASE, "SQLITE_CORRUPT", JournalError, f"The journal {DATABASE} is damaged: odd.", DAMAGED),
        (DATABASE, "SQLITE_CORRUPT_INDEX", JournalError, f"The journal {DATABASE} is damaged: odd.", DAMAGED),
        (DATABASE, "SQLITE_NOTADB", JournalError, f"The journal {DATABASE} is damaged: odd.", DAMAGED),
        (
            DATABASE, "SQLITE_BUSY_RECOVERY", JournalBusyError,
            f"The journal {DATABASE} is being written by others without a pause.", OTHERS,
        ),
        (
            CLAIM, "SQLITE_BUSY", JournalBusyError,
            "Another process, or another thread of this one, is at work on this run.", WORKED_ON,
        ),
        (
            None, "SQLITE_BUSY", JournalBusyError,
            "Another process, or another thread of this one, is at work on this run.", WORKED_ON,
        ),
        (DATABASE, "SQLITE_READONLY_DIRECTORY", JournalError, CANNOT, ELSEWHERE),
        (DATABASE, "SQLITE_CANTOPEN", JournalError, CANNOT, ELSEWHERE),
        (DATABASE, "SQLITE_PERM", JournalError, CANNOT, ELSEWHERE),
        (DATABASE, "SQLITE_AUTH", JournalError, CANNOT, ELSEWHERE),
        (DATABASE, "SQLITE_FULL", JournalError, f"The journal {DATABASE} cannot be made durable: odd.", FULL),
        (DATABASE, "SQLITE_IOERR_FSYNC", JournalError, f"The journal {DATABASE} cannot be made durable: odd.", FULL),
    ],
)  # fmt: skip
def test_each_code_has_its_words(path, code, kind, words, hint):
    error = sqlite3.OperationalError("odd")
    if code is not None:
        error.sqlite_errorname = code
    with pytest.raises(JournalError) as caught, explained(path):
        raise error
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{words} Nothing was sent.")
    assert caught.value.hint == hint


def test_a_journal_of_a_later_release_says_what_to_do(tmp_path):
    journal = SqliteJournal(tmp_path)
    journal.begin(Record("r1", datetime(2026, 11, 27, tzinfo=UTC), {}, {}))
    with sqlite3.connect(journal.path) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(
        JournalError, match=r"\(its version is 2, this one reads 1\); it was left as it is\. Nothing"
    ) as caught:
        SqliteJournal(tmp_path).records()
    assert caught.value.hint == "Update maas-client, or name another folder in MAAS_JOURNAL_DIR."


HEARD = """
import json, sys
from pathlib import Path
from datetime import UTC, datetime
from maas_client.core.journal import Entry, Kind, Record
from maas_client.errors import JournalError
from maas_client.journal import SqliteJournal
from maas_client.journal.sqlite import AUDIT
points = []
sys.addaudithook(lambda event, arguments: points.append(arguments[0]) if event == AUDIT else None)
began = datetime(2026, 11, 27, tzinfo=UTC)
journal = SqliteJournal(Path(sys.argv[1]))
journal.begin(Record("r1", began, {}, {}))
entry = Entry("create-job", Kind.INTENT, began, {"name": "bot"})
journal.write("r1", entry)
try:
    journal.write("r2", entry)
except JournalError as error:
    refused = [str(error), error.hint]
found = journal.read("r1")
journal.forget("r1")
print(json.dumps([refused, found is not None and found.entries == (entry,), points]))
"""


def test_an_entry_is_read_as_it_was_written_and_its_points_are_named(tmp_path):
    # In a process of its own: Python has no way to take a hook away.
    command = [sys.executable, "-c", HEARD, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (words, hint), is_same, points = json.loads(done.stdout)

    assert "forgotten meanwhile" in words
    assert hint == "Submit again under the same name."
    assert is_same
    intent = "create-job.intent"
    assert points == [
        "begin.begin", "begin.written", f"{intent}.begin", f"{intent}.written", f"{intent}.begin",
        "forget.begin", "forget.written",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="the place is the system's own")
def test_without_a_name_it_lies_in_the_user_s_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert journal_folder({}) == tmp_path / "maas-client" / "journal"
