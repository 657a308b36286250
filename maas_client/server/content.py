"""Bytes on disk, named by their SHA-256: a blob's name never becomes a path."""

import hashlib
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is durable on disk."""

    sha256: str
    size: int


class Writing:
    """A file being received: constant memory, invisible until `finish`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._temp = folder / f"incoming-{secrets.token_hex(8)}"
        self._file: BinaryIO = os.fdopen(os.open(self._temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def finish(self) -> Stored:
        """Make the bytes durable under their digest and return it: fsync, rename, fsync of the folder."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = self._hash.hexdigest()
        self._temp.replace(self._folder / digest)
        _sync_folder(self._folder)
        return Stored(digest, self._size)

    def abandon(self) -> None:
        """Drop what was received."""
        self._file.close()
        self._temp.unlink(missing_ok=True)


class Content:
    """The folder of contents."""

    def __init__(self, folder: Path) -> None:
        """Use (and create, 0700) a folder; half-received files of a crashed run are removed."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        for stale in folder.glob("incoming-*"):
            stale.unlink()

    def begin(self) -> Writing:
        """Start receiving a file."""
        return Writing(self._folder)

    def put(self, data: bytes) -> Stored:
        """Store bytes at hand."""
        writing = self.begin()
        writing.write(data)
        return writing.finish()

    def path(self, sha256: str) -> Path:
        """Return where content lies."""
        return self._folder / sha256

    def read(self, sha256: str, start: int, size: int) -> Iterator[bytes]:
        """Yield `size` bytes from `start`, in chunks."""
        with self.path(sha256).open("rb") as file:
            file.seek(start)
            while size > 0 and (chunk := file.read(min(CHUNK_BYTES, size))):
                size -= len(chunk)
                yield chunk


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
