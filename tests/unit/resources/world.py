"""An outside world that answers by operation, on a clock that moves only when somebody waits."""

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from typing import Any
from zlib import crc32

from maas_client.client._assembly import Options, assemble
from maas_client.core.io import Digests, FileBody, FoundFile, Hasher, Request, Response, TargetFile, Token
from maas_client.core.surroundings import GIVEN_TOKEN, Way
from maas_client.resources._session import Session
from maas_client.transport.files import inline
from maas_client.transport.part_files import create_local, find_local
from tests.conformance.scripted import record, words_of
from tests.unit.backends.exchanges import ARM, SUBSCRIPTION, encode

BEGIN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DATA = "https://eastus2.api.azureml.ms"
Step = Any
"""A JSON value (a 200), a `Response`, an exception, or a function of the request that gives one of these."""


@dataclass(frozen=True)
class MemoryFile:
    name: str
    content: bytes
    size: int
    mtime_ns: int = 0
    inode: int = 0

    async def pread(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]

    async def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    async def digest(self, offset: int, length: int, whole: Hasher) -> Digests:
        part = self.content[offset : offset + length]
        whole.update(part)
        return Digests(sha256(part).hexdigest(), b64encode(md5(part).digest()).decode())

    async def changed(self) -> bool:
        return False

    async def close(self) -> None:
        return None


@dataclass
class Stream:
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
class World:
    """Implements the port. The last step of an operation is repeated for as long as it is asked for."""

    steps: dict[str, list[Step]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, bytes] = field(default_factory=dict)
    clock: float = 0.0
    sleeps: list[float] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    closed: int = 0
    told: dict[str, None] = field(default_factory=dict)
    """The different texts of all answers: a script may give the same one ten thousand times."""
    checked: set[Any] = field(default_factory=set)
    way_there: Way | Exception = field(default_factory=Way)
    names: dict[str, tuple[str, ...] | Exception] = field(default_factory=dict)
    bearer: str | Exception = "tok"
    who: str = GIVEN_TOKEN
    hanging: bool = False

    def on(self, operation: str, *steps: Step) -> "World":
        self.steps[operation] = list(steps)
        return self

    def operations(self, *, without: Sequence[str] = ()) -> list[str]:
        return [request.operation for request in self.sent if request.operation not in without]

    def _next(self, request: Request, headers: Mapping[str, str]) -> Any:
        self.sent.append(request)
        self._check(request)
        self.bearers.append(headers.get("authorization", ""))
        steps = self.steps[request.operation]
        assert steps, f"nothing was said about {request.operation}"
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if callable(step):
            step = step(request)
        if isinstance(step, BaseException):
            raise step
        return step

    def _check(self, request: Request) -> None:
        """Hold a request against the wire; one that is the same to the byte as one before says nothing new."""
        body = None if isinstance(request.body, FileBody) else request.body
        same = (request.method, request.url, tuple(request.headers.items()), body)
        if same not in self.checked:
            self.checked.add(same)
            record(request, told=self.told)

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        step = self._next(request, headers)
        response = step if isinstance(step, Response) else Response(200, {}, encode(step))
        self.told[words_of(response)] = None
        return response

    @asynccontextmanager
    async def stream(
        self, request: Request, *, headers: Mapping[str, str], timeout: float
    ) -> AsyncGenerator[Stream, None]:
        step = self._next(request, headers)
        assert isinstance(step, Stream)
        yield step

    async def token(self, scope: str, claims: str | None) -> Token:
        if isinstance(self.bearer, Exception):
            raise self.bearer
        return Token(self.bearer, BEGIN.timestamp() + self.clock + 3600)

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.clock += seconds

    async def monotonic(self) -> float:
        return self.clock

    async def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.clock)

    async def map(self, fn: Callable[[Any], Awaitable[Any]], items: Sequence[Any], *, limit: int) -> list[Any]:
        return [await fn(item) for item in items]

    async def lock(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def open_file(self, path: str) -> MemoryFile:
        content = self.files[path]
        return MemoryFile(path.rpartition("/")[2], content, len(content), mtime_ns=crc32(content))

    async def offload(self, fn: Callable[[], Any]) -> Any:
        return fn()

    async def way(self, url: str) -> Way:
        if isinstance(self.way_there, Exception):
            raise self.way_there
        return self.way_there

    async def addresses(self, host: str) -> tuple[str, ...]:
        if self.hanging:
            raise TimeoutError
        found = self.names.get(host, ("10.0.0.4",))
        if isinstance(found, Exception):
            raise found
        return found

    async def issuer(self, url: str) -> str:
        return "Example Inspection CA"

    async def credential(self) -> str:
        return self.who

    async def within(self, seconds: float, fn: Callable[[], Awaitable[Any]]) -> Any:
        return await fn()

    async def find_file(self, folder: str, path: str) -> FoundFile | None:
        return await find_local(folder, path, inline)

    async def create_file(self, folder: str, path: str, *, version: str, overwrite: bool) -> TargetFile:
        return await create_local(folder, path, version=version, overwrite=overwrite, offload=inline)

    async def close(self) -> None:
        self.closed += 1

    def session(self, *, max_retries: int = 0) -> Session:
        """Make a session of the real service over this world."""
        return assemble(
            lambda _authority: self,
            Options(
                service="azureml",
                subscription_id=SUBSCRIPTION,
                resource_group="rg-ft",
                workspace="ws-ft",
                base_url=ARM,
                emulator=False,
                cloud="AzureCloud",
                authority=None,
                timeout=60.0,
                max_retries=max_retries,
            ),
        )


def world() -> World:
    """Make a world in which the workspace is known, runs have no metrics, and nothing was said of anything else."""
    return (
        World()
        .on(
            "Workspaces_Get",
            {"location": "eastus2", "properties": {"workspaceId": "w", "discoveryUrl": f"{DATA}/discovery"}},
        )
        .on("Discovery_Get", {"api": DATA})
        .on("RunHistory_GetDetails", {})
        .on("MLflow_GetRun", {})
    )


def job(status: str, *, name: str = "bot", fingerprint: str | None = None) -> dict[str, Any]:
    properties = {} if fingerprint is None else {"maas-client.fingerprint": fingerprint}
    body = {
        "jobType": "FineTuning",
        "status": status,
        "properties": properties,
        "outputs": {"registered_model": {"assetName": "ft"}},
        "fineTuningDetails": {"hyperParameters": {"num_train_epochs": "2"}},
    }
    return {"name": name, "properties": body}


def refusal(status: int, code: str = "UserError", message: str = "no", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, encode({"error": {"code": code, "message": message}}))


def fingerprint_sent(asked: World) -> str:
    bodies = [request.body for request in asked.sent if request.operation == "Jobs_CreateOrUpdate"]
    assert bodies
    assert not isinstance(bodies[-1], FileBody | None)
    return str(json.loads(bodies[-1])["properties"]["properties"]["maas-client.fingerprint"])
