"""State in SQLite: what was acknowledged is on disk.

WAL with `synchronous=FULL`: a commit returns after the fsync, so every answer sent after it survives kill -9 and loss
of power. One connection, guarded by one lock that the service holds for the length of an operation.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maas_client.server import schema


class StoreError(Exception):
    """The folder cannot be used; the text says why in one line."""


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
        raise StoreError(
            f"{path} has schema version {version}, this server reads up to {schema.VERSION}; use another folder"
        )
    return version


class Store:
    """One SQLite file, one connection, one lock."""

    def __init__(self, folder: Path) -> None:
        """Open `state.db` in an existing folder, creating it when new.

        Raises:
            StoreError: A newer version wrote the file, or it is not a database.
        """
        path = folder / "state.db"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        try:
            self._open(path)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StoreError(f"{path} cannot be used: {error}") from error
        except StoreError:
            self._db.close()
            raise

    def _open(self, path: Path) -> None:
        _check_version(self._db, path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        upgrade(self._db, path)

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        with self.lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and one transaction, durable when the block ends; nested blocks join the outer one."""
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
            self._db.execute("COMMIT")

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
        with self.lock:
            row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return every row of a query."""
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
