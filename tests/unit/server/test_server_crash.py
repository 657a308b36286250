"""The server told to crash at every point: what was answered is there, nothing is there by half, a repeat converges."""

import http.client
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from maas_client.server.crash import EXIT_CODE, POINTS
from tests.unit.server.conftest import LONG, Running, Space, rows, start_server
from tests.unit.server.killing import damage, orphans

BLOCK = b64encode(b"0001").decode().replace("=", "%3D")
LIST = b"<BlockList><Latest>MDAwMQ==</Latest></BlockList>"
BASE = "azureml://registries/azureml/models/Phi-4-mini-instruct"
OTHER = "azureml://registries/azureml-mistral/models/Ministral-3B"
BLOB = {"x-ms-blob-type": "BlockBlob"}


class Crashing:
    """A server that is started again on its folder after each crash, and a workspace of it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.server = start_server(state)
        self.space = Space(self.server)

    def control(self, route: str, body: object) -> int:
        headers = {"x-maas-admin-token": self.server.ready["admin_token"]}
        return self.server.send("POST", f"/_maas/{route}", body, headers).status

    def arm(self, point: str) -> None:
        assert self.control("faults", {"actions": [{"do": "crash", "at": point}]}) == 201
        assert self.server.send("GET", "/discovery").status == 200

    def again(self) -> None:
        """Wait for the crash, look at what it left, and start anew."""
        assert self.server.process.wait(20) == EXIT_CODE
        self.server.process.communicate()
        assert list(damage(self.state)) == []
        self.server = start_server(self.state)
        assert orphans(self.state) == []
        self.space = Space(self.server, self.space.name)

    # What writes need and do

    def workspace(self) -> int:
        return self.space.call("GET", "").status

    def file(self) -> str:
        return self.space.upload("LocalUpload/a/train.jsonl", rows(20))

    def job(self) -> int:
        return self.space.submit(
            "job", "azureml://datastores/workspaceblobstore/paths/LocalUpload/a/train.jsonl"
        ).status

    def job_put(self) -> None:
        self.file()
        assert self.job() == 201

    def job_ended(self) -> None:
        self.job_put()
        self.server.advance(LONG)

    def job_deleted(self) -> None:
        self.job_ended()
        assert self.space.call("DELETE", "/jobs/job").status == 202

    def later(self) -> int:
        return self.control("clock", {"advance_seconds": LONG})

    def rename(self) -> int:
        path = "/experiments/Default/runs/job"
        return self.space.server.send(
            "PATCH", f"/history/v1.0{self.space.arm_id}{path}", {"tags": {"new": "1"}}, {"Authorization": "Bearer t"}
        ).status

    def blob(self) -> int:
        return self.server.send("PUT", f"{self.space.blob_url('a/b')}?{self.space.sas()}", b"content", BLOB).status

    def metadata(self) -> int:
        url = f"{self.space.blob_url('a/b')}?comp=metadata&{self.space.sas()}"
        return self.server.send("PUT", url, b"", {"x-ms-meta-mine": "1"}).status

    def block(self) -> int:
        url = f"{self.space.blob_url('a/b')}?comp=block&blockid={BLOCK}&{self.space.sas()}"
        return self.server.send("PUT", url, b"content").status

    def block_list(self) -> int:
        url = f"{self.space.blob_url('a/b')}?comp=blocklist&{self.space.sas()}"
        return self.server.send("PUT", url, LIST, {"Content-Type": "application/xml"}).status

    def endpoint(self) -> int:
        body = {"location": "eastus2", "properties": {"modelSettings": {"modelId": BASE}, "authMode": "Key"}}
        return self.space.call("PUT", "/serverlessEndpoints/point", body).status

    def online(self) -> None:
        assert self.endpoint() == 201
        self.server.advance(60)

    def keys(self) -> int:
        body = {"keyType": "Primary", "keyValue": "a-new-key"}
        return self.space.call("POST", "/serverlessEndpoints/point/regenerateKeys", body).status

    def subscribe(self) -> int:
        return self.space.call("PUT", "/marketplaceSubscriptions/sub", {"properties": {"modelId": OTHER}}).status

    def model(self) -> int:
        return self.space.call("PUT", "/models/my-model/versions/1", {"properties": {"tags": {"new": "1"}}}).status

    def asset(self) -> int:
        uri = "azureml://datastores/workspaceblobstore/paths/a/b"
        body = {"properties": {"dataType": "uri_file", "dataUri": uri}}
        return self.space.call("PUT", "/data/asset/versions/1", body).status

    def kept(self) -> bool:
        """Tell whether there is the snapshot, and that nothing is left of one in the making."""
        headers = {"x-maas-admin-token": self.server.ready["admin_token"]}
        assert list((self.state / "snapshots").glob("incoming-*")) == []
        found = self.server.send("GET", f"/_maas/snapshots/made?workspace={self.space.name}", None, headers)
        return found.status == 200

    def snapshot(self) -> None:
        self.blob()
        assert self.control("snapshot", {"name": "kept"}) == 201
        self.job_put()

    # What is seen

    def sees(self, path: str, *words: str) -> bool:
        answer = self.space.call("GET", path)
        return answer.status == 200 and all(word in answer.content.decode() for word in words)

    def read(self) -> bool:
        return self.server.send("GET", f"{self.space.blob_url('a/b')}?{self.space.sas()}").content == b"content"

    def waiting(self) -> bool:
        url = f"{self.space.blob_url('a/b')}?comp=blocklist&blocklisttype=all&{self.space.sas()}"
        return b"MDAwMQ==" in self.server.send("GET", url).content

    def described(self) -> bool:
        url = f"{self.space.blob_url('a/b')}?{self.space.sas()}"
        return self.server.send("HEAD", url).headers.get("x-ms-meta-mine") == "1"

    def key(self) -> bool:
        return "a-new-key" in self.space.call("POST", "/serverlessEndpoints/point/listKeys").content.decode()

    def trained(self) -> bool:
        self.server.advance(LONG)
        versions = self.space.call("GET", "/models/my-model/versions").json.get("value", [])
        return self.space.status("job") == "Completed" and [each["name"] for each in versions] == ["1"]


@dataclass(frozen=True)
class Step:
    """How a step is come to, and how one sees that it was taken.

    Attributes:
        prepare: What must be there.
        write: What takes the step.
        seen: Whether it was taken.
        by_itself: It is taken after a restart although nobody asks again.
    """

    prepare: Callable[[Crashing], object]
    write: Callable[[Crashing], int]
    seen: Callable[[Crashing], bool]
    by_itself: bool = False


def absent(path: str) -> Callable[[Crashing], bool]:
    return lambda it: it.space.call("GET", path).status == 404


STEPS: dict[str, Step] = {
    "workspaces.put": Step(lambda it: None, Crashing.workspace, lambda it: True),
    "jobs.put": Step(Crashing.file, Crashing.job, lambda it: it.sees("/jobs/job")),
    "jobs.plan": Step(Crashing.file, Crashing.job, Crashing.trained, by_itself=True),
    "jobs.cancel": Step(
        Crashing.job_put,
        lambda it: it.space.call("POST", "/jobs/job/cancel").status,
        lambda it: it.sees("/jobs/job", "CancelRequested"),
    ),
    "jobs.delete": Step(
        Crashing.job_ended,
        lambda it: it.space.call("DELETE", "/jobs/job").status,
        lambda it: it.later() == 200 and it.space.call("GET", "/jobs/job").status == 404,
    ),
    "jobs.end": Step(Crashing.job_put, Crashing.later, Crashing.trained, by_itself=True),
    "jobs.update": Step(Crashing.job_put, Crashing.rename, lambda it: it.sees("/jobs/job", '"new":"1"')),
    "removal": Step(Crashing.job_deleted, Crashing.later, absent("/jobs/job"), by_itself=True),
    "blobs.put": Step(Crashing.workspace, Crashing.blob, Crashing.read),
    "blobs.metadata": Step(Crashing.blob, Crashing.metadata, Crashing.described),
    "blocks.put": Step(Crashing.workspace, Crashing.block, Crashing.waiting),
    "blocks.list": Step(Crashing.block, Crashing.block_list, Crashing.read),
    "data.put": Step(Crashing.workspace, Crashing.asset, lambda it: it.sees("/data/asset/versions/1")),
    "models.put": Step(
        Crashing.job_ended, Crashing.model, lambda it: it.sees("/models/my-model/versions/1", '"new":"1"')
    ),
    "endpoints.put": Step(Crashing.workspace, Crashing.endpoint, lambda it: it.sees("/serverlessEndpoints/point")),
    "endpoints.update": Step(
        Crashing.online,
        lambda it: it.space.call("PATCH", "/serverlessEndpoints/point", {"tags": {"new": "1"}}).status,
        lambda it: it.sees("/serverlessEndpoints/point", '"new":"1"'),
    ),
    "endpoints.delete": Step(
        Crashing.online,
        lambda it: it.space.call("DELETE", "/serverlessEndpoints/point").status,
        lambda it: not it.sees("/serverlessEndpoints/point", "Online"),
    ),
    "endpoints.keys": Step(Crashing.online, Crashing.keys, Crashing.key),
    "subscriptions.put": Step(
        Crashing.workspace, Crashing.subscribe, lambda it: it.sees("/marketplaceSubscriptions/sub")
    ),
    "subscriptions.delete": Step(
        Crashing.subscribe,
        lambda it: it.space.call("DELETE", "/marketplaceSubscriptions/sub").status,
        lambda it: not it.sees("/marketplaceSubscriptions/sub", "Creating"),
    ),
    "reset": Step(Crashing.job_put, lambda it: it.control("reset", {"workspace": it.space.name}), absent("/jobs/job")),
    "snapshot": Step(
        Crashing.job_put,
        lambda it: it.control("snapshot", {"name": "made", "workspace": it.space.name}),
        Crashing.kept,
    ),
    "restore": Step(Crashing.snapshot, lambda it: it.control("restore", {"name": "kept"}), absent("/jobs/job")),
}


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashing]:
    with pytest.MonkeyPatch.context() as patch:
        # A process that crashes writes neither findings nor coverage, and starts in half the time without them.
        for name in ("MAAS_SERVER_CONFORMANCE", "COVERAGE_PROCESS_CONFIG"):
            patch.delenv(name, raising=False)
        made = Crashing(tmp_path_factory.mktemp("crash") / "state")
        yield made
        assert made.server.stop() == 0
        assert list(damage(made.state)) == []


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_every_point_leaves_a_whole_state(crashing: Crashing, point: str) -> None:
    name, _, place = point.rpartition(".")
    step = STEPS[name]
    crashing.space = Space(crashing.server)
    step.prepare(crashing)
    crashing.arm(point)
    with suppress(http.client.HTTPException, OSError):
        status = step.write(crashing)
        assert name == "jobs.plan", f"answered {status} before the crash"
    crashing.again()
    if not step.by_itself and name != "workspaces.put":
        assert step.seen(crashing) == (place == "after-commit")
    if not step.by_itself:
        assert step.write(crashing) in {200, 201, 202, 204}
    assert step.seen(crashing)


def test_points_are_told_and_others_refused(server: Running) -> None:
    headers = {"x-maas-admin-token": server.ready["admin_token"]}
    told = server.send("GET", "/_maas/faults/points", headers=headers).json["points"]
    assert {each["name"]: each["what"] for each in told} == POINTS
    refused = server.send("POST", "/_maas/faults", {"actions": [{"do": "crash", "at": "jobs.put"}]}, headers)
    assert refused.status == 400
    assert "/_maas/faults/points" in refused.error["message"]
    assert server.send("GET", "/_maas/faults/points").status == 401
