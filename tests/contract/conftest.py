"""The real server, and one body for both clients."""

import hashlib
import inspect
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.testing import Faults, Server, Workspace, serving

ROWS = [
    {
        "messages": [
            {"role": "user", "content": f"question {n} about topic{n}"},
            {"role": "assistant", "content": f"answer {n}"},
        ]
    }
    for n in range(40)
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), clock="scaled:3000") as running:
        yield running


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


class Both:
    """Makes one body run on either client: awaits what must be awaited, collects what must be iterated."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def call(self, value: Any) -> Any:
        return await value if inspect.isawaitable(value) else value

    async def collect(self, items: Any) -> list[Any]:
        return [item async for item in items] if hasattr(items, "__aiter__") else list(items)


async def digest_of(both: Both, uri: str) -> str:
    """Return the digest of what the server holds, read as anybody would."""
    target = both.client._session.dialect.target
    headers = {"authorization": "Bearer any"}
    base = f"{target.arm}{target.path}/datastores/workspaceblobstore"
    store = httpx.get(f"{base}?api-version=2024-10-01-preview", headers=headers).json()["properties"]
    path = uri.partition("/paths/")[2]
    url = f"http://{store['accountName']}.blob.{store['endpoint']}/{store['containerName']}/{path}"
    return hashlib.sha256(httpx.get(url, headers=headers).content).hexdigest()


@pytest.fixture(params=["sync", "async"])
async def both(request: pytest.FixtureRequest, server: Server) -> Any:
    if request.param == "sync":
        with MaaSClient(**server.settings()) as client:
            yield Both(client)
    else:
        async with AsyncMaaSClient(**server.settings()) as client:
            yield Both(client)


@pytest.fixture
def unique() -> Callable[[str], str]:
    ending = uuid.uuid4().hex[:8]
    return lambda name: f"{name}-{ending}"


@pytest.fixture(scope="session")
def manual_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("manual")) as running:
        yield running


class Slow(Both):
    """On a server whose clock moves only when told to."""

    def __init__(self, client: Any, server: Server) -> None:
        super().__init__(client)
        self._server = server

    def advance(self, seconds: float) -> None:
        self._server.advance(seconds)


@pytest.fixture(params=["sync", "async"])
async def slow(request: pytest.FixtureRequest, manual_server: Server) -> Any:
    if request.param == "sync":
        with MaaSClient(**manual_server.settings()) as client:
            yield Slow(client, manual_server)
    else:
        async with AsyncMaaSClient(**manual_server.settings()) as client:
            yield Slow(client, manual_server)


@contextmanager
def faults_of(server: Server, test: str) -> Iterator[Faults]:
    """Give a workspace of its own, whose faults must all have come when the block ends."""
    ordered = Faults(Workspace.fresh(server, test))
    yield ordered
    complaints = ordered.complaints()
    ordered.clear()
    assert complaints == []


@asynccontextmanager
async def client_of(workspace: Workspace, kind: str) -> AsyncIterator[Any]:
    """Open a client of a workspace, `sync` or `async`."""
    if kind == "sync":
        with workspace.client() as client:
            yield client
    else:
        async with workspace.async_client() as client:
            yield client
