"""What both adapters share about one exchange: the request that leaves, and what is made of its answer."""

import logging
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import lru_cache

from maas_client.core.io import FileBody, Request, Response
from maas_client.core.redact import redact_text
from maas_client.errors import BrokenResponseError, ConfigurationError
from maas_client.transport._httpx import httpx
from maas_client.transport.errors import EXPECTED, broken, consumed, translate

MAX_BODY_BYTES = 16 * 1024 * 1024
INFLATED_PIECE_BYTES = 256 * 1024

CONNECT_SECONDS = 10.0
POOL_SECONDS = 10.0
READ_SECONDS = 60.0
WRITE_SECONDS = 60.0

_SET_HERE = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


def quiet_loggers() -> None:
    """Keep the HTTP library from writing URLs and headers into the program's log, unless somebody asked for it.

    Who did is shown them without what opens something: an answer's `Location` may be signed.
    """
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
    # A filter counts for the records of its own logger alone; these are the ones that httpcore 1.0 writes to.
    for name in ("connection", "http11", "http2", "proxy", "socks"):
        logging.getLogger(f"httpcore.{name}").addFilter(_redacted)


def _redacted(record: logging.LogRecord) -> bool:
    record.msg, record.args = redact_text(record.getMessage()), ()
    return True


def bounds(seconds: float, *, read: float = READ_SECONDS) -> dict[str, float]:
    """Return httpx's timeouts for an attempt of `seconds`.

    Connecting gets at most half, so that a host that swallows packets is told apart from one that answers slowly.
    """
    return {
        "connect": min(CONNECT_SECONDS, seconds / 2),
        "pool": min(POOL_SECONDS, seconds / 2),
        "read": min(read, seconds),
        "write": min(WRITE_SECONDS, seconds),
    }


def outgoing(
    request: Request,
    headers: Mapping[str, str],
    timeouts: Mapping[str, float],
    file_stream: "httpx.SyncByteStream | httpx.AsyncByteStream | None",
) -> httpx.Request:
    """Build what httpx sends; `file_stream` is the body if it is a file.

    Raises:
        ConfigurationError: The URL or a header cannot be sent.
    """
    try:
        # A job is asked for again and again under one URL; those with a signature in them are not kept.
        url = _parse(request.url) if request.scope is not None else httpx.URL(request.url)
    except httpx.InvalidURL:
        # Not chained: the cause may quote a part of the URL.
        raise ConfigurationError(f"{request.operation}: the address of the service is not a URL.") from None
    raw = [(b"Host", url.netloc)]
    encodings = b"gzip, deflate" if "json" in headers.get("accept", "") else b"identity"
    raw.append((b"Accept-Encoding", encodings))
    raw.extend(_encode(name, value) for name, value in headers.items() if name.lower() not in _SET_HERE)
    body = request.body
    if isinstance(body, FileBody):
        raw.append((b"Content-Length", b"%d" % body.length))
        stream = file_stream
    else:
        if body is not None or request.method in _BODY_METHODS:
            raw.append((b"Content-Length", b"%d" % len(body or b"")))
        stream = httpx.ByteStream(body or b"")
    return httpx.Request(request.method, url, headers=raw, stream=stream, extensions={"timeout": timeouts})


def header_map(headers: httpx.Headers) -> dict[str, str]:
    """Return headers with lower-case names; repeated ones joined with a comma."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def version_of(answer: httpx.Response) -> str:
    """Return the version of HTTP in which an answer came."""
    version: bytes = answer.extensions.get("http_version", b"")
    return version.decode("ascii", "replace")


@lru_cache(maxsize=256)
def _parse(url: str) -> httpx.URL:
    return httpx.URL(url)


def _encode(name: str, value: str) -> tuple[bytes, bytes]:
    if not (value.isascii() and value.isprintable() and value == value.strip() and name.isascii()):
        # The value stays out of the message: it may be a token.
        raise ConfigurationError(
            f"The header {name!r} would hold a character or blank that HTTP does not allow there.",
            hint="Is there a line end or blank at the end of a key, token or name?",
        )
    return name.encode("ascii"), value.encode("ascii")


async def read_piece(body: FileBody, offset: int, size: int) -> bytes:
    """Read the next piece of what is being sent; `offset` counts from the body's own beginning.

    The last piece of a file that changed meanwhile is kept back, so that the service never stores a mixture of old and
    new under the digest of the old.

    Raises:
        ConfigurationError: The file has changed.
    """
    piece = await body.source.pread(body.offset + offset, min(size, body.length - offset))
    is_last = offset + len(piece) >= body.length
    if not piece or (is_last and await body.source.changed()):
        raise ConfigurationError(
            f"The file {body.source.name!r} changed while it was read; nothing was stored.",
            hint="Let whatever writes it finish, then upload it again.",
        )
    return piece


class Decoder:
    """Decompresses the pieces of one answer, bounded in memory whatever they expand to."""

    def __init__(self, request: Request, headers: Mapping[str, str]) -> None:
        self._request = request
        self._encoding = headers.get("content-encoding", "identity").strip().lower()
        self._inflater = self._make()
        self._fed = False

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Decompress one piece into pieces of at most 256 KiB; an uncompressed one is passed on as it is.

        Raises:
            BrokenResponseError: It cannot be decompressed.
        """
        if self._inflater is None:
            yield raw
            return
        while raw:
            try:
                piece = self._inflate(raw)
            except zlib.error as error:
                raise broken(self._request, f"sent an answer that is not valid {self._encoding}") from error
            raw = self._inflater.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> None:
        """Check that the compressed data came to its end.

        Raises:
            BrokenResponseError: It did not.
        """
        if self._inflater is not None and self._fed and not self._inflater.eof:
            raise broken(self._request, f"sent an answer whose {self._encoding} data was cut short")

    def _make(self) -> "zlib._Decompress | None":
        if self._encoding in {"", "identity"}:
            return None
        if self._encoding in {"gzip", "x-gzip"}:
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        if self._encoding == "deflate":
            return zlib.decompressobj()
        raise broken(self._request, f"sent an answer in an encoding that was not asked for ({self._encoding[:40]})")

    def _inflate(self, raw: bytes) -> bytes:
        first, self._fed = not self._fed, True
        assert self._inflater is not None  # noqa: S101 - feed() has returned already
        try:
            return self._inflater.decompress(raw, INFLATED_PIECE_BYTES)
        except zlib.error:
            if not (first and self._encoding == "deflate"):
                raise
            # Some servers send deflate without its zlib header. Source: RFC 9110 section 8.4.1.2, note.
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._inflater.decompress(raw, INFLATED_PIECE_BYTES)


class Streamed:
    """An answer whose body is read piece by piece, each with its own bound of time."""

    def __init__(
        self, request: Request, answer: httpx.Response, timeout: float, next_raw: Callable[[], Awaitable[bytes | None]]
    ) -> None:
        """Take an answer whose body has not been read; `next_raw` reads its next piece, `None` at the end."""
        self._request = request
        self._timeout = timeout
        self._next_raw = next_raw
        self._taken = False
        self.status: int = answer.status_code
        self.headers: Mapping[str, str] = header_map(answer.headers)
        self.http_version: str = version_of(answer)
        self._decoder = Decoder(request, self.headers)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Pieces as they arrive, decompressed."""
        if self._taken:
            raise consumed()
        self._taken = True
        return self._pieces()

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        while (raw := await self._next()) is not None:
            for piece in self._decoder.feed(raw):
                yield piece
        self._decoder.finish()

    async def _next(self) -> bytes | None:
        try:
            return await self._next_raw()
        except EXPECTED as error:
            raise translate(error, self._request, seconds=self._timeout) from error


class Whole:
    """Collects a whole answer, at most 16 MiB after decompression."""

    def __init__(self, request: Request, answer: httpx.Response) -> None:
        self._request = request
        self._status = answer.status_code
        self._headers = header_map(answer.headers)
        self._version = version_of(answer)
        self._decoder = Decoder(request, self._headers)
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, raw: bytes) -> None:
        """Take one piece as it came.

        Raises:
            BrokenResponseError: The answer is too large, or cannot be decompressed.
        """
        for piece in self._decoder.feed(raw):
            self._size += len(piece)
            if self._size > MAX_BODY_BYTES:
                raise self._too_large()
            self._pieces.append(piece)

    def response(self) -> Response:
        """Return the answer, now complete."""
        self._decoder.finish()
        return Response(
            status=self._status,
            headers=self._headers,
            body=b"".join(self._pieces),
            url=self._request.url,
            http_version=self._version,
        )

    def _too_large(self) -> BrokenResponseError:
        mebibytes = MAX_BODY_BYTES // (1024 * 1024)
        return broken(self._request, f"sent an answer of more than {mebibytes} MiB")
