"""The journal on disk: durable, private, plain about damage; one worker at a time."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maas_client.core.journal import Entry, Kind, Record, fold
from maas_client.errors import JournalBusyError, JournalError
from maas_client.journal import SqliteJournal
from maas_client.journal.place import journal_folder
from maas_client.types import StepState

BEGIN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def record(name: str = "r1") -> Record:
    return Record(name, BEGIN, {"name": "bot", "n": 1}, {"local": "yes"})


def entry(kind: Kind, step: str = "create-job", minutes: int = 1, **data: object) -> Entry:
    return Entry(step, kind, BEGIN + timedelta(minutes=minutes), data)


@pytest.fixture
def journal(tmp_path: Path) -> SqliteJournal:
    return SqliteJournal(tmp_path / "state" / "journal")


# What it keeps


def test_what_is_written_is_read_by_another(journal: SqliteJournal) -> None:
    journal.begin(record())
    journal.write("r1", entry(Kind.INTENT, sha="é"))
    journal.write("r1", entry(Kind.RESULT, minutes=2, name="bot"))
    found = SqliteJournal(journal.folder).read("r1")

    assert found is not None
    assert (found.id, found.plan, found.labels, found.begun_at) == (
        "r1",
        {"name": "bot", "n": 1},
        {"local": "yes"},
        BEGIN,
    )
    assert [each.kind for each in found.entries] == [Kind.INTENT, Kind.RESULT]
    assert found.entries[0].data == {"sha": "é"}
    assert found.changed_at == BEGIN + timedelta(minutes=2)
    assert record().changed_at == BEGIN
    assert SqliteJournal(journal.folder).records() == (found,)


def test_a_journal_that_is_not_there_holds_nothing(journal: SqliteJournal) -> None:
    assert journal.read("r1") is None
    assert journal.records() == ()
    assert journal.forget("r1") is False
    assert not journal.folder.exists()


def test_forgetting_removes_a_run_and_all_of_it(journal: SqliteJournal) -> None:
    for name in ("r1", "r2"):
        journal.begin(record(name))
        journal.write(name, entry(Kind.INTENT, word=f"{name}-trace"))

    assert journal.forget("r1") is True
    assert journal.forget("r1") is False
    assert [run.id for run in journal.records()] == ["r2"]
    assert b"r1-trace" not in journal.path.read_bytes()
    with pytest.raises(JournalError, match="was forgotten meanwhile"):
        journal.write("r1", entry(Kind.RESULT))


def test_nothing_is_added_under_an_id_that_is_taken(journal: SqliteJournal) -> None:
    journal.begin(record())
    with pytest.raises(JournalError):
        journal.begin(record())
    assert len(journal.records()) == 1


# How a step stands


@pytest.mark.parametrize(
    ("entries", "state", "attempts"),
    [
        ((), StepState.PENDING, 0),
        ((entry(Kind.INTENT),), StepState.SENT, 1),
        ((entry(Kind.INTENT), entry(Kind.RESULT)), StepState.DONE, 1),
        ((entry(Kind.INTENT), entry(Kind.FAILURE, message="no")), StepState.REFUSED, 1),
        ((entry(Kind.INTENT), entry(Kind.FAILURE, message="?", unknown=True)), StepState.SENT, 1),
        # It was begun and nothing is known; a refusal of the second attempt says nothing of the first.
        ((entry(Kind.INTENT), entry(Kind.INTENT), entry(Kind.FAILURE, message="no")), StepState.SENT, 2),
        ((entry(Kind.INTENT), entry(Kind.FAILURE, message="no"), entry(Kind.INTENT)), StepState.SENT, 2),
        ((entry(Kind.INTENT), entry(Kind.RESULT), entry(Kind.FAILURE, message="no")), StepState.DONE, 1),
        ((entry(Kind.NOTE, token="t"),), StepState.PENDING, 0),
    ],
)
def test_entries_tell_how_a_step_stands(entries: tuple[Entry, ...], state: StepState, attempts: int) -> None:
    step = fold(entries)

    assert (step.state, step.attempts) == (state, attempts)


def test_a_step_tells_its_result_its_error_and_its_notes() -> None:
    tried = (
        entry(Kind.INTENT),
        entry(Kind.FAILURE, message="no", minutes=3),
        entry(Kind.NOTE, a=1),
        entry(Kind.NOTE, b=2),
    )
    run = Record("r1", BEGIN, {}, {}, (*tried, entry(Kind.RESULT, step="wait", status="succeeded")))

    assert (run.step("create-job").error, run.step("create-job").note) == ("no", {"a": 1, "b": 2})
    assert run.step("create-job").at == BEGIN + timedelta(minutes=3)
    assert run.step("wait").result == {"status": "succeeded"}
    assert fold((*tried, entry(Kind.INTENT), entry(Kind.RESULT))).error is None


# Private


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes")
def test_nobody_else_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    script = (
        "import os, sys; os.umask(0)\n"
        "from pathlib import Path; from datetime import datetime, UTC\n"
        "from maas_client.core.journal import Record; from maas_client.journal import SqliteJournal\n"
        "journal = SqliteJournal(Path(sys.argv[1]))\n"
        "with journal.claim('x'): journal.begin(Record('r', datetime.now(UTC), {}, {}))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "a" / "b")], check=True)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").rglob("*")}

    assert len(modes) >= 5
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes")
def test_rights_that_somebody_gave_are_taken_back(journal: SqliteJournal) -> None:
    journal.begin(record())
    journal.path.chmod(0o644)
    journal.records()

    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


# What can be wrong with it


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[:-4096])
    elif how == "noise":
        path.write_bytes(b"not a database at all" * 400)
    elif how == "page":
        path.write_bytes(content[:4096] + b"\xff" * 4096 + content[8192:])
    elif how == "another's":
        path.unlink()
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (x)")
        database.close()
    else:
        database = sqlite3.connect(path)
        database.execute("UPDATE entries SET data = '{' WHERE seq = 1")
        database.commit()
        database.close()


@pytest.mark.parametrize("how", ["empty", "cut", "noise", "page", "another's", "row"])
def test_damage_is_said_plainly_and_nothing_is_rewritten(journal: SqliteJournal, how: str) -> None:
    for number in range(20):
        journal.begin(record(f"r{number}"))
        journal.write(f"r{number}", entry(Kind.INTENT, text="x" * 500))
    damage(journal.path, how)
    before = journal.path.read_bytes()
    fresh = SqliteJournal(journal.folder)

    with pytest.raises(JournalError, match=r"journal\.db is damaged: .*Nothing was sent") as caught:
        fresh.records()
    assert "Move it away" in str(caught.value.hint)
    if how != "row":
        with pytest.raises(JournalError, match="is damaged"):
            fresh.begin(record("new"))
    assert journal.path.read_bytes() == before


def test_a_later_version_is_refused_and_left_as_it_is(journal: SqliteJournal) -> None:
    journal.begin(record())
    database = sqlite3.connect(journal.path)
    database.execute("PRAGMA user_version = 2")
    database.close()
    before = journal.path.read_bytes()

    for attempt in (lambda: journal.begin(record("r2")), journal.records, lambda: journal.forget("r1")):
        with pytest.raises(JournalError, match="written by a later release"):
            attempt()
    assert journal.path.read_bytes() == before


@pytest.mark.parametrize("place", ["/proc/nobody/journal", "file/journal"])
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    unusable = SqliteJournal(tmp_path / place)

    with pytest.raises(JournalError, match=r"cannot be used: .*\. Nothing was sent"):
        unusable.begin(record())
    with pytest.raises(JournalError, match="cannot be used"), unusable.claim("x"):
        raise AssertionError("held")


def test_a_directory_in_its_place_is_told(journal: SqliteJournal) -> None:
    journal.path.mkdir(parents=True)
    with pytest.raises(JournalError, match="cannot be written"):
        journal.begin(record())


def test_a_user_without_a_home_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAAS_JOURNAL_DIR", "~no-such-user-here/journal")
    with pytest.raises(JournalError, match="There is no place for the journal") as caught:
        SqliteJournal().records()
    assert caught.value.hint == "Name another folder in MAAS_JOURNAL_DIR."


def test_it_lies_in_the_state_folder_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert journal_folder({}).is_relative_to(tmp_path)
    assert journal_folder({}).name == "journal"
    assert journal_folder({"MAAS_JOURNAL_DIR": str(tmp_path / "own")}) == tmp_path / "own"
    monkeypatch.setenv("MAAS_JOURNAL_DIR", str(tmp_path / "own"))
    assert SqliteJournal().folder == tmp_path / "own"
    assert repr(SqliteJournal()) == "<SqliteJournal of the user>"


@pytest.mark.skipif(os.name != "posix", reason="there is no such limit")
def test_a_full_disk_is_told_before_anything_could_be_sent(journal: SqliteJournal) -> None:
    journal.begin(record())
    script = (
        "import signal, resource, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from maas_client.core.journal import Entry, Kind; from maas_client.journal import SqliteJournal\n"
        "from maas_client.errors import JournalError\n"
        "journal = SqliteJournal(Path(sys.argv[1])); limit = journal.path.stat().st_size\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))\n"
        "try: journal.write('r1', Entry('s', Kind.INTENT, datetime.now(UTC), {'x': 'y' * 100_000}))\n"
        "except JournalError as error: print(error, error.hint)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(journal.folder)], capture_output=True, text=True, check=True
    )

    assert "cannot be made durable" in done.stdout
    assert "Is the disk full?" in done.stdout
    found = journal.read("r1")
    assert found is not None
    assert found.entries == ()


# Others at the same time


def test_one_claim_at_a_time(journal: SqliteJournal) -> None:
    with journal.claim("a"):
        with journal.claim("b"):
            pass
        with pytest.raises(JournalBusyError, match="at work on this run"), journal.claim("a"):
            raise AssertionError("held twice")
    with journal.claim("a"):
        pass


def test_a_claim_ends_with_the_process_that_holds_it(journal: SqliteJournal) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path; from maas_client.journal import SqliteJournal\n"
        "held = SqliteJournal(Path(sys.argv[1])).claim('a'); held.__enter__(); print('held', flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(journal.folder)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(JournalBusyError), journal.claim("a"):
            raise AssertionError("held twice")
        holder.kill()
        holder.wait()
        with journal.claim("a"):
            pass


def test_many_begin_at_once_and_every_run_is_there(tmp_path: Path) -> None:
    ready = threading.Barrier(8)
    failures: list[Exception] = []

    def work(number: int) -> None:
        mine = SqliteJournal(tmp_path / "j")
        ready.wait()
        try:
            mine.begin(record(f"r{number}"))
            for step in range(3):
                mine.write(f"r{number}", entry(Kind.INTENT, step=f"s{step}"))
        except Exception as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with ExitStack() as stack:
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
    found = SqliteJournal(tmp_path / "j").records()

    assert failures == []
    assert sorted(run.id for run in found) == [f"r{number}" for number in range(8)]
    assert {len(run.entries) for run in found} == {3}
    assert not (tmp_path / "j" / "journal.db.new").exists()


def test_a_process_stopped_while_making_it_leaves_nothing_in_the_way(journal: SqliteJournal) -> None:
    journal.folder.mkdir(parents=True)
    (journal.folder / "journal.db.new").write_bytes(b"half")
    journal.begin(record())

    assert len(journal.records()) == 1


KILLED = """
import os, signal, sys
from pathlib import Path; from datetime import datetime, UTC
from maas_client.core.journal import Entry, Kind, Record; from maas_client.journal import SqliteJournal
seen = 0
def hook(event, arguments):
    global seen
    if event == "maas_client.journal":
        seen += 1
        print(arguments[0], flush=True)
        if seen == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
journal = SqliteJournal(Path(sys.argv[1]))
journal.begin(Record("r", datetime.now(UTC), {}, {}))
journal.write("r", Entry("s", Kind.INTENT, datetime.now(UTC), {}))
journal.write("r", Entry("s", Kind.RESULT, datetime.now(UTC), {}))
"""
POINTS = ["begin.begin", "begin.written", "s.intent.begin", "s.intent.written", "s.result.begin", "s.result.written"]


@pytest.mark.parametrize("point", range(1, 7))
def test_what_was_written_is_there_after_a_kill_and_nothing_else(journal: SqliteJournal, point: int) -> None:
    command = [sys.executable, "-c", KILLED, str(journal.folder), str(point)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == POINTS[:point]
    found = journal.read("r")
    written = point // 2
    assert (found is None) == (written == 0)
    if found is not None:
        assert [each.kind.value for each in found.entries] == ["intent", "result"][: written - 1]


def test_numbers_that_are_none_are_never_written(journal: SqliteJournal) -> None:
    journal.begin(record())
    with pytest.raises(ValueError, match="JSON"):
        journal.write("r1", entry(Kind.NOTE, loss=float("nan")))
    assert json.dumps([each.data for each in journal.records()[0].entries]) == "[]"
