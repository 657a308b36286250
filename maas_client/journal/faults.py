"""What is wrong with a journal, in words: what happened, where, and what to do next."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from maas_client.errors import JournalBusyError, JournalError
from maas_client.journal.place import VARIABLE

_ELSEWHERE = f"Name another folder in {VARIABLE}."
_DAMAGED = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})
_NOT_OURS = frozenset({"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"})


@contextmanager
def explained(path: Path | None) -> Generator[None, None, None]:
    """Turn what the system says into what the user can act on.

    Raises:
        JournalError: Instead of the system's errors; a JournalBusyError of a lock that somebody else holds.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _of_database(path, error) from error
    except OSError as error:
        raise JournalError(
            f"The journal {path} cannot be used: {error.strerror or error}. Nothing was sent.",
            hint=_ELSEWHERE,
        ) from error
    except RuntimeError as error:  # pathlib's word for a user without a home
        raise JournalError(f"There is no place for the journal: {error} Nothing was sent.", hint=_ELSEWHERE) from error


def of_later_version(path: Path, version: int, ours: int) -> JournalError:
    """Make the error of a journal that a later release wrote."""
    return JournalError(
        f"The journal {path} was written by a later release (its version is {version}, this one reads {ours}); it was "
        "left as it is. Nothing was sent.",
        hint=f"Update maas-client, or name another folder in {VARIABLE}.",
    )


def _of_database(path: Path | None, error: sqlite3.Error) -> JournalError:
    code = getattr(error, "sqlite_errorname", "") or ""
    name = "_".join(code.split("_")[:2])
    if name in _DAMAGED or not code:
        return JournalError(
            f"The journal {path} is damaged: {error}. Nothing was sent.",
            hint=f"Move it away, or name another folder in {VARIABLE}; jobs are at the service all the same: "
            "maas-ft jobs list",
        )
    if name == "SQLITE_BUSY" and path is not None and path.suffix == ".db":
        return JournalBusyError(
            f"The journal {path} is being written by others without a pause. Nothing was sent.",
            hint=f"Try again when they are done, or name another folder in {VARIABLE}.",
        )
    if name == "SQLITE_BUSY":
        return JournalBusyError(
            "Another process, or another thread of this one, is at work on this run. Nothing was sent.",
            hint="Let it finish, or stop it; then repeat this. The job itself: maas-ft jobs watch NAME",
        )
    if name in _NOT_OURS:
        return JournalError(f"The journal {path} cannot be written: {error}. Nothing was sent.", hint=_ELSEWHERE)
    return JournalError(
        f"The journal {path} cannot be made durable: {error}. Nothing was sent.",
        hint=f"Is the disk full? Make room, or name another folder in {VARIABLE}.",
    )
