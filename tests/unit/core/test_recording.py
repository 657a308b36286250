"""Answers as they came: whose calls a block listens to, and what it keeps."""

import threading

import anyio
import pytest

from maas_client.core.recording import LARGEST_BODY_BYTES, MOST_RESPONSES, recorded
from maas_client.core.retry import RetryPolicy
from maas_client.errors import ServerError
from tests.unit.core.scripted import ORIGIN, ScriptedIO, ScriptedStream, Slow, answer, caller, request


async def test_refusals_and_attempts_are_kept_in_their_order():
    io = ScriptedIO([answer(503, b"busy"), Slow(0.25, answer(200, b'{"a": 1}', x_ms_request_id="r"))])
    ours = caller(io)
    with recorded(ours.family) as kept:
        await ours.send(request(url=f"{ORIGIN}/x?sig=s3cret"))
    assert [(found.status, found.attempt, found.body) for found in kept] == [(503, 1, b"busy"), (200, 2, b'{"a": 1}')]
    last = kept[-1]
    assert (last.operation, last.method, last.url) == ("Jobs_Get", "GET", f"{ORIGIN}/x?sig=REDACTED")
    assert (last.request_id, last.parse()) == ("r", {"a": 1})
    assert last.elapsed_seconds == pytest.approx(0.25)
    assert last.headers["x-ms-request-id"] == "r"
    with pytest.raises(ValueError, match="Expecting value"):
        kept[0].parse()


async def test_a_call_that_fails_leaves_its_answers():
    ours = caller(ScriptedIO([answer(500, b"no")]), policy=RetryPolicy(max_attempts=1))
    with recorded(ours.family) as kept, pytest.raises(ServerError):
        await ours.send(request())
    assert [found.body for found in kept] == [b"no"]


async def test_an_answer_that_is_streamed_is_kept_without_its_body():
    ours = caller(ScriptedIO(streams=[ScriptedStream(200, {"a": "b"}, [b"x"])]))
    with recorded(ours.family) as kept:
        async with ours.stream(request()):
            pass
    assert [(found.status, found.headers, found.http_version) for found in kept] == [(200, {"a": "b"}, "HTTP/1.1")]
    with pytest.raises(ValueError, match="was not kept"):
        kept[0].parse()


async def test_neither_printing_nor_logging_shows_headers_and_body():
    ours = caller(ScriptedIO([answer(200, b"s3cret", key="s3cret")]))
    with recorded(ours.family) as kept:
        await ours.send(request())
    assert "s3cret" not in f"{kept} {kept[0]} {kept!r}"


async def test_only_this_client_is_listened_to_and_only_inside():
    first, second = caller(ScriptedIO([answer()] * 9)), caller(ScriptedIO([answer()] * 9))
    twin = first.with_options(RetryPolicy(), 1.0)
    with recorded(first.family) as outer:
        await first.send(request())
        with recorded(first.family) as inner:
            await twin.send(request(operation="Jobs_List"))
        await second.send(request())
    await first.send(request())
    assert [found.operation for found in outer] == ["Jobs_Get", "Jobs_List"]
    assert [found.operation for found in inner] == ["Jobs_List"]


async def test_other_tasks_are_not_listened_to_and_a_task_that_outlives_the_block_no_longer():
    ours = caller(ScriptedIO([answer()] * 9))
    entered, left = anyio.Event(), anyio.Event()

    async def stranger():
        await entered.wait()
        await ours.send(request(operation="Strange"))

    async def child():
        await ours.send(request(operation="Child"))
        await left.wait()
        await ours.send(request(operation="Late"))

    async with anyio.create_task_group() as group:
        group.start_soon(stranger)
        with recorded(ours.family) as kept:
            group.start_soon(child)
            entered.set()
            await anyio.wait_all_tasks_blocked()
        left.set()
    assert [found.operation for found in kept] == ["Child"]


async def test_a_block_that_is_left_in_another_context_ends_all_the_same():
    ours = caller(ScriptedIO([answer()] * 2))
    block = recorded(ours.family)
    kept = block.__enter__()
    thread = threading.Thread(target=block.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    await ours.send(request())
    assert kept == []


async def test_what_is_kept_is_bounded():
    io = ScriptedIO([answer(200, b" " * (LARGEST_BODY_BYTES + 1)), answer(200, b" " * LARGEST_BODY_BYTES)])
    ours = caller(io)
    with recorded(ours.family) as kept:
        for _ in range(2):
            await ours.send(request(headers={"accept": "*/*"}))
        assert [found.body is None for found in kept] == [True, False]
        io.script = [answer(200, b"%d" % number) for number in range(MOST_RESPONSES + 5)]
        for _ in range(MOST_RESPONSES + 5):
            await ours.send(request())
    assert len(kept) == MOST_RESPONSES
    assert kept[0].body == b"5"
