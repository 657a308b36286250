"""The journal in SQLite.

Theory of operation. Each call opens the database, does one transaction and closes it: nothing is held between calls
that a fork, a thread or a crash could hurt. `synchronous=EXTRA` makes a transaction durable before the call returns,
the disappearance of the rollback journal included; no write-ahead log, which needs shared memory. The database comes
into being whole, under its name only when its tables are durable: so an empty or cut file is damage, and is said to be.

Before and after each write an audit event `maas_client.journal` is raised (PEP 578) with the name of the point, such as
`create-job.intent.written`: that is how tests stop the process at every one of them.
"""

import json
import sqlite3
import sys
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from os import environ, getpid
from pathlib import Path
from threading import Lock
from typing import Any

from maas_client.core.journal import Entry, Kind, Record
from maas_client.errors import JournalError
from maas_client.journal.claims import claimed
from maas_client.journal.faults import explained, of_later_version
from maas_client.journal.place import journal_folder, make_file, make_folder, shut, sync_folder

VERSION = 1
APPLICATION = 0x4D614153
"""In the file's header: tells our database from another's. `MaaS` in ASCII."""
WAIT_SECONDS = 30.0
"""For others' writes: each takes milliseconds, but hundreds may come at once."""
AUDIT = "maas_client.journal"

_SCHEMA = (
    "CREATE TABLE runs (id TEXT PRIMARY KEY, begun_at TEXT NOT NULL, plan TEXT NOT NULL, labels TEXT NOT NULL)",
    """CREATE TABLE entries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL
    )""",
    "CREATE INDEX entries_of_run ON entries (run, seq)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


class SqliteJournal:
    """Keeps runs in `journal.db` of a folder; it implements `Journal`. Threads and processes may share the folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take a folder, by default the user's; nothing is read or made before the first call."""
        self._named = folder
        self._looked_through = False
        self._queues: dict[int, Lock] = {}

    def __repr__(self) -> str:
        return f"<SqliteJournal {self._named or 'of the user'}>"

    @property
    def folder(self) -> Path:
        """Where it lies.

        Raises:
            JournalError: It is not known where the user's folders are.
        """
        if self._named is not None:
            return self._named.absolute()
        with explained(None):
            return journal_folder(environ)

    @property
    def path(self) -> Path:
        """The database."""
        return self.folder / "journal.db"

    def begin(self, record: Record) -> None:
        """Write down a run that nothing was sent for yet."""
        row = (record.id, record.begun_at.isoformat(), _written(record.plan), _written(record.labels))
        with self._writing("begin") as database:
            database.execute("INSERT INTO runs (id, begun_at, plan, labels) VALUES (?, ?, ?, ?)", row)
            _add(database, record.id, record.entries)

    def write(self, run: str, entry: Entry) -> None:
        """Add an entry."""
        with self._writing(f"{entry.step}.{entry.kind.value}") as database:
            if database.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone() is None:
                raise JournalError(f"The run {run} was forgotten meanwhile.", hint="Submit again under the same name.")
            _add(database, run, (entry,))

    def read(self, run: str) -> Record | None:
        """Return a run, if there is one of this id."""
        return next(iter(self._found(run)), None)

    def records(self) -> tuple[Record, ...]:
        """Return all runs, oldest first."""
        return self._found(None)

    def forget(self, run: str) -> bool:
        """Remove a run; false if there is none."""
        if not self._is_there():
            return False
        with self._writing("forget") as database:
            return database.execute("DELETE FROM runs WHERE id = ?", (run,)).rowcount > 0

    def claim(self, name: str) -> AbstractContextManager[None]:
        """Keep everybody else from what has this name, until the context ends."""
        return claimed(self.folder / "claims", name)

    def _found(self, run: str | None) -> tuple[Record, ...]:
        if not self._is_there():
            return ()
        with explained(self.path), self._turn(), closing(self._open()) as database:
            database.execute("BEGIN")
            query = "SELECT id, begun_at, plan, labels FROM runs WHERE ? IS NULL OR id = ? ORDER BY rowid"
            return tuple([_read_run(database, row) for row in database.execute(query, (run, run)).fetchall()])

    @contextmanager
    def _writing(self, point: str) -> Generator[sqlite3.Connection, None, None]:
        """Open a transaction; when the context ends well, what was done in it is durable."""
        sys.audit(AUDIT, f"{point}.begin")
        with explained(self.path):
            if not self._is_there():
                self._create()
            with self._turn(), closing(self._open()) as database:
                database.execute("BEGIN IMMEDIATE")
                yield database
                database.execute("COMMIT")
        sys.audit(AUDIT, f"{point}.written")

    @contextmanager
    def _turn(self) -> Generator[None, None, None]:
        """Queue this process's threads: SQLite asks again and again instead, and who is unlucky waits for ever."""
        # Of its own after a fork, in which another thread may have held it.
        with self._queues.setdefault(getpid(), Lock()):
            yield

    def _is_there(self) -> bool:
        with explained(self.path):
            return self.path.exists()

    def _open(self) -> sqlite3.Connection:
        shut(self.path)
        database = _connect(self.path)
        try:
            self._check(database)
        except BaseException:
            database.close()
            raise
        return database

    def _check(self, database: sqlite3.Connection) -> None:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        (application,) = database.execute("PRAGMA application_id").fetchone()
        if application == APPLICATION and version > VERSION:
            raise of_later_version(self.path, version, VERSION)
        if application != APPLICATION or version < 1:
            raise sqlite3.DatabaseError("it has not the header of a journal")
        if not self._looked_through:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError("its pages do not fit together")
            self._looked_through = True

    def _create(self) -> None:
        """Make the database; of several who do so at once one makes it, and the others wait."""
        folder = self.folder
        make_folder(folder)
        with claimed(folder / "claims", "create", wait_seconds=WAIT_SECONDS):
            if self.path.exists():
                return
            making = folder / "journal.db.new"
            making.unlink(missing_ok=True)  # of somebody who was stopped in the middle
            make_file(making)
            with closing(_connect(making)) as database:
                database.execute("BEGIN")
                for statement in _SCHEMA:
                    database.execute(statement)
                database.execute("COMMIT")
            making.replace(self.path)
            sync_folder(folder)


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: never makes a file, but rolls back what a stopped process left, which a read-only connection could not.
    database = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        for pragma in ("synchronous = EXTRA", "fullfsync = ON", "foreign_keys = ON", "secure_delete = ON"):
            database.execute(f"PRAGMA {pragma}")
    except BaseException:
        database.close()
        raise
    return database


def _add(database: sqlite3.Connection, run: str, entries: Iterable[Entry]) -> None:
    rows = [(run, entry.step, entry.kind.value, entry.at.isoformat(), _written(entry.data)) for entry in entries]
    database.executemany("INSERT INTO entries (run, step, kind, at, data) VALUES (?, ?, ?, ?, ?)", rows)


def _written(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def _read_run(database: sqlite3.Connection, row: tuple[str, str, str, str]) -> Record:
    run, begun_at, plan, labels = row
    found = database.execute("SELECT step, kind, at, data FROM entries WHERE run = ? ORDER BY seq", (run,))
    try:
        entries = tuple([_read_entry(*fields) for fields in found.fetchall()])
        return Record(run, datetime.fromisoformat(begun_at), json.loads(plan), json.loads(labels), entries)
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f"the run {run} cannot be read") from error


def _read_entry(step: str, kind: str, at: str, data: str) -> Entry:
    read: Any = json.loads(data)
    return Entry(step, Kind(kind), datetime.fromisoformat(at), read)
