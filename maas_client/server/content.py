"""Bytes on disk: whole files under their SHA-256, blocks under names of their own. A blob's name is never a path."""

import hashlib
import io
import math
import os
import secrets
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 256 * 1024
_INCOMING = "incoming-"
_AT_ONCE = 16
"""Files that are stored at the same time."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is durable on disk: the name of its file, its size in bytes, its MD5."""

    name: str
    size: int
    md5: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a content: a file, and its size in bytes."""

    file: str
    size: int


class Writing:
    """A file being received: constant memory, invisible until `finish`."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder = folder
        self._name = name
        self._temp = folder / f"{_INCOMING}{secrets.token_hex(8)}"
        self._file: BinaryIO = os.fdopen(os.open(self._temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        # A block has a name already, and its digest is asked of nobody.
        self._hash = None if name else hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._file.write(data)
        self._md5.update(data)
        if self._hash is not None:
            self._hash.update(data)
        self._size += len(data)

    def finish(self) -> Stored:
        """Make the bytes durable under their name and return it: fsync, rename, fsync of the folder."""
        stored = self.take_place()
        sync_folder(self._folder)
        return stored

    def take_place(self) -> Stored:
        """Do all of it but the fsync of the folder, which whoever stores several files does once."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        name = self._hash.hexdigest() if self._hash is not None else self._name
        self._temp.replace(self._folder / name)
        return Stored(name, self._size, self._md5.digest())

    def md5(self) -> bytes:
        """Return the MD5 of what was received so far."""
        return self._md5.digest()

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
        self.kept: AbstractSet[str] = frozenset()
        for stale in folder.glob(f"{_INCOMING}*"):
            stale.unlink()

    def begin(self) -> Writing:
        """Start receiving a file."""
        return Writing(self._folder)

    def begin_block(self) -> Writing:
        """Start receiving a block; its name is never given twice, so that it can be removed without looking around."""
        return Writing(self._folder, f"block-{secrets.token_hex(16)}")

    def put(self, data: bytes) -> Stored:
        """Store bytes at hand."""
        writing = self.begin()
        writing.write(data)
        return writing.finish()

    def put_all(self, contents: Iterable[bytes]) -> list[Stored]:
        """Store several, in threads: a disk makes files durable together for hardly more than the price of one."""
        with ThreadPoolExecutor(_AT_ONCE, "content") as pool:
            stored = list(pool.map(self._take_place, contents))
        sync_folder(self._folder)
        return stored

    def _take_place(self, data: bytes) -> Stored:
        name = hashlib.sha256(data).hexdigest()
        if self.path(name).exists():
            return Stored(name, len(data), hashlib.md5(data, usedforsecurity=False).digest())
        writing = self.begin()
        writing.write(data)
        return writing.take_place()

    def path(self, name: str) -> Path:
        """Return where a file lies."""
        return self._folder / name

    def names(self, before: float | None = None) -> list[str]:
        """Return the names of all files on disk but those being received.

        Args:
            before: Only files that were written before this instant, in seconds since the epoch.
        """
        with os.scandir(self._folder) as entries:
            return [
                entry.name
                for entry in entries
                if not entry.name.startswith(_INCOMING) and (before is None or _written(entry) < before)
            ]

    def keep(self, names: AbstractSet[str]) -> None:
        """Say which files are not to be removed, whoever asks for it; what was said before is forgotten."""
        self.kept = names

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            if name not in self.kept:
                self.path(name).unlink(missing_ok=True)

    def open(self, pieces: Sequence[Piece]) -> BinaryIO:
        """Open pieces as one file."""
        if len(pieces) == 1:
            return self.path(pieces[0].file).open("rb")
        return io.BufferedReader(_Joined(self, pieces), CHUNK_BYTES)

    def read(self, pieces: Sequence[Piece], start: int, size: int) -> Iterator[bytes]:
        """Yield `size` bytes from `start`, in chunks."""
        with self.open(pieces) as file:
            file.seek(start)
            while size > 0 and (chunk := file.read(min(CHUNK_BYTES, size))):
                size -= len(chunk)
                yield chunk


class _Joined(io.RawIOBase):
    """Several files read as one; one of them is open at a time."""

    def __init__(self, content: Content, pieces: Sequence[Piece]) -> None:
        self._content = content
        self._pieces = [piece for piece in pieces if piece.size]
        self._ends = list(accumulate(piece.size for piece in self._pieces))
        self._at = 0
        self._open: tuple[int, BinaryIO] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1] if self._ends else 0}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        index = bisect_right(self._ends, self._at)
        if index == len(self._pieces):
            return 0
        file = self._piece(index)
        file.seek(self._at - self._ends[index] + self._pieces[index].size)
        # A block of which a part is missing on disk ends the content there.
        taken = file.readinto(memoryview(buffer)[: self._ends[index] - self._at])  # type: ignore[attr-defined]
        self._at += taken
        return int(taken)

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
        super().close()

    def _piece(self, index: int) -> BinaryIO:
        if self._open is not None and self._open[0] == index:
            return self._open[1]
        if self._open is not None:
            self._open[1].close()
        file = self._content.path(self._pieces[index].file).open("rb")
        self._open = (index, file)
        return file


def _written(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # removed just now
        return math.inf


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder has."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
