"""State in SQLite: what was acknowledged is on disk.

WAL with `synchronous=FULL`: a commit returns after the fsync, so every answer sent after it survives kill -9 and loss
of power. One connection, guarded by one lock that the service holds for the length of an operation; and one more for
the event loop's reads, which must not wait for whoever writes. Those see what is committed, as every reader of a
write-ahead log does.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maas_client.server import schema
from maas_client.server.crash import CrashPoints
from maas_client.server.problem import StartError

_ANOTHER = "Name another folder with --state-dir."


_REMEMBERED = 256
"""Rows that are kept for the event loop's reads."""


class StoreError(StartError):
    """The folder cannot be used."""


def upgrade(db: sqlite3.Connection, path: Path) -> None:
    """Give a file the tables of this version: a new one all of them, an older one what it lacks.

    Raises:
        StoreError: A newer version wrote it.
    """
    version = _check_version(db, path)
    steps = [schema.TABLES] if version == 0 else [schema.MIGRATIONS[step] for step in range(version, schema.VERSION)]
    if steps:
        # One transaction: a kill in the middle leaves the file as it was.
        db.executescript(f"BEGIN;{''.join(steps)}PRAGMA user_version={schema.VERSION};COMMIT;")


def _check_version(db: sqlite3.Connection, path: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= schema.VERSION:
        raise StoreError(f"{path} has schema version {version}, this server reads up to {schema.VERSION}.", _ANOTHER)
    return version


class Store:
    """One SQLite file, a connection with a lock, and a connection to read from meanwhile."""

    def __init__(self, folder: Path) -> None:
        """Open `state.db` in an existing folder, creating it when new.

        Raises:
            StoreError: A newer version wrote the file, or it is not a database.
        """
        path = folder / "state.db"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self.lock = threading.RLock()
        self.crash = CrashPoints()
        self.writes = 0
        """Grows with every transaction that is counted: what was read is as it was while this is as it was."""
        self._db = _connect(path)
        self._side = _connect(path)
        self._aside: int | None = None
        self._recent: dict[tuple[object, ...], sqlite3.Row | None] = {}
        self._recent_writes = 0
        try:
            self._open(path)
            self._side.execute("PRAGMA query_only=1")
        except sqlite3.DatabaseError as error:
            self.close()
            raise StoreError(f"{path} cannot be used: {error}.", _ANOTHER) from error
        except StoreError:
            self.close()
            raise

    def _open(self, path: Path) -> None:
        _check_version(self._db, path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        upgrade(self._db, path)

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        with self.lock:
            self._side.close()
            self._db.close()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Read without the lock what is committed, in this thread until the block ends. For one thread: the loop's."""
        self._aside = threading.get_ident()
        try:
            yield
        finally:
            self._aside = None

    @contextmanager
    def writing(self, step: str = "", *, counted: bool = True) -> Iterator[sqlite3.Connection]:
        """Hold the lock and one transaction, durable when the block ends; nested blocks join the outer one.

        Args:
            step: Its name among the steps that can be told to crash; nested blocks have that of the outer one.
            counted: False: what is written makes nothing due, and `writes` stays as it is.
        """
        if self._aside == threading.get_ident():
            raise RuntimeError("what is answered on the event loop must not write")
        with self.lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self.crash.reach(f"{step}.before-commit")
            try:
                self._db.execute("COMMIT")
            finally:
                self.writes += counted
            self.crash.reach(f"{step}.after-commit")

    @contextmanager
    def attached(self, path: Path) -> Iterator[sqlite3.Connection]:
        """Hold the lock, and have another file of the same tables at hand under the name `other`."""
        with self.lock:
            self._db.execute("ATTACH DATABASE ? AS other", (str(path),))
            try:
                yield self._db
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._db.execute("DETACH DATABASE other")

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        if self._aside == threading.get_ident():
            return self._one_aside(sql, values)
        row: sqlite3.Row | None
        with self.lock:
            row = self._db.execute(sql, values).fetchone()
            return row

    def _one_aside(self, sql: str, values: tuple[object, ...]) -> sqlite3.Row | None:
        """Read a row, or remember it: the same few are asked for again and again, and stay while nothing is written."""
        writes = self.writes
        if writes != self._recent_writes or len(self._recent) >= _REMEMBERED:
            self._recent, self._recent_writes = {}, writes
        key = (sql, *values)
        if key not in self._recent:
            self._recent[key] = self._side.execute(sql, values).fetchone()
        return self._recent[key]

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return every row of a query."""
        if self._aside == threading.get_ident():
            return self._side.execute(sql, values).fetchall()
        with self.lock:
            return self._db.execute(sql, values).fetchall()

    def meta(self, key: str) -> str | float | None:
        """Return a stored fact, or None."""
        row = self.one("SELECT value FROM meta WHERE key=?", key)
        return None if row is None else row["value"]

    def set_meta(self, key: str, value: str | float) -> None:
        """Make a fact durable."""
        with self.writing() as db:
            db.execute(
                "INSERT INTO meta VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value=excluded.value", (key, value)
            )


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    return db
