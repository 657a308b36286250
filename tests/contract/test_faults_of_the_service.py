"""What this client does when the service itself goes wrong: runs, deployments, operations, signatures, late reads.

One body for both clients, each in a workspace of its own; every program must have fired when its test ends.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maas_client.errors import (
    ConflictError,
    DeploymentFailedError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    PermissionDeniedError,
    WaitTimeoutError,
)
from maas_client.testing import Faults, Server
from maas_client.types import DeploymentStatus, JobStatus
from tests.contract.conftest import Both, client_of, faults_of

MODEL = "Phi-3-mini-4k-instruct"
BASE = "Phi-4-mini-instruct"
CREATE, DELETE = "ServerlessEndpoints_CreateOrUpdate", "ServerlessEndpoints_Delete"


class Tried(Both):
    """A client in a workspace of its own, and the faults of that workspace."""

    def __init__(self, client: Any, faults: Faults) -> None:
        super().__init__(client)
        self.faults = faults

    async def submit(self, train: Path, **options: Any) -> Any:
        file = await self.call(self.client.files.upload(train))
        return await self.call(self.client.jobs.create(MODEL, training_file=file, name="job", **options))

    async def deploy(self) -> Any:
        return await self.call(self.client.deployments.begin_create("point", model=BASE))

    async def result(self, poller: Any, timeout: float = 30) -> Any:
        return await self.call(poller.result(timeout=timeout))


@pytest.fixture
def faults(server: Server, request: pytest.FixtureRequest) -> Iterator[Faults]:
    """On a server whose jobs and operations take 3000 times less than in truth."""
    with faults_of(server, request.node.name) as ordered:
        yield ordered


@pytest.fixture(params=["sync", "async"])
async def tried(request: pytest.FixtureRequest, faults: Faults) -> Any:
    async with client_of(faults.workspace, request.param) as client:
        yield Tried(client, faults)


# Runs


@pytest.mark.parametrize("stage", ["data", "training", "registration"])
async def test_a_run_that_fails_is_a_failed_job_with_its_reason(tried: Tried, train: Path, stage: str) -> None:
    fault = {"do": "run-fails", "stage": stage, "code": "OutOfMemory", "message": "The GPU is full."}
    tried.faults.on("Jobs_CreateOrUpdate", fault)
    job = await tried.submit(train)
    with pytest.raises(JobFailedError, match=r"OutOfMemory: The GPU is full\.") as caught:
        await tried.call(tried.client.jobs.wait(job, timeout=40))
    assert caught.value.error is not None
    assert caught.value.error.code == "OutOfMemory"
    ended = await tried.call(tried.client.jobs.get(job))
    assert (ended.status, ended.fine_tuned_model) == (JobStatus.FAILED, None)
    points = await tried.call(tried.client.jobs.metrics(job))
    assert bool(points) == (stage != "data")
    log = "".join([str(line) for line in await tried.collect(tried.client.jobs.logs(job))])
    assert "OutOfMemory: The GPU is full." in log
    assert not [model.name for model in await tried.collect(tried.client.models.list())]


@pytest.mark.parametrize("status", ["Queued", "Running", "NotResponding"])
async def test_a_run_that_is_stuck_is_waited_for_no_longer_than_asked_and_can_be_cancelled(
    tried: Tried, train: Path, status: str
) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", {"do": "run-stuck", "status": status})
    job = await tried.submit(train)
    for _ in range(10):
        with pytest.raises(WaitTimeoutError, match="has not ended") as caught:
            await tried.call(tried.client.jobs.wait(job, timeout=1.5))
        assert caught.value.resume_token
        seen = await tried.call(tried.client.jobs.get(job))
        assert not seen.status.is_terminal
        # Where much else runs, the plan of a job takes its time.
        if seen.raw_status == status:
            break
    assert seen.raw_status == status
    await tried.call(tried.client.jobs.cancel(job))
    with pytest.raises(JobCancelledError):
        await tried.call(tried.client.jobs.wait(job, timeout=30))


async def test_a_run_that_does_not_respond_for_hours_goes_on_and_is_told_so(tried: Tried, train: Path) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", {"do": "run-stuck", "status": "NotResponding", "seconds": 15_000})
    job = await tried.submit(train)
    words = [event.raw_status for event in await tried.collect(tried.client.jobs.watch(job, timeout=40))]
    assert "NotResponding" in words
    assert words[-1] == "Completed"
    assert (await tried.call(tried.client.jobs.get(job))).fine_tuned_model is not None


async def test_a_run_that_tells_nothing_is_followed_to_its_end(tried: Tried, train: Path) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", "run-silent")
    job = await tried.submit(train)
    events = await tried.collect(tried.client.jobs.watch(job, timeout=40))
    assert events[-1].status is JobStatus.SUCCEEDED
    assert not await tried.call(tried.client.jobs.metrics(job))


# Deployments and operations


async def test_a_deployment_that_fails_says_why(tried: Tried) -> None:
    tried.faults.on(CREATE, {"do": "deployment-fails", "code": "QuotaExceeded", "message": "No room."})
    with pytest.raises(DeploymentFailedError, match="No room") as caught:
        await tried.result(await tried.deploy())
    assert caught.value.error is not None
    assert caught.value.error.code == "QuotaExceeded"
    deployment = await tried.call(tried.client.deployments.get("point"))
    assert deployment.status is DeploymentStatus.FAILED
    await tried.result(await tried.call(tried.client.deployments.begin_delete("point")))
    assert (await tried.result(await tried.deploy())).is_ready


async def test_a_deployment_that_succeeds_before_it_is_online_is_waited_for(tried: Tried) -> None:
    tried.faults.on(CREATE, {"do": "deployment-not-online", "seconds": 6000})
    deployment = await tried.result(await tried.deploy())
    assert deployment.is_ready
    answer = await tried.call(tried.client.chat.create("point", messages=[{"role": "user", "content": "hello"}]))
    assert answer.text


async def test_a_deployment_that_never_comes_online_is_not_ready(tried: Tried) -> None:
    tried.faults.on(CREATE, "deployment-not-online")
    poller = await tried.deploy()
    with pytest.raises(WaitTimeoutError):
        await tried.result(poller, timeout=1.5)
    with pytest.raises(ConflictError):
        await tried.call(tried.client.deployments.keys("point"))


@pytest.mark.parametrize("begin", ["create", "delete"])
async def test_an_operation_that_never_ends_is_waited_for_no_longer_than_asked(tried: Tried, begin: str) -> None:
    tried.faults.on(CREATE if begin == "create" else DELETE, "operation-stuck")
    poller = await tried.deploy()
    if begin == "delete":
        await tried.result(poller)
        poller = await tried.call(tried.client.deployments.begin_delete("point"))
    with pytest.raises(WaitTimeoutError, match="goes on") as caught:
        await tried.result(poller, timeout=1.5)
    assert caught.value.resume_token
    deployment = await tried.call(tried.client.deployments.get("point"))
    assert deployment.status is (DeploymentStatus.CREATING if begin == "create" else DeploymentStatus.DELETING)


@pytest.mark.parametrize("fault", ["operation-gone", "operation-unlinked"])
async def test_an_operation_that_cannot_be_followed_is_told_by_its_resource(tried: Tried, fault: str) -> None:
    tried.faults.on(CREATE, fault)
    tried.faults.on(DELETE, fault)
    assert (await tried.result(await tried.deploy())).is_ready
    await tried.result(await tried.call(tried.client.deployments.begin_delete("point")))
    with pytest.raises(NotFoundError):
        await tried.call(tried.client.deployments.get("point"))


async def test_a_cancellation_that_never_ends_leaves_the_job_cancelling(tried: Tried, train: Path) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", "run-stuck")
    tried.faults.on("Jobs_Cancel", "operation-stuck")
    job = await tried.submit(train)
    assert (await tried.call(tried.client.jobs.cancel(job))).status is JobStatus.CANCELLING
    with pytest.raises(WaitTimeoutError):
        await tried.call(tried.client.jobs.wait(job, timeout=1.5))


# Reads that are late


async def test_a_job_that_is_not_seen_yet_is_created_once_and_found(tried: Tried, train: Path) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", {"do": "stale-reads", "reads": 2})
    tried.faults.on("Jobs_CreateOrUpdate", "commit-then-drop", nth=2, must_fire=False)
    job = await tried.submit(train)
    ended = await tried.call(tried.client.jobs.wait(job, timeout=40))
    assert ended.status is JobStatus.SUCCEEDED
    assert [each.name for each in await tried.collect(tried.client.jobs.list())] == ["job"]


async def test_a_list_that_lags_makes_no_second_job(tried: Tried, train: Path) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", {"do": "list-lag", "lists": 2})
    job = await tried.submit(train)
    seen = [[each.name for each in await tried.collect(tried.client.jobs.list())] for _ in range(3)]
    assert seen == [[], [], ["job"]]
    assert (await tried.submit(train)).name == job.name
    assert [each.name for each in await tried.collect(tried.client.jobs.list())] == ["job"]


async def test_a_cancelled_job_may_still_look_as_before(tried: Tried, train: Path) -> None:
    tried.faults.on("Jobs_CreateOrUpdate", {"do": "run-stuck", "status": "Queued"})
    tried.faults.on("Jobs_Cancel", {"do": "stale-reads", "reads": 2})
    job = await tried.submit(train)
    await tried.call(tried.client.jobs.cancel(job))
    with pytest.raises(JobCancelledError):
        await tried.call(tried.client.jobs.wait(job, timeout=30))


async def test_a_deployment_that_is_not_seen_yet_comes_up(tried: Tried) -> None:
    tried.faults.on(CREATE, {"do": "stale-reads", "reads": 2})
    assert (await tried.result(await tried.deploy())).is_ready


# Signatures


@pytest.mark.parametrize("flaw", ["expired", "not-yet-valid", "runs-out"])
async def test_a_signature_that_is_no_good_is_replaced(tried: Tried, train: Path, flaw: str) -> None:
    tried.faults.on("Datastores_ListSecrets", {"do": "bad-sas", "flaw": flaw})
    file = await tried.call(tried.client.files.upload(train))
    assert file.bytes == train.stat().st_size


async def test_a_signature_that_runs_out_between_blocks_is_replaced(
    tried: Tried, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    path = tmp_path / f"{unique('large')}.jsonl"
    row = (
        b'{"messages": [{"role": "user", "content": "%07d"}, {"role": "assistant", "content": "'
        + b"a" * 9000
        + b'"}]}\n'
    )
    with path.open("wb") as file:
        for number in range(7800):
            file.write(row % number)
    tried.faults.on("Datastores_ListSecrets", {"do": "bad-sas", "flaw": "runs-out", "requests": 5})
    uploaded = await tried.call(tried.client.files.upload(path))
    assert uploaded.bytes == path.stat().st_size > 64 * 2**20
    assert (await tried.call(tried.client.files.upload(path))).reused


async def test_a_signature_that_may_only_read_is_an_error_that_says_so(tried: Tried, train: Path) -> None:
    tried.faults.on("Datastores_ListSecrets", {"do": "bad-sas", "flaw": "read-only", "times": 2}, must_fire=False)
    with pytest.raises(PermissionDeniedError, match="not authorized to perform this operation"):
        await tried.call(tried.client.files.upload(train))
