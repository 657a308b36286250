"""Where the journal lies, and how its folder and files come into being: nobody but the user may read them."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

VARIABLE = "MAAS_JOURNAL_DIR"
_OWN = 0o700
_OWN_FILE = 0o600


def journal_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the journal: `MAAS_JOURNAL_DIR`, or `journal` in the user's state folder.

    Raises:
        RuntimeError: It is not known where the user's folders are.
    """
    if named := environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    from platformdirs import user_state_path

    return user_state_path("maas-client", appauthor=False).absolute() / "journal"


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone, whatever the umask says."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):  # made meanwhile; if it is no folder, whoever uses it is told
        folder.mkdir(mode=_OWN)


def make_file(path: Path) -> None:
    """Make an empty file for the user alone.

    Raises:
        FileExistsError: It is there already.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), _OWN_FILE))


def shut(path: Path) -> None:
    """Take everybody else's rights to a file away, should somebody have given them."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(_OWN_FILE)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable, where the system can."""
    with suppress(PermissionError):  # Windows opens no folders, and keeps names with the files
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
