"""Local files in the making: below one folder, never through a link, and under their name only when they are whole.

Theory of operation. The names come from the service, so each step of a path is looked at before it is taken: no step
may be `..`, a link, or what Windows reads as a drive or device. A file grows under a hidden name made of its own and of
its version; an attempt that is broken off leaves it there, and the next one at the same version goes on at its end. At
last it is flushed to the disk and renamed, which readers see at once and whole.
"""

import hashlib
import os
import re
import stat
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from maas_client.core.io import FoundFile
from maas_client.errors import ConfigurationError
from maas_client.transport.files import Offload

HASH_PIECE_BYTES = 1024 * 1024

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_ODD = re.compile(r"[\x00-\x1f\x7f\\]")
_WINDOWS = re.compile(r"(?i)[<>:\"|?*]|[. ]$|^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
"""Source: learn.microsoft.com "Naming Files, Paths, and Namespaces"."""


async def find_local(folder: str, path: str, offload: Offload) -> FoundFile | None:
    """Look for a file below a folder; `path` is relative, with slashes.

    Raises:
        ConfigurationError: The path leads out of the folder, through a link, or to something that is no file.
    """
    return await offload(partial(_find, folder, path))


async def create_local(folder: str, path: str, *, version: str, overwrite: bool, offload: Offload) -> "PartFile":
    """Begin a file below a folder, or go on with what an attempt at the same `version` left.

    Raises:
        ConfigurationError: The path leads out of the folder or through a link, or nothing can be written there.
    """
    return await offload(partial(PartFile, folder, path, version, offload, overwrite=overwrite))


class PartFile:
    """A file that is not whole yet. It implements `TargetFile`."""

    def __init__(self, folder: str, path: str, version: str, offload: Offload, *, overwrite: bool) -> None:
        self._offload = offload
        self._overwrite = overwrite
        self._closed = True
        with _told(path):
            self._path = _walk(folder, path, make=True)
            mark = hashlib.sha256(f"{self._path.name}\0{version}".encode()).hexdigest()[:24]
            self._part = self._path.with_name(f".{mark}.part")
            self._fd = os.open(self._part, _FLAGS, 0o666)
            self._closed = False
            found = os.fstat(self._fd)
            if not stat.S_ISREG(found.st_mode):
                os.close(self._fd)
                raise _refused(self._part, "is no regular file")
        self._size = found.st_size

    def __repr__(self) -> str:
        return f"<PartFile {str(self._path)!r} {self._size} bytes>"

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self._size

    async def append(self, data: bytes) -> None:
        """Write more at the end.

        Raises:
            ConfigurationError: The disk is full, or gone.
        """
        await self._offload(partial(self._append, data))

    async def md5(self) -> str:
        """Digest what is there, as `Content-MD5` writes it."""
        return await self._offload(self._md5)

    async def finish(self, modified: float | None) -> None:
        """Give it its name, and the time of its last change in Unix seconds.

        Raises:
            ConfigurationError: Something of that name is there and may not be overwritten, or it cannot be renamed.
        """
        await self._offload(partial(self._finish, modified))

    async def discard(self) -> None:
        """Delete what is there."""
        await self.close()
        await self._offload(partial(self._part.unlink, missing_ok=True))

    async def close(self) -> None:
        """Close it and leave what is there for the next attempt; harmless when repeated."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)

    def _append(self, data: bytes) -> None:
        left = memoryview(data)
        with _told(self._path):
            os.lseek(self._fd, self._size, os.SEEK_SET)
            while left:
                written = os.write(self._fd, left)
                left = left[written:]
                self._size += written

    def _md5(self) -> str:
        digest = hashlib.md5(usedforsecurity=False)
        with _told(self._path):
            os.lseek(self._fd, 0, os.SEEK_SET)
            while piece := os.read(self._fd, HASH_PIECE_BYTES):
                digest.update(piece)
        return b64encode(digest.digest()).decode("ascii")

    def _finish(self, modified: float | None) -> None:
        with _told(self._path):
            os.fsync(self._fd)
            self._closed = True
            os.close(self._fd)  # Windows renames no open file
            if not self._overwrite and os.path.lexists(self._path):
                raise _refused(self._path, "is there already")
            if modified is not None:
                os.utime(self._part, (modified, modified))
            self._part.replace(self._path)


def _find(folder: str, path: str) -> FoundFile | None:
    with _told(path):
        local = _walk(folder, path, make=False)
        try:
            found = local.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(found.st_mode):
            raise _refused(local, "is a link" if stat.S_ISLNK(found.st_mode) else "is no file")
        return FoundFile(size=found.st_size, modified=found.st_mtime)


def _walk(folder: str, path: str, *, make: bool) -> Path:
    """Return where a file belongs; every folder on the way to it is a real one."""
    *folders, name = _segments(path)
    here = Path(folder)
    if make:
        here.mkdir(parents=True, exist_ok=True)
    for step in folders:
        here /= step
        if make:
            with suppress(FileExistsError):
                here.mkdir()
        try:
            found = here.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(found.st_mode):
            raise _refused(here, "is a link" if stat.S_ISLNK(found.st_mode) else "is no folder")
    return here / name


def _segments(path: str) -> list[str]:
    segments = path.split("/")
    bad = _bad_on_windows if os.name == "nt" else _bad
    if any(bad(segment) for segment in segments):
        raise ConfigurationError(
            f"The service names a file {path!r}, which cannot be written below one folder.",
            hint="Nothing was written for it. Rename it at the service.",
        )
    return segments


def _bad(segment: str) -> bool:
    return segment in {"", ".", ".."} or _ODD.search(segment) is not None


def _bad_on_windows(segment: str) -> bool:
    return _bad(segment) or _WINDOWS.search(segment) is not None


def _refused(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{str(path)!r} {why}.", hint="Choose another folder, move it away, or allow overwriting (overwrite=True)."
    )


@contextmanager
def _told(path: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{str(path)!r} cannot be written: {error.strerror or error}.",
            hint="Is there room on the disk, and may you write there? What was written so far is gone on with.",
        ) from error
