"""The state folder: private to its owner, and one server's at a time."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from maas_client.server.problem import StartError


class FolderError(StartError):
    """The folder cannot be used."""


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Create a folder (0700) and hold it for this process; the system lets go of it however the process ends.

    Raises:
        FolderError: It cannot be written, or another server holds it.
    """
    path = folder / "lock.db"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            folder.chmod(0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        message = f"The state folder {folder} cannot be written: {error.strerror}."
        raise FolderError(message, "Name another with --state-dir.") from error
    # An exclusive SQLite transaction is a lock that every system has.
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            message = f"The state folder {folder} is in use by another server."
            raise FolderError(message, "Stop it, or name another folder with --state-dir.") from error
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file (0600) at once or not at all.

    Raises:
        OSError: It cannot be written.
    """
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temp.replace(path)
