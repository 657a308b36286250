"""What the main line does not show: another event loop, changed keys, pollers that stop and go on, resumed watches."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import pytest

from maas_client import AsyncMaaSClient
from maas_client.errors import ConfigurationError, ConflictError, WaitTimeoutError
from maas_client.testing import serving
from maas_client.types import JobStatus

MODEL = "Phi-3-mini-4k-instruct"
BASE = "Phi-4-mini-instruct"
TO_THE_END = 20_000.0
"""Virtual seconds after which every job and deployment has ended."""
MESSAGES = [{"role": "user", "content": "question 3 about topic3"}]


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_the_line_on_trio(server, train, unique, anyio_backend):
    name = unique("trio")
    async with AsyncMaaSClient(**server.settings()) as client:
        file = await client.files.upload(train)
        job = await client.jobs.create(MODEL, training_file=file, name=name)
        events = [event async for event in client.jobs.watch(job)]
        assert events[-1].status is JobStatus.SUCCEEDED
        job = await client.jobs.wait(job)
        assert len(await client.jobs.metrics(job)) > 10
        deployment = await (await client.deployments.begin_create(name, model=job.fine_tuned_model)).result(timeout=30)
        chunks = [chunk async for chunk in client.chat.stream(deployment, messages=MESSAGES)]
        assert "".join(chunk.text for chunk in chunks) == "answer 3"
        assert name in [found.name async for found in client.jobs.list(status="succeeded")]
        await (await client.deployments.begin_delete(name)).result(timeout=30)


async def test_a_key_that_is_no_longer_right_is_asked_for_again(both, unique):
    name = unique("keyed")
    poller = await both.call(both.client.deployments.begin_create(name, model=BASE))
    deployment = await both.call(poller.result(timeout=30))
    keys = both.client._session.dialect.chat._facts.keys
    keys[name] = "changed-meanwhile"
    assert (await both.call(both.client.chat.create(deployment, messages=MESSAGES))).text
    assert keys[name] != "changed-meanwhile"
    keys[name] = "changed-meanwhile"
    assert await both.collect(both.client.chat.stream(name, messages=MESSAGES))
    assert keys[name] != "changed-meanwhile"


async def test_a_replaced_key_is_refused_and_chat_goes_on(both, unique):
    client, name = both.client, unique("rekeyed")
    poller = await both.call(client.deployments.begin_create(name, model=BASE))
    deployment = await both.call(poller.result(timeout=30))
    before = await both.call(client.deployments.keys(name))
    assert (await both.call(client.chat.create(deployment, messages=MESSAGES))).text
    after = await both.call(client.deployments.regenerate_key(deployment, "primary"))
    assert (after.primary != before.primary, after.secondary) == (True, before.secondary)
    assert (await both.call(client.chat.create(deployment, messages=MESSAGES))).text
    last = await both.call(client.deployments.regenerate_key(name, "secondary"))
    assert (last.primary, last.secondary != before.secondary) == (after.primary, True)


async def test_a_poller_stops_waiting_and_another_goes_on(slow, unique):
    client, name = slow.client, unique("base")
    poller = await slow.call(client.deployments.begin_create(name, model=BASE))
    assert poller.status == "running"
    with pytest.raises(ConflictError, match="is not ready"):
        await slow.call(client.chat.create(name, messages=MESSAGES))
    with pytest.raises(WaitTimeoutError) as late:
        await slow.call(poller.result(timeout=0))
    slow.advance(TO_THE_END)
    later = await slow.call(client.deployments.resume(late.value.resume_token))
    assert (await slow.call(later.result(timeout=30))).model == f"azureml://registries/azureml/models/{BASE}"


async def test_a_watch_goes_on_after_any_of_its_events(slow, train, unique):
    client = slow.client
    file = await slow.call(client.files.upload(train))
    job = await slow.call(client.jobs.create(MODEL, training_file=file, name=unique("resumed")))
    slow.advance(TO_THE_END)
    events = await slow.collect(client.jobs.watch(job))
    assert events[-1].status is JobStatus.SUCCEEDED
    for position, event in enumerate(events):
        rest = await slow.collect(client.jobs.watch(job, resume_token=event.resume_token))
        assert [later.message for later in rest] == [later.message for later in events[position + 1 :]]


async def test_what_cannot_be_uploaded(both, tmp_path):
    (tmp_path / "empty.jsonl").touch()
    for path in (tmp_path / "missing.jsonl", tmp_path, tmp_path / "empty.jsonl"):
        with pytest.raises(ConfigurationError) as refused:
            await both.call(both.client.files.upload(path))
        assert refused.value.hint


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_an_awaited_watch_rides_through_a_kill(tmp_path: Path, train: Path, anyio_backend: str) -> None:
    state = tmp_path / "state"
    told = []
    with serving(state) as first:
        port = urlsplit(first.url).port or 0
        async with AsyncMaaSClient(**first.settings(), max_retries=0) as client:
            file = await client.files.upload(train)
            await client.jobs.create(MODEL, training_file=file, name="ridden")
            watch = client.jobs.watch("ridden")
            async for event in watch:
                told.append((event.type, event.status.value, event.message.partition(" (")[0]))
                if event.status is JobStatus.QUEUED:
                    first.advance(200)
                if told[-1][:2] == ("status", "running"):
                    first.kill()
                if told[-1][2] == "Connection lost":
                    break
            with serving(state, port=port) as second:
                async for event in watch:
                    told.append((event.type, event.status.value, event.message.partition(" (")[0]))
                    if event.message == "Connected again.":
                        second.advance(TO_THE_END)
                assert (await client.jobs.get("ridden")).fine_tuned_model
                assert (await client.files.upload(train)).reused
    assert [status for kind, status, _ in told if kind == "status"] == ["queued", "running", "succeeded"]
    messages = [message for kind, _, message in told if kind == "message"]
    assert (messages.count("Connection lost"), messages.count("Connected again.")) == (1, 1)


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_followed_log_rides_through_a_kill(tmp_path: Path, train: Path, anyio_backend: str) -> None:
    state, told = tmp_path / "state", []
    with serving(state) as first:
        port = urlsplit(first.url).port or 0
        async with AsyncMaaSClient(**first.settings(), max_retries=0) as client:
            file = await client.files.upload(train)
            await client.jobs.create(MODEL, training_file=file, name="followed", n_epochs=20)
            first.advance(500)
            lines = client.jobs.logs("followed", follow=True)
            told.append(await anext(lines))
            first.kill()

            async def rest() -> None:
                told.extend([line async for line in lines])

            with ExitStack() as servers:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(rest)
                    again = serving(state, port=port)
                    second = await anyio.to_thread.run_sync(servers.enter_context, again)
                    assert (await client.jobs.get("followed")).status is JobStatus.RUNNING
                    await anyio.to_thread.run_sync(second.advance, TO_THE_END)
                assert told == [line async for line in client.jobs.logs("followed")]
    assert len(told) == len({*told}) > 20
