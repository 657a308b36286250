"""The real server in a process of its own, and one body for both clients."""

import inspect
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from maas_client import AsyncMaaSClient, MaaSClient

ROWS = [
    {
        "messages": [
            {"role": "user", "content": f"question {n} about topic{n}"},
            {"role": "assistant", "content": f"answer {n}"},
        ]
    }
    for n in range(40)
]


@dataclass
class Server:
    """A running reference server."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    def client_arguments(self) -> dict[str, Any]:
        names = ("subscription_id", "resource_group", "workspace")
        return {"base_url": self.facts["url"], "emulator": True, **{name: self.facts[name] for name in names}}


@contextmanager
def serving(state: Path, *options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "maas_client.server", "--state-dir", str(state), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process, json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), "--clock", "scaled:3000") as running:
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


@pytest.fixture(params=["sync", "async"])
async def both(request: pytest.FixtureRequest, server: Server) -> Any:
    if request.param == "sync":
        with MaaSClient(**server.client_arguments()) as client:
            yield Both(client)
    else:
        async with AsyncMaaSClient(**server.client_arguments()) as client:
            yield Both(client)


@pytest.fixture
def unique() -> Callable[[str], str]:
    ending = uuid.uuid4().hex[:8]
    return lambda name: f"{name}-{ending}"


@pytest.fixture(scope="session")
def manual_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("manual"), "--clock", "manual") as running:
        yield running


class Slow(Both):
    """On a server whose clock moves only when told to."""

    def __init__(self, client: Any, server: Server) -> None:
        super().__init__(client)
        self._server = server

    def advance(self, seconds: float) -> None:
        facts = self._server.facts
        headers = {"x-maas-admin-token": facts["admin_token"]}
        httpx.post(f"{facts['url']}/_maas/clock", json={"advance_seconds": seconds}, headers=headers).raise_for_status()


@pytest.fixture(params=["sync", "async"])
async def slow(request: pytest.FixtureRequest, manual_server: Server) -> Any:
    if request.param == "sync":
        with MaaSClient(**manual_server.client_arguments()) as client:
            yield Slow(client, manual_server)
    else:
        async with AsyncMaaSClient(**manual_server.client_arguments()) as client:
            yield Slow(client, manual_server)
