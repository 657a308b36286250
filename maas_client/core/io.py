"""The port: everything that the client needs from outside.

Theory of operation. All logic is `async def` over this port. The asynchronous adapter really suspends; the synchronous
adapter's methods never do, so `core.stepping` runs the same coroutines to their end without an event loop. Hence every
method here is `async def`, also where nothing waits, and nobody below `transport/` reads a clock, sleeps or opens a
socket.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from maas_client.core.redact import redact_headers, redact_url
from maas_client.core.surroundings import Surroundings

T = TypeVar("T")
R = TypeVar("R")


class Hasher(Protocol):
    """A digest in the making."""

    def update(self, data: bytes, /) -> None:
        """Take more of the content."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Two digests of one part of a file."""

    sha256: str
    """64 lower-case hex digits."""
    md5: str
    """Base64, as `Content-MD5` writes it; it guards the way, not against an attacker."""


class SourceFile(Protocol):
    """A local file, opened for reading at any offset."""

    @property
    def name(self) -> str:
        """File name without folders."""

    @property
    def size(self) -> int:
        """Bytes when it was opened."""

    @property
    def mtime_ns(self) -> int:
        """Time of its last change when it was opened, nanoseconds since 1970."""

    @property
    def inode(self) -> int:
        """Its number in the file system."""

    async def pread(self, offset: int, length: int) -> bytes:
        """Read up to `length` bytes at `offset`; fewer only at the end."""

    async def sha256(self) -> str:
        """Digest the whole file; 64 lower-case hex digits."""

    async def digest(self, offset: int, length: int, whole: Hasher) -> Digests:
        """Digest `length` bytes at `offset`, and feed the same bytes to `whole`."""

    async def changed(self) -> bool:
        """Tell whether the file on disk is no longer the one that was opened."""

    async def close(self) -> None:
        """Close it; harmless when repeated."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A local file that is there already."""

    size: int
    modified: float
    """Unix seconds of its last change."""


class TargetFile(Protocol):
    """A local file in the making. It has its name only when it is whole; what an attempt left is gone on with."""

    @property
    def size(self) -> int:
        """Bytes that are there."""

    async def append(self, data: bytes) -> None:
        """Write more at the end."""

    async def md5(self) -> str:
        """Digest what is there, as `Content-MD5` writes it."""

    async def finish(self, modified: float | None) -> None:
        """Give it its name, and the time of its last change in Unix seconds."""

    async def discard(self) -> None:
        """Delete what is there."""

    async def close(self) -> None:
        """Close it and leave what is there for the next attempt; harmless when repeated."""


@dataclass(frozen=True, slots=True)
class FileBody:
    """A request body that is streamed from a part of a file, never held in memory; a retry reads it again."""

    source: SourceFile
    length: int
    offset: int = 0


class Signer(Protocol):
    """Signs requests with a secret of its own, where no token is used."""

    def sign(self, request: "Request", headers: Mapping[str, str], now: datetime) -> Mapping[str, str]:
        """Return the headers to add; asked for at each attempt, since a signature holds its time."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of one operation, complete but for credentials."""

    operation: str
    """Operation id, such as `Jobs_Get`: names the call in errors and logs."""
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | FileBody | None = None
    scope: str | None = None
    """Token scope; the token is attached by the caller, after the host was checked."""
    key: str | None = field(default=None, repr=False)
    """A deployment's key, sent as bearer token."""
    signer: Signer | None = field(default=None, repr=False)
    """Signs it with a storage account's key."""
    expect: tuple[int, ...] = (200,)
    """Statuses that are a success."""
    idempotent: bool = True
    """Whether sending it twice does no harm; by operation, not by verb."""

    def __repr__(self) -> str:
        return f"<Request {self.operation} {self.method} {redact_url(self.url)}>"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    http_version: str = ""

    def __repr__(self) -> str:
        return f"<Response {self.status} {redact_headers(self.headers)}>"


class StreamResponse(Protocol):
    """An answer whose body is read piece by piece."""

    @property
    def status(self) -> int:
        """HTTP status code."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Header names in lower case."""

    @property
    def http_version(self) -> str:
        """Such as `HTTP/1.1`."""

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive, decompressed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the moment it ends."""

    value: str = field(repr=False)
    expires_at: float
    """Unix seconds."""


class IO(Surroundings, Protocol):
    """What the outside world is to this package."""

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        """Send once, without redirects, and read the whole answer within `timeout` seconds.

        Raises:
            ConnectError: Nothing reached the service.
            RequestTimeoutError: No whole answer in time.
            BrokenResponseError: The answer was cut off, is not HTTP, or is larger than 16 MiB.
        """

    def stream(
        self, request: Request, *, headers: Mapping[str, str], timeout: float
    ) -> AbstractAsyncContextManager[StreamResponse]:
        """Send once and hand over the answer's body as it comes; `timeout` seconds without a byte end it."""

    async def token(self, scope: str, claims: str | None) -> Token:
        """Ask the credential for a token.

        Raises:
            CredentialError: It gave none.
        """

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    async def monotonic(self) -> float:
        """Seconds on a clock that only moves forward."""

    async def now(self) -> datetime:
        """The wall clock, UTC."""

    async def map(self, fn: Callable[[T], Awaitable[R]], items: Sequence[T], *, limit: int) -> list[R]:
        """Run `fn` over `items`, at most `limit` at once; results in the order of `items`; the first error ends all."""

    async def lock(self) -> AbstractAsyncContextManager[None]:
        """Make a lock."""

    async def offload(self, fn: Callable[[], R]) -> R:
        """Run a function of ours that blocks, such as one that reads local files, aside of what else goes on."""

    async def open_file(self, path: str) -> SourceFile:
        """Open a regular file.

        Raises:
            ConfigurationError: It is missing, not a regular file, or may not be read.
        """

    async def find_file(self, folder: str, path: str) -> FoundFile | None:
        """Look for a file below a folder; `path` is relative, with slashes.

        Raises:
            ConfigurationError: The path leads out of the folder, through a link, or to something that is no file.
        """

    async def create_file(self, folder: str, path: str, *, version: str, overwrite: bool) -> TargetFile:
        """Begin a file below a folder, or go on with what an attempt at the same `version` left.

        Raises:
            ConfigurationError: The path leads out of the folder or through a link, or nothing can be written there.
        """

    async def close(self) -> None:
        """Close connections; harmless when repeated."""
