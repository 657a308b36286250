"""The main line with aiohttp below the asynchronous client: the same calls, the same errors, the same care."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import (
    ConfigurationError,
    NotFoundError,
    RequestTimeoutError,
)
from maas_client.testing import Faults, Server
from tests.contract.conftest import Both, digest_of, faults_of

MODEL = "Phi-3-mini-4k-instruct"


@pytest.fixture
def faults(server: Server, request: pytest.FixtureRequest) -> Iterator[Faults]:
    with faults_of(server, request.node.name) as ordered:
        yield ordered


@pytest.fixture
async def client(faults: Faults) -> AsyncIterator[AsyncMaaSClient]:
    async with AsyncMaaSClient(**faults.workspace.settings(), http="aiohttp") as made:
        yield made


async def test_from_the_file_to_the_answer(client: AsyncMaaSClient, train: Path, tmp_path: Path) -> None:
    file = await client.files.upload(train)
    assert await digest_of(Both(client), file.id) == file.sha256
    job = await client.jobs.create(MODEL, training_file=file, name="job")
    events = [event async for event in client.jobs.watch(job)]
    assert events[-1].status.is_terminal
    job = await client.jobs.wait(job)
    assert [line async for line in client.jobs.logs(job)]
    assert (await client.jobs.download(job, tmp_path / "left")).artifacts
    assert job.fine_tuned_model is not None
    deployment = await (await client.deployments.begin_create("bot", model=job.fine_tuned_model)).result(timeout=30)
    question: Any = [{"role": "user", "content": "Hello"}]
    whole = await client.chat.create(deployment, messages=question)
    pieces = [chunk.text async for chunk in client.chat.stream(deployment, messages=question)]
    assert "".join(pieces) == whole.choices[0].message.content
    with client.raw_responses() as responses, pytest.raises(NotFoundError):
        await client.jobs.get("nobody")
    assert [(response.status, response.http_version) for response in responses] == [(404, "HTTP/1.1")]


async def test_a_large_file_goes_in_blocks(client: AsyncMaaSClient, tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    row = b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "%s"}]}\n' % (
        b"a" * 90_000
    )
    path.write_bytes(row * 760)
    file = await client.files.upload(path)
    assert await digest_of(Both(client), file.id) == file.sha256


@pytest.mark.parametrize("action", ["commit-then-drop", {"do": "reset", "at": "answer"}])
async def test_a_job_whose_answer_is_lost_is_one(
    client: AsyncMaaSClient, faults: Faults, train: Path, action: Any
) -> None:
    file = await client.files.upload(train)
    faults.on("Jobs_CreateOrUpdate", action)
    with client.raw_responses() as responses:
        job = await client.jobs.create(MODEL, training_file=file, name="one")
    assert job.name == "one"
    assert [found.name async for found in client.jobs.list()] == ["one"]
    assert [(response.operation, response.attempt) for response in responses] == [("Jobs_CreateOrUpdate", 2)]


async def test_a_call_that_is_late_or_cancelled_leaves_the_client_usable(
    client: AsyncMaaSClient, faults: Faults
) -> None:
    faults.on("Jobs_Get", "stall", "stall")
    with pytest.raises(RequestTimeoutError):
        await client.with_options(timeout=0.2, max_retries=0).jobs.get("nobody")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.jobs.get("nobody")
    with pytest.raises(NotFoundError):
        await client.jobs.get("nobody")


def test_who_cannot_have_it_is_told() -> None:
    options: dict[str, Any] = {"subscription_id": "s", "resource_group": "g", "workspace": "w", "credential": "t"}
    with pytest.raises(ConfigurationError, match="cannot have http='aiohttp'") as caught:
        MaaSClient(**options, http="aiohttp")
    assert "AsyncMaaSClient" in (caught.value.hint or "")

    async def on_trio() -> None:
        with pytest.raises(ConfigurationError, match="asyncio alone"):
            await AsyncMaaSClient(**options, http="aiohttp").jobs.get("j")

    anyio.run(on_trio, backend="trio")
