"""An outside world that follows a script: answers in order, a clock that only moves when somebody waits."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from maas_client.core.call import Caller
from maas_client.core.error_map import ErrorFacts, build_error
from maas_client.core.io import FoundFile, Request, Response, SourceFile, TargetFile, Token
from maas_client.core.surroundings import Way
from maas_client.core.trust import Trust
from maas_client.errors import StatusError

BEGIN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ORIGIN = "https://management.azure.com"
SCOPE = "https://management.azure.com/.default"


@dataclass(frozen=True)
class Slow:
    """An answer or error that takes a while."""

    seconds: float
    then: "Response | Exception"


Step = Response | Exception | Slow


@dataclass
class ScriptedStream:
    status: int
    headers: Mapping[str, str]
    pieces: Sequence[bytes | Exception]
    http_version: str = "HTTP/1.1"

    async def iter_bytes(self) -> AsyncGenerator[bytes, None]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


@dataclass
class ScriptedIO:
    """Implements `maas_client.core.io.IO`; `lock` counts those who wait inside."""

    script: list[Step] = field(default_factory=list)
    streams: list[ScriptedStream | Exception] = field(default_factory=list)
    tokens: list[Token | Exception] = field(default_factory=list)
    lock_factory: Callable[[], AbstractAsyncContextManager[None]] | None = None
    clock: float = 0.0
    sleeps: list[float] = field(default_factory=list)
    sent: list[tuple[Request, dict[str, str], float]] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    closed_streams: list[BaseException | None] = field(default_factory=list)
    token_seconds: float = 0.0

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        self.sent.append((request, dict(headers), timeout))
        step = self.script.pop(0)
        if isinstance(step, Slow):
            self.clock += min(step.seconds, timeout)
            step = step.then
        if isinstance(step, Exception):
            raise step
        return step

    @asynccontextmanager
    async def stream(
        self, request: Request, *, headers: Mapping[str, str], timeout: float
    ) -> AsyncGenerator[ScriptedStream, None]:
        self.sent.append((request, dict(headers), timeout))
        step = self.streams.pop(0)
        if isinstance(step, Exception):
            raise step
        try:
            yield step
        except BaseException as error:
            self.closed_streams.append(error)
            raise
        self.closed_streams.append(None)

    async def token(self, scope: str, claims: str | None) -> Token:
        self.asked.append((scope, claims))
        self.clock += self.token_seconds
        token = self.tokens.pop(0) if self.tokens else Token("tok", self.unix() + 3600)
        if isinstance(token, Exception):
            raise token
        return token

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.clock += seconds

    async def monotonic(self) -> float:
        return self.clock

    async def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.clock)

    async def map(self, fn, items, *, limit):
        raise NotImplementedError

    async def lock(self) -> AbstractAsyncContextManager[None]:
        return _no_lock() if self.lock_factory is None else self.lock_factory()

    async def open_file(self, path: str) -> SourceFile:
        raise NotImplementedError

    async def offload(self, fn: Callable[[], Any]) -> Any:
        return fn()

    async def way(self, url: str) -> Way:
        raise NotImplementedError

    async def addresses(self, host: str) -> tuple[str, ...]:
        raise NotImplementedError

    async def issuer(self, url: str) -> str:
        raise NotImplementedError

    async def credential(self) -> str:
        raise NotImplementedError

    async def within(self, seconds: float, fn: Callable[[], Awaitable[Any]]) -> Any:
        return await fn()

    async def find_file(self, folder: str, path: str) -> FoundFile | None:
        raise NotImplementedError

    async def create_file(self, folder: str, path: str, *, version: str, overwrite: bool) -> TargetFile:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def unix(self) -> float:
        return BEGIN.timestamp() + self.clock


class _no_lock(AbstractAsyncContextManager[None]):  # noqa: N801 - used like a function
    async def __aexit__(self, *_: object) -> None:
        return None


def request(**changes: Any) -> Request:
    fields: dict[str, Any] = {"operation": "Jobs_Get", "method": "GET", "url": f"{ORIGIN}/jobs/a"}
    return Request(**{**fields, **changes})


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=body)


def error_from(asked: Request, response: Response) -> StatusError:
    return build_error(asked, response, ErrorFacts(message=response.body.decode("utf-8", "replace"), code="Code"))


def caller(io: ScriptedIO, **changes: Any) -> Caller:
    fields: dict[str, Any] = {
        "io": io,
        "trust": Trust(frozenset({ORIGIN})),
        "error_from": error_from,
        "user_agent": "tests",
    }
    return Caller(**{**fields, **changes})


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
