"""Claims: one worker at a time on one thing, over all threads and processes of a machine.

A claim is an exclusive lock on a little database of its own. The system lets go of it however the process ends, also by
kill -9 or loss of power; nothing is ever left behind that somebody must remove.
"""

import hashlib
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from maas_client.journal.faults import explained
from maas_client.journal.place import make_file, make_folder


@contextmanager
def claimed(folder: Path, name: str, *, wait_seconds: float = 0.0) -> Generator[None, None, None]:
    """Hold what has this name; `wait_seconds` is how long another's hold is waited for.

    Raises:
        JournalBusyError: Somebody else holds it.
        JournalError: Nothing can be locked there.
    """
    path = folder / hashlib.sha256(name.encode()).hexdigest()[:32]
    with explained(path):
        make_folder(folder)
        with suppress(FileExistsError):
            make_file(path)
        # An event loop's worker threads take turns: one may end what another began.
        lock = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None, check_same_thread=False)
    with closing(lock):
        with explained(path):
            lock.execute("BEGIN EXCLUSIVE")
        yield
