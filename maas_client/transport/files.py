"""Local files as the port wants them: regular, read at any offset, and watched for changes."""

import hashlib
import os
import stat
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

from maas_client.core.io import Digests, Hasher
from maas_client.errors import ConfigurationError

R = TypeVar("R")

HASH_STEP_BYTES = 16 * 1024 * 1024
HASH_PIECE_BYTES = 1024 * 1024

# O_NONBLOCK: opening a pipe must not wait for its writer. O_BINARY: Windows would translate line ends.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Offload(Protocol):
    """Runs a blocking function: in a worker thread under an event loop, at once without one."""

    async def __call__(self, fn: Callable[[], R], /) -> R:
        """Return what `fn` returns."""


async def inline(fn: Callable[[], R], /) -> R:
    """Run a blocking function at once."""
    return fn()


async def open_local(path: str, offload: Offload) -> "LocalFile":
    """Open a regular file.

    Raises:
        ConfigurationError: It is missing, not a regular file, or may not be read.
    """
    return await offload(partial(LocalFile, path, offload))


class LocalFile:
    """A regular file, opened for reading. It implements `SourceFile`."""

    def __init__(self, path: str, offload: Offload) -> None:
        self._path = Path(path)
        self._offload = offload
        self._fd = _open(path)
        self._opened = os.fstat(self._fd)
        try:
            _check_regular(path, self._opened)
        except ConfigurationError:
            os.close(self._fd)
            raise
        self._read_at = os.pread if hasattr(os, "pread") else partial(_seek_and_read, Lock())
        self._closed = False

    def __repr__(self) -> str:
        return f"<LocalFile {str(self._path)!r} {self.size} bytes>"

    @property
    def name(self) -> str:
        """File name without folders."""
        return self._path.name

    @property
    def size(self) -> int:
        """Bytes when it was opened."""
        return self._opened.st_size

    @property
    def mtime_ns(self) -> int:
        """Time of its last change when it was opened, nanoseconds since 1970."""
        return self._opened.st_mtime_ns

    @property
    def inode(self) -> int:
        """Its number in the file system."""
        return self._opened.st_ino

    async def pread(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes at `offset`; fewer only at the end.

        Raises:
            ConfigurationError: The file cannot be read any more.
        """
        return await self._offload(partial(self._read, offset, length))

    async def sha256(self) -> str:
        """Digest the whole file; 64 lower-case hex digits.

        Raises:
            ConfigurationError: The file cannot be read any more, or has become shorter.
        """
        digest = hashlib.sha256()
        for start in range(0, self.size, HASH_STEP_BYTES):
            await self._offload(partial(self._hash, (digest,), start, min(start + HASH_STEP_BYTES, self.size)))
        return digest.hexdigest()

    async def digest(self, offset: int, length: int, whole: Hasher) -> Digests:
        """Digest `length` bytes at `offset`, and feed the same bytes to `whole`.

        Raises:
            ConfigurationError: The file cannot be read any more, or has become shorter.
        """
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        await self._offload(partial(self._hash, (sha256, md5, whole), offset, offset + length))
        return Digests(sha256=sha256.hexdigest(), md5=b64encode(md5.digest()).decode("ascii"))

    async def changed(self) -> bool:
        """Tell whether the file on disk is no longer the one that was opened: replaced, rewritten or gone."""
        return await self._offload(self._has_changed)

    async def close(self) -> None:
        """Close it; harmless when repeated."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)

    def _read(self, offset: int, length: int) -> bytes:
        try:
            data = self._read_at(self._fd, length, offset)
            while data and len(data) < length:
                more = self._read_at(self._fd, length - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise ConfigurationError(
                f"The file {str(self._path)!r} cannot be read any more: {error.strerror or error}.",
                hint="Is the disk or network share that holds it still there?",
            ) from error
        return data

    def _hash(self, digests: tuple[Hasher, ...], start: int, stop: int) -> None:
        for offset in range(start, stop, HASH_PIECE_BYTES):
            wanted = min(HASH_PIECE_BYTES, stop - offset)
            piece = self._read(offset, wanted)
            if len(piece) < wanted:
                raise ConfigurationError(
                    f"The file {str(self._path)!r} changed while it was read: it has become shorter.",
                    hint="Let whatever writes it finish, then try again.",
                )
            for digest in digests:
                digest.update(piece)

    def _has_changed(self) -> bool:
        try:
            on_disk = self._path.stat()
        except OSError:
            return True
        return _identity(on_disk) != _identity(self._opened) or _identity(os.fstat(self._fd)) != _identity(self._opened)


def _open(path: str) -> int:
    try:
        return os.open(path, _FLAGS)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no file {path!r}.", hint=f"Check the spelling; relative paths begin at {Path.cwd()}."
        ) from error
    except PermissionError as error:
        if Path(path).is_dir():  # Windows refuses to open a folder at all.
            raise _not_regular(path, "a folder") from error
        raise ConfigurationError(
            f"The file {path!r} may not be read.", hint="Check its permissions and those of its folders."
        ) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"The file {path!r} cannot be opened: {why}.", hint="Check the path.") from error


def _check_regular(path: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise _not_regular(path, "a folder")
    if not stat.S_ISREG(found.st_mode):
        raise _not_regular(path, "a pipe, socket or device")


def _not_regular(path: str, kind: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path!r} is {kind}, not a regular file.", hint="Name a file on disk; write what a pipe yields to one first."
    )


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _seek_and_read(lock: Lock, fd: int, length: int, offset: int) -> bytes:
    with lock:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, length)
