"""The only module here that touches files: what a path is, and its bytes in blocks."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

BLOCK_BYTES = 1024 * 1024

_KINDS = (
    (stat.S_ISDIR, "directory"),
    (stat.S_ISFIFO, "named pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one state of a file from another without reading it.

    Attributes:
        size_bytes: Length.
        mtime_ns: Last modification, nanoseconds since 1970 (UTC).
        inode: File number, unique within its file system.
        device: The file system.
    """

    size_bytes: int
    mtime_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found at a path before anything was read.

    Attributes:
        path: As it was given.
        kind: `file`, `missing`, `unreadable`, or what it is instead of a file, such as `directory`.
        size_bytes: Length of the file; 0 for anything else.
        detail: The operating system's words, if it refused.
    """

    path: Path
    kind: str
    size_bytes: int = 0
    detail: str = ""


class Source:
    """One open file, read once from its beginning; the digest is made on the way."""

    def __init__(self, descriptor: int, identity: Identity) -> None:
        self._descriptor = descriptor
        self._hash = hashlib.sha256()
        self.identity = identity

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes in blocks of at most `BLOCK_BYTES`.

        Raises:
            OSError: The file can no longer be read.
        """
        while block := os.read(self._descriptor, BLOCK_BYTES):
            self._hash.update(block)
            yield block

    @property
    def sha256(self) -> str:
        """Hex digest of everything read so far."""
        return self._hash.hexdigest()

    def changed(self) -> bool:
        """Tell whether the file was written to since it was opened."""
        return _identity(os.fstat(self._descriptor)) != self.identity


def open_source(path: Path) -> Source | Probe:
    """Open a regular file for reading; return what is there instead if it is none, cannot be read, or is empty."""
    try:
        # Asked before opening: opening a device may already do something.
        kind = _kind(path.stat().st_mode)
        if kind != "file":
            return Probe(path, kind)
        # Not blocking, so that a named pipe put there in between cannot hold the program.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return Probe(path, "missing")
    except (OSError, ValueError) as error:
        return Probe(path, "unreadable", detail=getattr(error, "strerror", None) or str(error))
    state = os.fstat(descriptor)
    if _kind(state.st_mode) != "file" or state.st_size == 0:
        os.close(descriptor)
        return Probe(path, _kind(state.st_mode))
    return Source(descriptor, _identity(state))


def _kind(mode: int) -> str:
    return next((name for test, name in _KINDS if test(mode)), "file")


def _identity(state: os.stat_result) -> Identity:
    return Identity(state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev)
