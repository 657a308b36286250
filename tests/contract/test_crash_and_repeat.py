"""The server crashes at a point of a call and is started again: the call of either client comes to the same end."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.server.crash import EXIT_CODE
from maas_client.testing import Faults, Server, Workspace
from maas_client.types import JobStatus
from tests.contract.conftest import Both

MODEL = "Phi-3-mini-4k-instruct"


class Reviving:
    """A server that is started again on its port when it has crashed."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.server = self._start(0)
        self._thread: threading.Thread | None = None
        self.exit_code: int | None = None

    def expect_crash(self) -> None:
        self._thread = threading.Thread(target=self._revive)
        self._thread.start()

    def revived(self) -> None:
        """Wait until it is there again."""
        assert self._thread is not None
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.exit_code == EXIT_CODE

    def stop(self) -> None:
        self.server.kill()
        if self._thread is not None:
            self._thread.join(30)

    def _revive(self) -> None:
        before = self.server
        assert before.process is not None
        self.exit_code = before.process.wait()
        if self.exit_code == EXIT_CODE:
            before.kill()
            self.server = self._start(int(before.url.rpartition(":")[2]))

    def _start(self, port: int) -> Server:
        return Server.start(self._state, port=port, admin_token="known", clock="scaled:3000")


@pytest.fixture(scope="module")
def reviving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviving]:
    with pytest.MonkeyPatch.context() as patch:
        # A process that crashes writes no findings, and starts in half the time without the check.
        patch.delenv("MAAS_SERVER_CONFORMANCE", raising=False)
        made = Reviving(tmp_path_factory.mktemp("reviving") / "state")
        yield made
        made.stop()


class Crashed(Both):
    """A patient client in a workspace of its own, on a server that can be told to crash."""

    def __init__(self, client: Any, reviving: Reviving, workspace: Workspace) -> None:
        super().__init__(client)
        self._reviving = reviving
        self._workspace = workspace

    async def through(self, point: str, call: Any) -> Any:
        """Make a call whose first request arms the crash, and return what comes of it."""
        Faults(self._workspace).on(None, {"do": "crash", "at": point})
        self._reviving.expect_crash()
        value = await self.call(call())
        self._reviving.revived()
        return value


@pytest.fixture(params=["sync", "async"])
async def crashed(request: pytest.FixtureRequest, reviving: Reviving) -> Any:
    workspace = Workspace.fresh(reviving.server, request.node.name)
    settings: dict[str, Any] = {**workspace.settings(), "max_retries": 20}
    if request.param == "sync":
        with MaaSClient(**settings) as client:
            yield Crashed(client, reviving, workspace)
    else:
        async with AsyncMaaSClient(**settings) as client:
            yield Crashed(client, reviving, workspace)


@pytest.mark.parametrize("point", ["jobs.put.before-commit", "jobs.put.after-commit"])
async def test_a_job_is_created_once(crashed: Crashed, train: Path, point: str) -> None:
    file = await crashed.call(crashed.client.files.upload(train))
    job = await crashed.through(point, lambda: crashed.client.jobs.create(MODEL, training_file=file, name="one"))
    assert job.name == "one"
    assert [each.name for each in await crashed.collect(crashed.client.jobs.list())] == ["one"]


@pytest.mark.parametrize("point", ["blobs.put.content-written", "blobs.put.after-commit"])
async def test_a_file_is_whole(crashed: Crashed, train: Path, point: str) -> None:
    file = await crashed.through(point, lambda: crashed.client.files.upload(train))
    assert file.bytes == train.stat().st_size
    assert (await crashed.call(crashed.client.files.upload(train))).reused


async def test_a_job_that_ends_in_a_crash_has_one_model(crashed: Crashed, train: Path) -> None:
    file = await crashed.call(crashed.client.files.upload(train))
    job = await crashed.call(crashed.client.jobs.create(MODEL, training_file=file, name="one"))
    ended = await crashed.through("jobs.end.before-commit", lambda: crashed.client.jobs.wait(job, timeout=50))
    assert ended.status is JobStatus.SUCCEEDED
    models = [model.version for model in await crashed.collect(crashed.client.models.list())]
    assert models == ["1"]


async def test_a_deployment_is_made_once(crashed: Crashed) -> None:
    poller = await crashed.through(
        "endpoints.put.after-commit",
        lambda: crashed.client.deployments.begin_create("point", model="Phi-4-mini-instruct"),
    )
    assert (await crashed.call(poller.result(timeout=50))).is_ready
    assert [each.name for each in await crashed.collect(crashed.client.deployments.list())] == ["point"]
