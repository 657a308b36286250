"""The only module here that touches files: what a path is, and its bytes in chunks."""

import hashlib
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

BLOCK_BYTES = 1024 * 1024
GZIP = b"\x1f\x8b"
STDIN = Path("-")
"""Stands for standard input."""

MAX_GROWTH_BYTES = 64 * 1024 * 1024
"""How far behind its first length a file is read that grows all the while."""
MAX_UNPACKED_RATIO, MIN_UNPACKED_BYTES = 200, 256 * 1024 * 1024
"""Compressed text that unpacks to more than both is no text: JSON lines reach 5 to 50 times."""

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
        kind: `file`, `missing`, `unreadable`, `damaged` (compressed data that cannot be unpacked), or what it is
            instead of a file, such as `directory`.
        size_bytes: Length of the file; 0 for anything else.
        detail: The operating system's words, if it refused.
    """

    path: Path
    kind: str
    size_bytes: int = 0
    detail: str = ""


class DamagedError(OSError):
    """Compressed data that cannot be unpacked."""


class Source:
    """One open file, read once from its beginning; the digest is made on the way."""

    def __init__(self, descriptor: int, identity: Identity, *, packed: bool = False) -> None:
        self._descriptor = descriptor
        self._hash = hashlib.sha256()
        self._packed = packed
        self.identity: Identity = identity
        self.done_bytes: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in chunks of at most `BLOCK_BYTES`, unpacked if it is compressed.

        Raises:
            OSError: The file can no longer be read.
            DamagedError: It cannot be unpacked.
        """
        return _unpacked(self._raw()) if self._packed else self._raw()

    def _raw(self) -> Iterator[bytes]:
        end = self.identity.size_bytes + MAX_GROWTH_BYTES
        while self.done_bytes < end and (block := os.read(self._descriptor, BLOCK_BYTES)):
            self._hash.update(block)
            self.done_bytes += len(block)
            yield block

    @property
    def total_bytes(self) -> int | None:
        """How many bytes there are to be read, if that is known."""
        return self.identity.size_bytes

    @property
    def sha256(self) -> str:
        """Hex digest of the file as far as it was read, compressed if it is."""
        return self._hash.hexdigest()

    def changed(self) -> bool:
        """Tell whether the file was written to since it was opened."""
        return _identity(os.fstat(self._descriptor)) != self.identity


class Stdin(Source):
    """Standard input, whatever it is; what begins as gzip does is unpacked."""

    def __init__(self) -> None:
        super().__init__(-1, Identity(0, 0, 0, 0))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in chunks."""
        raw = self._raw()
        head = next(raw, b"")
        chunks = chain((head,), raw)
        return _unpacked(chunks) if head.startswith(GZIP) else chunks

    def _raw(self) -> Iterator[bytes]:
        while block := sys.stdin.buffer.read(BLOCK_BYTES):
            self._hash.update(block)
            self.done_bytes += len(block)
            yield block
        self.identity = Identity(self.done_bytes, 0, 0, 0)

    @property
    def total_bytes(self) -> int | None:
        """Not known."""
        return None

    def changed(self) -> bool:
        """Tell nothing: what came through a pipe cannot change."""
        return False


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip data, of which several pieces may follow each other; never more than a chunk at once."""
    inflater = None
    packed = unpacked = 0
    for chunk in chunks:
        packed += len(chunk)
        rest = chunk
        while rest:
            inflater = inflater or zlib.decompressobj(wbits=31)
            try:
                data = inflater.decompress(rest, BLOCK_BYTES)
            except zlib.error as error:
                raise DamagedError(str(error)) from error
            unpacked += len(data)
            if unpacked > max(MIN_UNPACKED_BYTES, MAX_UNPACKED_RATIO * packed):
                raise DamagedError(f"it unpacks to more than {MAX_UNPACKED_RATIO} times its size")
            yield data
            rest = inflater.unconsumed_tail
            if inflater.eof:
                # Some writers fill up with zeros.
                rest, inflater = inflater.unused_data.lstrip(b"\0"), None
    if inflater is not None:
        yield inflater.flush()
        if not inflater.eof:
            raise DamagedError("the compressed data ends early")


def open_source(path: Path) -> Source | Probe:
    """Open a file for reading; return what is there instead if it is none, cannot be read, or is empty."""
    if path == STDIN:
        return Stdin()
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
    return Source(descriptor, _identity(state), packed=path.suffix.lower() == ".gz")


def size_of(path: Path) -> int:
    """Return roughly how many bytes of text a file holds; 0 if that cannot be told."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return 0
    return 4 * size if path.suffix.lower() == ".gz" else size


def _kind(mode: int) -> str:
    return next((name for test, name in _KINDS if test(mode)), "file")


def _identity(state: os.stat_result) -> Identity:
    return Identity(state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev)
