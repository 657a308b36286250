"""How a client behaves in somebody else's program: other patience, answers as they came, cancelling, listing."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import maas_client
from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import ConfigurationError, NotFoundError, RequestTimeoutError, ServerError, UsageError
from maas_client.testing import Faults, Server
from tests.contract.conftest import Both, client_of, faults_of


class Guest(Both):
    """A client, and the faults of its workspace."""

    def __init__(self, client: Any, faults: Faults) -> None:
        super().__init__(client)
        self.faults = faults

    async def close(self, client: Any) -> None:
        await self.call(getattr(client, "close" if isinstance(client, MaaSClient) else "aclose")())


@pytest.fixture
def faults(manual_server: Server, request: pytest.FixtureRequest) -> Iterator[Faults]:
    with faults_of(manual_server, request.node.name) as ordered:
        yield ordered


@pytest.fixture(params=["sync", "async"])
async def guest(request: pytest.FixtureRequest, faults: Faults) -> AsyncIterator[Guest]:
    async with client_of(faults.workspace, request.param) as client:
        yield Guest(client, faults)


# with_options


async def test_another_patience_is_for_the_calls_of_that_client_alone(guest: Guest) -> None:
    guest.faults.on("Jobs_Get", *[{"do": "status", "status": 503, "retry_after_ms": 1}] * 3)
    once = guest.client.with_options(max_retries=0)
    with once.raw_responses() as responses:
        for _ in range(2):
            with pytest.raises(ServerError):
                await guest.call(once.jobs.get("nobody"))
    assert [response.attempt for response in responses] == [1, 1]
    with guest.client.raw_responses() as responses, pytest.raises(NotFoundError):
        await guest.call(guest.client.jobs.get("nobody"))
    assert [(response.status, response.attempt) for response in responses] == [(503, 1), (404, 2)]


async def test_a_call_may_have_a_timeout_of_its_own(guest: Guest) -> None:
    guest.faults.on("Jobs_Get", "stall")
    with pytest.raises(RequestTimeoutError, match=r"within 0\.2 s"):
        await guest.call(guest.client.with_options(timeout=0.2, max_retries=0).jobs.get("nobody"))
    with pytest.raises(NotFoundError):
        await guest.call(guest.client.jobs.get("nobody"))


async def test_what_is_left_out_stays(guest: Guest) -> None:
    twin = guest.client.with_options(timeout=300.0).with_options(max_retries=7)
    caller = twin._session.caller
    assert (caller.timeout_seconds, caller.policy.max_attempts, caller.policy.total_seconds) == (300.0, 8, 300.0)
    ours = guest.client._session.caller
    assert (ours.timeout_seconds, ours.policy.max_attempts, ours.policy.total_seconds) == (60.0, 4, 120.0)
    assert (caller.io, caller.tokens, caller.budget) == (ours.io, ours.tokens, ours.budget)
    assert type(twin) is type(guest.client)


@pytest.mark.parametrize("changes", [{"timeout": 0}, {"timeout": float("nan")}, {"max_retries": 21}])
async def test_a_patience_out_of_range_is_refused(guest: Guest, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        guest.client.with_options(**changes)
    assert caught.value.hint


async def test_closing_what_was_made_leaves_the_client_it_was_made_from(guest: Guest) -> None:
    twin = guest.client.with_options(max_retries=0)
    await guest.close(twin)
    with pytest.raises(UsageError, match="closed"):
        await guest.call(twin.jobs.get("nobody"))
    with pytest.raises(NotFoundError):
        await guest.call(guest.client.jobs.get("nobody"))


async def test_closing_a_client_closes_what_was_made_from_it(guest: Guest) -> None:
    twin = guest.client.with_options(max_retries=0)
    await guest.close(guest.client)
    with pytest.raises(UsageError, match="closed"):
        await guest.call(twin.jobs.get("nobody"))
    await guest.close(twin)


async def test_connections_are_shared(guest: Guest) -> None:
    routes = guest.client._session.io._routes
    for client in (guest.client, guest.client.with_options(timeout=5)):
        assert await guest.collect(client.jobs.list()) == []
    assert client._session.io._routes is routes
    assert len(routes.transports()) == 1


# raw_responses


async def test_answers_as_they_came(guest: Guest) -> None:
    with guest.client.raw_responses() as responses:
        assert await guest.collect(guest.client.jobs.list()) == []
        with pytest.raises(NotFoundError) as caught:
            await guest.call(guest.client.jobs.get("nobody"))
    listed, missing = responses
    assert (listed.operation, listed.method, listed.status, listed.attempt) == ("Jobs_List", "GET", 200, 1)
    assert listed.parse()["value"] == []
    assert listed.headers["content-type"].startswith("application/json")
    assert listed.http_version == "HTTP/1.1"
    assert 0 < listed.elapsed_seconds < 60
    assert listed.request_id
    assert missing.request_id == caught.value.request_id
    assert missing.parse()["error"]["code"] == caught.value.code


def test_no_method_can_be_left_out() -> None:
    """Whatever is sent is sent by the caller, which hands each answer to whoever listens."""
    package = Path(maas_client.__file__).parent
    senders = {
        str(path.relative_to(package))
        for floor in ("backends", "cli", "client", "core", "resources", "watch")
        for path in (package / floor).rglob("*.py")
        if re.search(r"\bio\.(send|stream)\(|handle_(async_)?request", path.read_text(encoding="utf-8"))
    }
    assert senders == {str(Path("core", "call.py"))}
    text = (package / "core" / "call.py").read_text(encoding="utf-8")
    assert len(re.findall(r"\bio\.(?:send|stream)\(", text)) == 2
    assert len(re.findall(r"\bkeep\(", text)) == 1


# Cancelling


async def test_a_task_that_is_cancelled_leaves_the_client_usable(faults: Faults) -> None:
    faults.on("Jobs_Get", "stall", "stall")
    async with AsyncMaaSClient(**faults.workspace.settings()) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.jobs.get("nobody")
        task = asyncio.create_task(client.jobs.get("nobody"))
        asyncio.get_running_loop().call_later(0.2, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(NotFoundError):
            await client.jobs.get("nobody")


# Logging


async def test_a_call_is_one_line_of_the_log(guest: Guest, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await guest.collect(guest.client.jobs.list())
    (record,) = [record for record in caplog.records if record.name.startswith("maas_client")]
    assert record.name == "maas_client.calls"
    assert record.getMessage().startswith("Jobs_List GET http://127.0.0.1:")
    assert " -> 200, " in record.getMessage()
