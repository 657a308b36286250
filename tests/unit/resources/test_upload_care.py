"""Uploads in blocks under throttling, and signatures that end while a file is on its way."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from maas_client.core.io import Request, Response
from maas_client.errors import BadRequestError, MaaSError, ServerError
from maas_client.resources._in_flight import GaveWay, InFlight
from maas_client.resources.files import AsyncFiles, Files
from maas_client.transport.httpx_async import AsyncIO
from tests.unit.resources.test_upload_flows import committed
from tests.unit.resources.world import BEGIN, World, refusal, world

MIB = 1024 * 1024
BUSY = refusal(503, "ServerBusy")
DONE = Response(201, {}, b"")


class SideBySide(World):
    """A world in which calls really go side by side."""

    map = AsyncIO.map  # it uses nothing of its port

    async def lock(self) -> AbstractAsyncContextManager[None]:
        return anyio.Lock()


@dataclass
class Crowd(SideBySide):
    """It counts the blocks that are on their way at once."""

    on_their_way: int = 0
    widths: list[int] = field(default_factory=list)
    answer: Callable[["Crowd"], Response] = lambda _: DONE

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        if request.operation != "Blob_PutBlock":
            return await super().send(request, headers=headers, timeout=timeout)
        self.on_their_way += 1
        self.widths.append(self.on_their_way)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        self.on("Blob_PutBlock", self.answer(self))
        try:
            return await super().send(request, headers=headers, timeout=timeout)
        finally:
            self.on_their_way -= 1

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await anyio.lowlevel.checkpoint()


class Threads(Crowd):
    """A crowd in which no lane can be ended from outside, as it is with threads."""

    async def map(self, fn: Callable[[Any], Awaitable[Any]], items: Sequence[Any], *, limit: int) -> list[Any]:
        ends = await asyncio.gather(*map(fn, items), return_exceptions=True)
        for error in ends:
            if isinstance(error, BaseException):
                raise error
        return ends


def storage(asked: World, mebibytes: int) -> Any:
    asked.steps = world().steps
    asked.on("Datastores_Get", {"properties": {"accountName": "acct", "containerName": "con"}})
    asked.on("Datastores_ListSecrets", {"sasToken": "sig=s"}).on("Blob_GetProperties", refusal(404))
    asked.on("Blob_GetBlockList", refusal(404)).on("Blob_PutBlock", DONE).on("Blob_PutBlockList", DONE)
    asked.files["/t.jsonl"] = b"".join(b"%08d" % number * (MIB // 8) for number in range(mebibytes))
    return asked


async def send(asked: World, max_retries: int = 3) -> Any:
    return await AsyncFiles(asked.session(max_retries=max_retries)).upload("/t.jsonl")


def check_whole(asked: World) -> None:
    """All blocks were committed in their order, each of which had come through."""
    names = committed(asked)
    content = asked.files["/t.jsonl"]
    digests = [hashlib.sha256(content[at : at + 8 * MIB]).hexdigest() for at in range(0, len(content), 8 * MIB)]
    assert len(names) == len(digests)
    sent = {parse_qs(urlsplit(request.url).query).get("blockid", [""])[0] for request in asked.sent}
    assert set(names) <= sent


async def test_four_blocks_go_at_once_where_nothing_is_refused():
    asked = storage(Crowd(), 160)
    await send(asked)
    check_whole(asked)
    assert max(asked.widths) == 4
    assert len(asked.widths) == 20


async def test_a_service_that_takes_one_block_at_a_time_is_given_little_more():
    asked = storage(Crowd(answer=lambda crowd: BUSY if crowd.on_their_way > 1 else DONE), 320)
    await send(asked)
    check_whole(asked)
    refused = len(asked.widths) - 40
    assert 3 <= refused <= 15
    assert sum(width > 2 for width in asked.widths) <= 6


async def test_after_throttling_four_go_at_once_again():
    asked = storage(Crowd(answer=lambda crowd: BUSY if len(crowd.widths) < 12 else DONE), 480)
    await send(asked)
    check_whole(asked)
    assert max(asked.widths[12:20]) <= 2
    assert max(asked.widths[-8:]) == 4


async def test_a_refusal_for_good_ends_the_other_lanes_too():
    def answer(crowd: Crowd) -> Response:
        return refusal(400, "InvalidBlobOrBlock") if len(crowd.widths) > 5 else BUSY

    asked = storage(Crowd(answer=answer), 160)
    with pytest.raises(BadRequestError):
        await send(asked)
    assert len(asked.widths) < 12


async def test_after_a_refusal_for_good_no_lane_takes_another_block():
    answers = iter([refusal(400, "InvalidBlobOrBlock")])
    asked = storage(Threads(answer=lambda _: next(answers, DONE)), 160)
    with pytest.raises(BadRequestError):
        await send(asked)
    assert asked.operations().count("Blob_PutBlock") == 4


async def test_who_wants_nothing_tried_again_gets_the_refusal():
    asked = storage(Crowd(answer=lambda _: BUSY), 80)
    with pytest.raises(ServerError):
        await send(asked, max_retries=0)
    assert len(asked.widths) <= 4


def test_what_was_refused_together_narrows_once():
    error: MaaSError = ServerError("busy", status=503)
    flying = InFlight(10)
    for _ in range(5):
        with suppress(GaveWay):
            flying.failed(error)
    assert flying.lanes == 7
    flying.failed(ServerError("broken", status=500))
    assert flying.lanes == 7
    flying.stopped = True
    with pytest.raises(GaveWay):
        flying.failed(ServerError("broken", status=500))


# Blocks that the service threw away


@pytest.mark.parametrize("way", ["upload", "upload_events"])
def test_blocks_that_were_thrown_away_are_sent_again_once(way):
    asked = storage(World(), 80)
    asked.on("Blob_PutBlockList", refusal(400, "InvalidBlockList"), DONE)
    done = getattr(Files(AsyncFiles(asked.session())), way)("/t.jsonl")
    file = done if way == "upload" else list(done)[-1].file
    assert file.sha256 == hashlib.sha256(asked.files["/t.jsonl"]).hexdigest()
    assert asked.operations().count("Blob_GetBlockList") == 2
    assert asked.operations().count("Blob_PutBlock") == 20
    lists = [request.body for request in asked.sent if request.operation == "Blob_PutBlockList"]
    assert lists[0] == lists[1]


def test_a_list_that_is_refused_again_is_told():
    asked = storage(World(), 80)
    asked.on("Blob_PutBlockList", refusal(400, "InvalidBlockList"))
    with pytest.raises(BadRequestError) as caught:
        Files(AsyncFiles(asked.session())).upload("/t.jsonl")
    assert caught.value.code == "InvalidBlockList"
    assert asked.operations().count("Blob_PutBlockList") == 2


@pytest.mark.parametrize("times", [1, 6])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_list_that_meets_a_busy_service_is_sent_again(status, times):
    asked = storage(World(), 80)
    asked.on("Blob_PutBlockList", *[refusal(status, "ServerBusy")] * times, DONE)
    file = Files(AsyncFiles(asked.session(max_retries=3))).upload("/t.jsonl")
    assert file.sha256 == hashlib.sha256(asked.files["/t.jsonl"]).hexdigest()
    assert asked.operations().count("Blob_PutBlockList") == times + 1
    assert asked.operations().count("Blob_PutBlock") == 10


# Signatures


def signature(asked: World, name: str, seconds: float) -> Response:
    now = BEGIN + timedelta(seconds=asked.clock, hours=-5)  # our clock is wrong: it has no say
    end = (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").replace(":", "%3A")
    date = format_datetime(now, usegmt=True)
    return Response(200, {"date": date}, f'{{"sasToken": "?sig={name}&se={end}"}}'.encode())


def slow_storage(*renewals: Response | None, lifetime: float = 3600, block: float = 600) -> World:
    """A block takes 10 minutes, and a signature opens for an hour; `None` renews it."""
    asked: World = storage(World(), 80)

    def stage(_: Request) -> Response:
        asked.clock += block
        return DONE

    names = iter(["first", "second", "third", "fourth"])

    def sign(_: Request) -> Response:
        return signature(asked, next(names), lifetime)

    asked.on("Datastores_ListSecrets", sign, *[renewal or sign for renewal in renewals])
    return asked.on("Blob_PutBlock", stage)


def signatures(asked: World) -> list[str]:
    sent = [request.url for request in asked.sent if request.operation == "Blob_PutBlock"]
    return [parse_qs(urlsplit(url).query)["sig"][0] for url in sent]


def test_a_signature_is_replaced_before_it_ends():
    asked = slow_storage(None)
    Files(AsyncFiles(asked.session())).upload("/t.jsonl")
    check_whole(asked)
    assert signatures(asked) == ["first"] * 6 + ["second"] * 4
    assert asked.operations().count("Datastores_ListSecrets") == 2


def test_a_signature_of_minutes_is_replaced_in_its_last_quarter():
    asked = slow_storage(None, lifetime=400, block=100)
    Files(AsyncFiles(asked.session())).upload("/t.jsonl")
    assert signatures(asked) == ["first"] * 3 + ["second"] * 3 + ["third"] * 3 + ["fourth"]


def test_one_that_was_refused_and_replaced_is_used_to_its_own_end():
    asked = slow_storage(None)
    (stage,) = asked.steps["Blob_PutBlock"]
    asked.on("Blob_PutBlock", stage, stage, refusal(403, "AuthenticationFailed"), stage)
    Files(AsyncFiles(asked.session())).upload("/t.jsonl")
    assert signatures(asked) == ["first"] * 3 + ["second"] * 6 + ["third"] * 2


def test_one_that_cannot_be_replaced_yet_is_used_while_it_opens():
    asked = slow_storage(refusal(503), None)
    Files(AsyncFiles(asked.session())).upload("/t.jsonl")
    assert signatures(asked) == ["first"] * 7 + ["second"] * 3


@pytest.mark.parametrize("told", ["", "&se=tomorrow", "&se=2020-01-01", "&se=2026-11-25"])
def test_one_whose_end_is_not_known_or_far_is_kept(told):
    asked = storage(World(), 80)
    date = format_datetime(BEGIN, usegmt=True)
    asked.on("Datastores_ListSecrets", Response(200, {"date": date}, f'{{"sasToken": "sig=s{told}"}}'.encode()))
    Files(AsyncFiles(asked.session())).upload("/t.jsonl")
    assert asked.operations().count("Datastores_ListSecrets") == 1


# Events


def test_events_tell_how_far_it_is_how_fast_and_what_is_left():
    asked = storage(World(), 80)

    def stage(_: Request) -> Response:
        asked.clock += 1
        return DONE

    asked.on("Blob_PutBlock", stage)
    *on_the_way, last = Files(AsyncFiles(asked.session())).upload_events("/t.jsonl")
    check_whole(asked)
    # One lane sends two blocks in its two seconds, the other three, which run after it in this world, one each.
    assert [event.done_bytes for event in on_the_way] == [40 * MIB, 80 * MIB]
    assert [event.elapsed_seconds for event in on_the_way] == [5, 10]
    assert {event.bytes_per_second for event in on_the_way} == {8 * MIB}
    assert [event.eta_seconds for event in on_the_way] == [5, 0]
    assert [event.file for event in on_the_way] == [None, None]
    assert last.file is not None
    assert (last.done_bytes, last.total_bytes, last.file.bytes) == (80 * MIB, 80 * MIB, 80 * MIB)
    assert str(last) == "t.jsonl 83886080/83886080 bytes"


def test_what_was_there_counts_as_done_but_not_as_fast():
    first = storage(World(), 80)
    Files(AsyncFiles(first.session())).upload("/t.jsonl")
    waiting = "".join(f"<Block><Name>{name}</Name><Size>{8 * MIB}</Size></Block>" for name in committed(first)[:9])
    asked = storage(World(), 80)
    listed = f"<BlockList><UncommittedBlocks>{waiting}</UncommittedBlocks></BlockList>".encode()
    asked.on("Blob_GetBlockList", Response(200, {}, listed))

    def stage(_: Request) -> Response:
        asked.clock += 4
        return DONE

    asked.on("Blob_PutBlock", stage)
    (event, last) = Files(AsyncFiles(asked.session())).upload_events("/t.jsonl")
    assert (event.done_bytes, event.bytes_per_second, event.eta_seconds) == (80 * MIB, 2 * MIB, 0)
    assert last.file is not None


def test_who_leaves_the_loop_stops_the_upload():
    asked = storage(World(), 160)

    def stage(_: Request) -> Response:
        asked.clock += 2
        return DONE

    asked.on("Blob_PutBlock", stage)
    events = Files(AsyncFiles(asked.session())).upload_events("/t.jsonl")
    assert next(events).done_bytes == 32 * MIB
    events.close()
    assert asked.operations().count("Blob_PutBlock") == 4
    assert "Blob_PutBlockList" not in asked.operations()


@pytest.mark.parametrize("there", [True, False])
def test_what_goes_in_one_call_has_one_event(there):
    asked = storage(World(), 1)
    asked.on("Blob_Put", DONE)
    if there:
        asked.on("Blob_GetProperties", Response(200, {"x-ms-blob-type": "BlockBlob", "content-length": str(MIB)}, b""))
    (event,) = Files(AsyncFiles(asked.session())).upload_events("/t.jsonl")
    assert event.file is not None
    assert event.file.reused == there
