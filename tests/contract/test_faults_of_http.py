"""What this client does when HTTP goes wrong: every action of a fault program, met by either client.

One body for both clients; every program must have fired when its test ends, so that no test passes because nothing
went wrong.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import (
    AuthenticationError,
    BadRequestError,
    BrokenResponseError,
    MaaSError,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    StatusError,
)
from maas_client.server.faults.classics import classics
from maas_client.testing import Clock, Faults, Server, Workspace
from tests.contract.conftest import Both, client_of, digest_of, faults_of

MODEL = "Phi-3-mini-4k-instruct"
SOON = {"retry_after_ms": 10}


class Tried(Both):
    """A client in a workspace of its own, the faults of that workspace, and its time."""

    def __init__(self, client: Any, workspace: Workspace, faults: Faults) -> None:
        super().__init__(client)
        self.faults = faults
        self.clock = Clock(workspace)
        self._workspace = workspace

    @asynccontextmanager
    async def another(self, **changes: Any) -> AsyncIterator[Any]:
        """Open a client of the same kind with other settings."""
        settings = {**self._workspace.settings(), **changes}
        if isinstance(self.client, MaaSClient):
            with MaaSClient(**settings) as client:
                yield client
        else:
            async with AsyncMaaSClient(**settings) as client:
                yield client


@pytest.fixture
def faults(manual_server: Server, request: pytest.FixtureRequest) -> Iterator[Faults]:
    with faults_of(manual_server, request.node.name) as ordered:
        yield ordered


@pytest.fixture(params=["sync", "async"])
async def tried(request: pytest.FixtureRequest, faults: Faults) -> Any:
    async with client_of(faults.workspace, request.param) as client:
        yield Tried(client, faults.workspace, faults)


def named(action: Any) -> str:
    return action if isinstance(action, str) else "-".join(str(value) for value in action.values())


BROKEN = [
    "commit-then-drop",
    {"do": "commit-then-drop", "reset": True},
    "drop-before-commit",
    {"do": "reset", "at": "request"},
    {"do": "reset", "at": "up", "bytes": 200},
    {"do": "reset", "at": "answer"},
    {"do": "reset", "at": "down", "bytes": 20},
    {"do": "truncate", "bytes": 20},
    {"do": "slow", "bytes_per_second": 100_000},
]
TOLD = [
    {"do": "commit-then-500", **SOON},
    {"do": "commit-then-status", "status": 408, **SOON},
    "malformed-json",
    {"do": "html", "page": "gateway", "headers": {"retry-after-ms": "10"}},
    {"do": "status", "status": 503, **SOON},
    {"do": "status", "status": 429, "retry_after": 0},
    {"do": "status", "status": 429, "retry_after": "date:+0"},
    {"do": "status", "status": 429, "retry_after": "date:-30"},
    {"do": "status", "status": 429, "retry_after": -1},
    {"do": "status", "status": 425, "retry_after": "soon"},
    {"do": "delay", "seconds": 0.01},
    {"do": "delay", "seconds": 0.01, "at": "request"},
    {"do": "date-skew", "seconds": -30},
    {"do": "headers", "remove": ["x-ms-request-id", "date"]},
]


@pytest.mark.parametrize("action", BROKEN, ids=named)
async def test_a_job_that_meets_a_broken_line_is_one_job(tried, train, action):
    await _is_one_job(tried, train, action)


@pytest.mark.parametrize("tried", ["sync"], indirect=True)  # above the transport both clients are the same code
@pytest.mark.parametrize("action", TOLD, ids=named)
async def test_a_job_that_meets_a_wrong_answer_is_one_job(tried, train, action):
    await _is_one_job(tried, train, action)


async def _is_one_job(tried, train, action):
    file = await tried.call(tried.client.files.upload(train))
    fault = tried.faults.on("Jobs_CreateOrUpdate", action, nth=1)
    job = await tried.call(tried.client.jobs.create(MODEL, training_file=file, name="one"))
    assert job.name == "one"
    assert [each.name for each in await tried.collect(tried.client.jobs.list())] == ["one"]
    assert fault.completed


async def test_who_answers_for_a_blob_without_naming_it_is_not_believed(tried, train):
    tried.faults.on("Blob_GetProperties", "empty-200", nth=1)
    with pytest.raises(ResponseError, match="without saying that it is a blob"):
        await tried.call(tried.client.files.upload(train))
    assert not (await tried.call(tried.client.files.upload(train))).reused


async def test_an_answer_without_a_body_is_not_cut(tried, train):
    await tried.call(tried.client.files.upload(train))
    fault = tried.faults.on("Blob_GetProperties", "malformed-json", nth=1)
    assert (await tried.call(tried.client.files.upload(train))).reused
    assert fault.completed


@pytest.mark.parametrize("action", ["stall", "commit-then-stall", {"do": "delay", "seconds": 60}])
async def test_an_answer_that_is_late_is_asked_for_again(tried, train, action):
    file = await tried.call(tried.client.files.upload(train))
    tried.faults.on("Jobs_CreateOrUpdate", action)
    async with tried.another(timeout=0.5) as client:
        assert (await tried.call(client.jobs.create(MODEL, training_file=file, name="late"))).name == "late"
    assert [each.name for each in await tried.collect(tried.client.jobs.list())] == ["late"]


async def test_silence_without_end_is_told(tried):
    tried.faults.on("Jobs_Get", {"do": "stall", "times": 2}, {"do": "slow", "bytes_per_second": 10})
    async with tried.another(timeout=0.3, max_retries=1) as client:
        with pytest.raises(RequestTimeoutError, match=r"within 0.3 s") as late:
            await tried.call(client.jobs.get("x"))
    assert (late.value.attempts, late.value.operation) == (2, "Jobs_Get")
    async with tried.another(timeout=0.3, max_retries=0) as client:
        with pytest.raises(RequestTimeoutError):  # the head came in time, the body would take half a minute
            await tried.call(client.jobs.get("x"))


REFUSED = [
    ({"do": "status", "status": 400, "retry_after": 0}, BadRequestError),
    ({"do": "status", "status": 403, "retry_after": 0}, StatusError),
    ({"do": "status", "status": 422, "retry_after": 0}, StatusError),
    ({"do": "status", "status": 501, "retry_after": 0}, ServerError),
    ({"do": "status", "status": 302, "headers": {"location": "https://example.com/"}}, StatusError),
    ({"do": "status", "status": 503, "retry_after": 300}, ServerError),
    ({"do": "status", "status": 429, "retry_after": "date:+300"}, RateLimitError),
    ({"do": "html", "page": "captive-portal"}, ResponseError),
    ("empty-200", ResponseError),
]


@pytest.mark.parametrize("tried", ["sync"], indirect=True)
@pytest.mark.parametrize(("action", "error"), REFUSED, ids=str)
async def test_what_repeating_cannot_help_is_told_at_once(tried, action, error):
    fault = tried.faults.on("Jobs_List", action)
    with pytest.raises(error) as refused:
        await tried.collect(tried.client.jobs.list())
    assert refused.value.message
    assert fault.state["occurrences"] == 1
    if "300" in str(action):
        assert 290 <= refused.value.retry_after <= 301
        assert refused.value.retry_at is not None


async def test_a_refusal_after_a_failure_ends_it(tried):
    fault = tried.faults.on("Jobs_List", {"do": "status", "status": 503, **SOON}, {"do": "status", "status": 400})
    with pytest.raises(BadRequestError):
        await tried.collect(tried.client.jobs.list())
    assert fault.completed


async def test_failures_without_end_are_told_with_what_was_said_last(tried):
    tried.faults.on("Jobs_List", {"do": "html", "headers": {"retry-after-ms": "1"}}, first=4)
    with pytest.raises(ServerError) as failed:
        await tried.collect(tried.client.jobs.list())
    assert failed.value.status == 502
    assert "<" not in str(failed.value)
    assert failed.value.request_id


async def test_json_under_another_name_is_read(tried):
    tried.faults.on("Jobs_List", "content-type", {"do": "content-type", "content_type": "application/json; charset=x"})
    for _ in range(2):
        assert await tried.collect(tried.client.jobs.list()) == []


class Tokens:
    """A credential that numbers its tokens and notes the claims that it is asked for."""

    def __init__(self) -> None:
        self.claims: list[str | None] = []

    def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
        self.claims.append(claims)
        return AccessToken(f"token-{len(self.claims)}", 4_000_000_000)


async def test_a_refused_token_is_replaced_once(tried):
    tokens = Tokens()
    tried.faults.on("Jobs_List", "expired-token", "pass", "claims-challenge", "pass", "expired-token", "expired-token")
    async with tried.another(credential=tokens) as client:
        assert await tried.collect(client.jobs.list()) == []
        assert tokens.claims == [None, None]
        assert await tried.collect(client.jobs.list()) == []
        assert "nbf" in str(tokens.claims[-1])
        with pytest.raises(AuthenticationError) as refused:
            await tried.collect(client.jobs.list())
    assert (len(tokens.claims), refused.value.code) == (4, "ExpiredAuthenticationToken")


async def test_a_rate_is_told_with_when_to_come_again(tried):
    bucket = {"do": "throttle", "capacity": 2, "per_second": 0.01, "by": "workspace"}
    tried.faults.on("Jobs_*", bucket, every=1)
    async with tried.another(max_retries=0) as client:
        for _ in range(2):
            assert await tried.collect(client.jobs.list()) == []
        with pytest.raises(RateLimitError) as throttled:
            await tried.collect(client.jobs.list())
        assert throttled.value.retry_after == 100
        tried.clock.advance(100)
        assert await tried.collect(client.jobs.list()) == []


@pytest.mark.parametrize(
    "action", ["commit-then-drop", "commit-then-500", {"do": "status", "status": 503}, "drop-before-commit"], ids=str
)
async def test_new_keys_are_not_made_twice(tried, action):
    poller = await tried.call(tried.client.deployments.begin_create("bot", model=MODEL))
    tried.clock.advance(3600)
    await tried.call(poller.result(timeout=20))
    fault = tried.faults.on("ServerlessEndpoints_RegenerateKeys", action)
    with pytest.raises(MaaSError) as unknown:
        await tried.call(tried.client.deployments.regenerate_key("bot", "primary"))
    assert unknown.value.may_have_happened
    assert fault.state["occurrences"] == 1


async def test_a_deployment_whose_answers_are_lost_is_made_and_deleted_once(tried):
    tried.faults.on("ServerlessEndpoints_CreateOrUpdate", "commit-then-drop")
    poller = await tried.call(tried.client.deployments.begin_create("bot", model=MODEL))
    tried.clock.advance(3600)
    assert (await tried.call(poller.result(timeout=20))).is_ready
    tried.faults.on("ServerlessEndpoints_Delete", "commit-then-drop")
    poller = await tried.call(tried.client.deployments.begin_delete("bot"))
    tried.clock.advance(3600)
    await tried.call(poller.result(timeout=20))
    assert await tried.collect(tried.client.deployments.list()) == []


async def test_an_operation_is_followed_without_its_headers_and_through_failures(tried):
    names = ["azure-asyncoperation", "location", "retry-after", "x-ms-async-operation-timeout", "x-ms-request-id"]
    tried.faults.on("ServerlessEndpoints_CreateOrUpdate", {"do": "headers", "remove": names})
    tried.faults.on("ServerlessEndpoints_Get", {"do": "status", "status": 500, **SOON}, "commit-then-drop")
    poller = await tried.call(tried.client.deployments.begin_create("bot", model=MODEL))
    tried.clock.advance(3600)
    assert (await tried.call(poller.result(timeout=20))).is_ready


async def test_a_cancellation_whose_answer_is_lost_is_one(tried, train):
    file = await tried.call(tried.client.files.upload(train))
    await tried.call(tried.client.jobs.create(MODEL, training_file=file, name="stop"))
    tried.faults.on("Jobs_Cancel", "commit-then-drop")
    await tried.call(tried.client.jobs.cancel("stop"))
    tried.clock.advance(400_000)
    assert (await tried.call(tried.client.jobs.get("stop"))).status == "cancelled"


async def test_waiting_rides_through_failures(tried, train):
    file = await tried.call(tried.client.files.upload(train))
    await tried.call(tried.client.jobs.create(MODEL, training_file=file, name="through"))
    tried.clock.advance(400_000)
    broken = [{"do": "status", "status": 503, **SOON}, "reset", {"do": "truncate", "bytes": 9}]
    tried.faults.on("Jobs_Get", *broken)
    assert (await tried.call(tried.client.jobs.wait("through", timeout=20))).status == "succeeded"


@pytest.mark.parametrize(
    "action",
    [
        "commit-then-drop",
        {"do": "commit-then-500", **SOON},
        "drop-before-commit",
        {"do": "reset", "at": "up", "bytes": 1000},
    ],
    ids=str,
)
async def test_an_upload_that_meets_a_fault_is_whole(tried, train, action):
    fault = tried.faults.on("Blob_Put", action)
    file = await tried.call(tried.client.files.upload(train))
    assert fault.completed
    again = await tried.call(tried.client.files.upload(train))
    assert (again.id, again.reused) == (file.id, True)


async def test_a_large_upload_that_meets_faults_is_whole(tried, tmp_path):
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        for number in range(65):
            file.write(bytes([number]) * 2**20)
    blocks = [
        {"do": "reset", "at": "up", "bytes": 100_000},
        "commit-then-drop",
        {"do": "status", "status": 503, **SOON},
    ]
    tried.faults.on("Blob_PutBlock", "pass", *blocks)
    tried.faults.on("Blob_PutBlockList", "commit-then-drop")
    file = await tried.call(tried.client.files.upload(path))
    assert await digest_of(tried, file.id) == file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_large_upload_that_is_throttled_is_whole(tried, tmp_path):
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"".join(bytes([number]) * 2**20 for number in range(65)))
    busy, throttled = ({"do": "status", "status": status, **SOON} for status in (503, 429))
    given = tried.faults.on("Blob_PutBlock", busy, busy, busy, throttled, "pass", throttled)
    file = await tried.call(tried.client.files.upload(path))
    assert given.completed
    assert await digest_of(tried, file.id) == file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_large_upload_that_is_throttled_at_its_end_is_whole(tried, tmp_path):
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"".join(bytes([number]) * 2**20 for number in range(66)))
    given = tried.faults.on("Blob_PutBlockList", *({"do": "status", "status": status, **SOON} for status in (503, 429)))
    file = await tried.call(tried.client.files.upload(path))
    assert given.completed
    assert await digest_of(tried, file.id) == file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_signature_that_is_refused_is_replaced(tried, train):
    tried.faults.on("Blob_Put", "expired-sas")
    # Signatures of the same second are the same, and sending the same again would not help.
    tried.faults.on("Datastores_ListSecrets", "pass", {"do": "delay", "seconds": 1.1, "at": "request"})
    assert not (await tried.call(tried.client.files.upload(train))).reused


async def test_a_download_that_is_cut_goes_on(tried, train, tmp_path):
    file = await tried.call(tried.client.files.upload(train))
    await tried.call(tried.client.jobs.create(MODEL, training_file=file, name="down"))
    tried.clock.advance(400_000)
    tried.faults.on("Blob_Get", {"do": "truncate", "bytes": 10}, {"do": "reset", "at": "down", "bytes": 3})
    job = await tried.call(tried.client.jobs.get("down"))
    await tried.call(tried.client.models.download(job.fine_tuned_model, tmp_path / "model"))
    assert any((tmp_path / "model").rglob("*.safetensors"))


async def test_a_question_is_asked_again_and_a_stream_is_not(tried):
    poller = await tried.call(tried.client.deployments.begin_create("bot", model=MODEL))
    tried.clock.advance(3600)
    deployment = await tried.call(poller.result(timeout=20))
    ask = {"messages": [{"role": "user", "content": "Hello?"}]}
    # Nothing is made by a question, and nothing of its answer was seen.
    tried.faults.on("Chat_Complete", {"do": "status", "status": 429, "retry_after": 0}, "commit-then-drop")
    assert (await tried.call(tried.client.chat.create(deployment, **ask))).simulated
    fault = tried.faults.on("Chat_Complete", {"do": "truncate", "bytes": 100})
    with pytest.raises(BrokenResponseError):
        await tried.collect(tried.client.chat.stream(deployment, **ask))
    assert fault.state["occurrences"] == 1


@pytest.mark.parametrize("tried", ["sync"], indirect=True)
@pytest.mark.parametrize("name", classics())
async def test_every_classic_comes_and_leaves_one_job(tried, train, name):
    slow = {"match": {"operation": "Jobs_List"}} if name == "slow-body" else {}
    classic = tried.faults.add({"classic": name, **slow})

    async def twice_if_needed(call: Any) -> Any:
        try:
            return await tried.call(call())
        except MaaSError:
            classic.remove()
            return await tried.call(call())

    async with tried.another(timeout=1.0, max_retries=2) as client:
        file = await twice_if_needed(lambda: client.files.upload(train))
        await twice_if_needed(lambda: client.jobs.create(MODEL, training_file=file, name="one"))
        await twice_if_needed(lambda: client.deployments.begin_create("bot", model=MODEL))
        # The lists of one classic are behind.
        for _ in range(4):
            jobs = await twice_if_needed(lambda: list(client.jobs.list()))
        assert [job.name for job in jobs] == ["one"]
