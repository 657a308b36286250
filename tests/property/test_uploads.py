"""Uploads in blocks, whatever the service answers: whole at the end, or an error of ours; nothing half, no surprise."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.core.io import FileBody, Request, Response
from maas_client.errors import BrokenResponseError, ConnectError, MaaSError, RequestTimeoutError
from maas_client.resources import _upload, files
from maas_client.resources.files import AsyncFiles, Files
from tests.unit.resources.test_upload_care import SideBySide, storage
from tests.unit.resources.world import World, refusal

CONTENT = bytes(range(250)) * 4
BLOCK = 100
PASS = Response(201, {}, b"")
BUSY = [refusal(status, "ServerBusy") for status in (429, 500, 503, 504)]
FOR_GOOD = [
    refusal(400, "InvalidBlobOrBlock"),
    refusal(403, "AuthorizationFailure"),
    refusal(404),
    refusal(409),
    refusal(412),
]
MENDED = [
    refusal(400, "InvalidBlockList"),
    refusal(400, "Md5Mismatch"),
    refusal(403, "AuthenticationFailed"),
    refusal(401),
]
LINE = [ConnectError("refused"), RequestTimeoutError("silent"), BrokenResponseError("cut")]
Answers = list[Response | MaaSError]


def answers(*kinds: Sequence[Response | MaaSError]) -> st.SearchStrategy[Answers]:
    """Mostly what goes well, so that an upload comes far."""
    odd = [answer for kind in kinds for answer in kind]
    return st.lists(st.one_of(st.just(PASS), st.sampled_from(odd)), max_size=24)


class Crowd(SideBySide):
    """Every call lets the others go on before it is answered."""

    async def send(self, request: Request, *, headers: Mapping[str, str], timeout: float) -> Response:
        await anyio.lowlevel.checkpoint()
        return await super().send(request, headers=headers, timeout=timeout)


class Container:
    """A container of blobs that does what it is asked, then answers by a list, and well when that is at its end."""

    def __init__(self, asked: World, blocks: Answers, lists: Answers) -> None:
        self.waiting: dict[str, bytes] = {}
        self.whole: bytes | None = None
        for operation, odd, do in (("Blob_PutBlock", blocks, self.stage), ("Blob_PutBlockList", lists, self.commit)):
            asked.on(operation, self._step(odd, do))

    def _step(self, odd: Answers, do: Callable[[Request], Response]) -> Callable[[Request], Response | MaaSError]:
        left = iter(odd)

        def step(request: Request) -> Response:
            answer = next(left, PASS)
            lost = isinstance(answer, RequestTimeoutError | BrokenResponseError)
            done = do(request) if lost or answer is PASS else None
            if isinstance(answer, MaaSError):
                raise answer
            return done or answer

        return step

    def stage(self, request: Request) -> Response:
        assert isinstance(request.body, FileBody)
        name = parse_qs(urlsplit(request.url).query)["blockid"][0]
        self.waiting[name] = CONTENT[request.body.offset : request.body.offset + request.body.length]
        return PASS

    def commit(self, request: Request) -> Response:
        assert isinstance(request.body, bytes)
        names = re.findall("<Latest>(.*?)</Latest>", request.body.decode())
        if not set(names) <= set(self.waiting):
            return refusal(400, "InvalidBlockList")
        self.whole = b"".join(self.waiting[name] for name in names)
        return PASS


def started(asked: World, blocks: Answers, lists: Answers) -> Container:
    storage(asked, 1)
    asked.files["/t.jsonl"] = CONTENT
    return Container(asked, blocks, lists)


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "LARGEST_SINGLE_PUT_BYTES", BLOCK)
        patch.setattr(_upload, "block_bytes", lambda _size: BLOCK)
        yield


def check(asked: World, container: Container, file: Any) -> None:
    assert container.whole == CONTENT
    assert (file.bytes, file.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@given(answers(BUSY, LINE, MENDED, FOR_GOOD), answers(BUSY, LINE, MENDED, FOR_GOOD))
def test_it_is_whole_or_an_error_of_ours(blocks, lists):
    asked = World()
    container = started(asked, blocks, lists)
    with suppress(MaaSError):
        check(asked, container, Files(AsyncFiles(asked.session(max_retries=3))).upload("/t.jsonl"))
    assert container.whole in (None, CONTENT)


@given(answers(BUSY, LINE, MENDED, FOR_GOOD), answers(BUSY, LINE, MENDED, FOR_GOOD))
async def test_side_by_side_it_is_whole_or_an_error_of_ours(blocks, lists):
    asked = Crowd()
    container = started(asked, blocks, lists)
    with suppress(MaaSError):
        check(asked, container, await AsyncFiles(asked.session(max_retries=3)).upload("/t.jsonl"))
    assert container.whole in (None, CONTENT)


@given(answers(BUSY, LINE), answers(BUSY, LINE))
def test_what_passes_is_outlasted(blocks, lists):
    asked = World()
    container = started(asked, blocks[:15], lists[:15])
    check(asked, container, Files(AsyncFiles(asked.session(max_retries=3))).upload("/t.jsonl"))


@given(answers(BUSY, LINE), answers(BUSY, LINE))
async def test_side_by_side_what_passes_is_outlasted(blocks, lists):
    asked = Crowd()
    container = started(asked, blocks[:15], lists[:15])
    check(asked, container, await AsyncFiles(asked.session(max_retries=3)).upload("/t.jsonl"))
