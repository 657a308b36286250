"""What fault programs decide for runs, deployments, operations, reads and signatures: everything tells the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.server.engine import LogLine, MetricPoint, TrainingPlan
from maas_client.server.service.fates import STAGE_OF_FAILURE, fated, of
from maas_client.server.state import JOB_TERMINAL, stages_problem
from tests.unit.server.conftest import LONG, Running, Space, rows

BASE = "azureml://registries/azureml/models/Phi-4-mini-instruct"
DEPLOYMENT = {"location": "eastus2", "properties": {"modelSettings": {"modelId": BASE}, "authMode": "Key"}}
Arm = Callable[..., None]


def arm(server: Running, workspace: str, operation: str, action: Any) -> None:
    headers = {"x-maas-admin-token": server.ready["admin_token"]}
    program = {"match": {"operation": operation, "workspace": workspace}, "actions": [action]}
    answer = server.send("POST", "/_maas/faults", program, headers)
    assert answer.status == 201, answer.content


@pytest.fixture
def decide(space: Space) -> Arm:
    return lambda operation, action: arm(space.server, space.name, operation, action)


def submit(space: Space, name: str = "job") -> None:
    training = space.upload("LocalUpload/a/train.jsonl", rows(20))
    assert space.submit(name, training).status == 201


@pytest.mark.parametrize("stage", ["data", "training", "registration"])
def test_a_run_that_fails_leaves_no_model_and_says_why_everywhere(space: Space, decide: Arm, stage: str) -> None:
    decide("Jobs_CreateOrUpdate", {"do": "run-fails", "stage": stage, "code": "Why", "message": "Because."})
    submit(space)
    space.server.advance(LONG)
    assert space.status("job") == "Failed"
    details = space.data("GET", "history/v1.0", "/runs/job/details").json
    assert details["status"] == "Failed"
    assert (details["error"]["error"]["code"], details["error"]["error"]["message"]) == ("Why", "Because.")
    assert space.call("GET", "/models").json["value"] == []
    assert space.call("DELETE", "/jobs/job").status == 202


def test_fates_survive_a_restart(start: Callable[..., Running], tmp_path: Path) -> None:
    first = start(tmp_path / "state")
    space = Space(first)
    arm(first, space.name, "Jobs_CreateOrUpdate", {"do": "run-stuck", "status": "Queued"})
    arm(first, space.name, "ServerlessEndpoints_CreateOrUpdate", "deployment-fails")
    submit(space)
    operation = space.call("PUT", "/serverlessEndpoints/point", DEPLOYMENT).headers["Azure-AsyncOperation"]
    path = operation.removeprefix(first.ready["url"])
    first.kill()
    second = start(tmp_path / "state")
    space = Space(second, space.name)
    second.advance(LONG)
    assert space.status("job") == "Queued"
    status = second.send("GET", path, headers={"Authorization": "Bearer t"}).json
    assert (status["status"], status["error"]["code"]) == ("Failed", "InternalServerError")
    states = space.call("GET", "/serverlessEndpoints").json["value"][0]["properties"]
    assert (states["provisioningState"], states["endpointState"]) == ("Failed", "CreationFailed")
    assert states["inferenceEndpoint"] is None
    assert space.call("POST", "/serverlessEndpoints/point/listKeys").status == 409
    assert space.call("POST", "/jobs/job/cancel").status == 202
    second.advance(60)
    assert space.status("job") == "Canceled"


def test_a_deployment_is_online_so_much_later(space: Space, decide: Arm) -> None:
    decide("ServerlessEndpoints_CreateOrUpdate", {"do": "deployment-not-online", "seconds": 100})
    assert space.call("PUT", "/serverlessEndpoints/point", DEPLOYMENT).status == 201
    seen = []
    for _ in range(3):
        space.server.advance(45)
        properties = space.call("GET", "/serverlessEndpoints/point").json["properties"]
        seen.append((properties["provisioningState"], properties["endpointState"]))
    assert seen == [("Succeeded", "Creating"), ("Succeeded", "Creating"), ("Succeeded", "Online")]


def test_a_deletion_that_never_ends(space: Space, decide: Arm) -> None:
    decide("Jobs_Delete", "operation-stuck")
    submit(space)
    space.server.advance(LONG)
    location = space.call("DELETE", "/jobs/job").headers["Location"]
    space.server.advance(LONG)
    assert space.server.send("GET", location, headers={"Authorization": "Bearer t"}).status == 202
    assert space.call("GET", "/jobs/job").status == 200


def test_reads_are_behind_the_write_so_often(space: Space, decide: Arm) -> None:
    decide("Jobs_CreateOrUpdate", {"do": "stale-reads", "reads": 2})
    decide("Jobs_CreateOrUpdate", {"do": "stale-reads", "reads": 1})
    submit(space)
    assert [space.call("GET", "/jobs/job").status for _ in range(3)] == [404, 404, 200]
    before = space.call("GET", "/jobs/job").json
    changed = space.definition(
        "azureml://datastores/workspaceblobstore/paths/LocalUpload/a/train.jsonl", tags={"new": "1"}
    )
    assert space.call("PUT", "/jobs/job", changed).json["properties"]["tags"] == {"new": "1"}
    assert space.call("GET", "/jobs/job").json["properties"]["tags"] == before["properties"]["tags"]
    assert space.call("GET", "/jobs/job").json["properties"]["tags"] == {"new": "1"}


def test_lists_are_behind_of_each_kind(space: Space, decide: Arm) -> None:
    for operation in ("Jobs_CreateOrUpdate", "ServerlessEndpoints_CreateOrUpdate", "DataVersions_CreateOrUpdate"):
        decide(operation, {"do": "list-lag", "lists": 1})
    submit(space)
    assert space.call("PUT", "/serverlessEndpoints/point", DEPLOYMENT).status == 201
    uri = "azureml://datastores/workspaceblobstore/paths/a"
    asset = {"properties": {"dataType": "uri_file", "dataUri": uri}}
    assert space.call("PUT", "/data/asset/versions/1", asset).status == 201
    for path in ("/jobs", "/serverlessEndpoints", "/data/asset/versions"):
        assert [len(space.call("GET", path).json["value"]) for _ in range(2)] == [0, 1], path


def test_lists_are_behind_for_a_time(space: Space, decide: Arm) -> None:
    decide("Jobs_CreateOrUpdate", {"do": "list-lag", "seconds": 20})
    submit(space)
    seen = []
    for _ in range(3):
        seen.append([len(space.call("GET", "/jobs").json["value"]) for _ in range(2)])
        space.server.advance(10)
    assert seen == [[0, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("flaw", "write", "read"),
    [("expired", 403, 403), ("not-yet-valid", 403, 403), ("read-only", 403, 404), ("runs-out", 403, 403)],
)
def test_signatures_that_are_no_good(space: Space, decide: Arm, flaw: str, write: int, read: int) -> None:
    decide("Datastores_ListSecrets", {"do": "bad-sas", "flaw": flaw})
    url = f"{space.blob_url('a')}?{space.sas()}"
    assert space.server.send("PUT", url, b"a", {"x-ms-blob-type": "BlockBlob"}).status == write
    assert space.server.send("GET", url).status == read


def test_the_start_of_a_signature_is_signed(space: Space, decide: Arm) -> None:
    decide("Datastores_ListSecrets", {"do": "bad-sas", "flaw": "not-yet-valid"})
    late = space.sas()
    without = "&".join(part for part in late.split("&") if not part.startswith("st="))
    for query in (without, f"{space.sas()}&st=2020-01-01T00%3A00%3A00Z"):
        refused = space.server.send("GET", f"{space.blob_url('a')}?{query}")
        assert refused.status == 403
        assert b"Signature did not match" in refused.content


def test_a_signature_that_opens_so_many_requests(space: Space, decide: Arm) -> None:
    decide("Datastores_ListSecrets", {"do": "bad-sas", "flaw": "runs-out", "requests": 2})
    url = f"{space.blob_url('a')}?{space.sas()}"
    assert [space.server.send("GET", url).status for _ in range(3)] == [404, 404, 403]


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        (None, "run-fails"),
        ("Jobs_*", "run-fails"),
        ("Jobs_Get", "run-stuck"),
        ("Jobs_CreateOrUpdate", "deployment-fails"),
    ],
)
def test_what_is_for_other_operations_is_refused(space: Space, operation: str | None, action: str) -> None:
    headers = {"x-maas-admin-token": space.server.ready["admin_token"]}
    program: dict[str, Any] = {"actions": [action]}
    if operation is not None:
        program["match"] = {"operation": operation}
    refused = space.server.send("POST", "/_maas/faults", program, headers)
    assert (refused.status, refused.error["target"]) == (400, "actions[0]")
    assert "needs match.operation" in refused.error["message"]


OFFSETS = st.lists(st.floats(1, 1000), min_size=5, max_size=5, unique=True).map(sorted)


def make_plan(offsets: list[float], last: str) -> TrainingPlan:
    words = ("Provisioning", "Preparing", "Running", "Finalizing", last)
    stages = (("NotStarted", 0.0), *zip(words, offsets, strict=True))
    metrics = tuple(MetricPoint("loss", 1.0, step, offset) for step, offset in enumerate(offsets))
    return TrainingPlan(
        stages, metrics, tuple(LogLine(at, "line") for at in offsets), (), None, {"a": "b"}, {"m": b"x"}
    )


@given(
    offsets=OFFSETS,
    fate=st.one_of(
        st.fixed_dictionaries(
            {"do": st.just("run-fails"), "stage": st.sampled_from(sorted(STAGE_OF_FAILURE))},
        ).map(lambda fate: {**fate, "code": "c", "message": "m"}),
        st.fixed_dictionaries(
            {
                "do": st.just("run-stuck"),
                "status": st.sampled_from(["NotStarted", "Preparing", "Running", "NotResponding", "Finalizing"]),
                "seconds": st.none() | st.floats(1, 1e6),
            }
        ),
    ),
)
def test_a_plan_with_a_fate_is_a_plan(offsets: list[float], fate: dict[str, Any]) -> None:
    plan = make_plan(offsets, "Completed")
    changed = fated(plan, of(fate))
    endless = fate["do"] == "run-stuck" and fate["seconds"] is None
    assert (changed.stages[-1][0] in JOB_TERMINAL) != endless
    assert stages_problem((*changed.stages, ("Failed", 1e9)) if endless else changed.stages) is None
    instants = [point.offset for point in changed.metrics]
    assert instants == sorted(instants)
    assert (changed.artifacts == {}) == (fate["do"] == "run-fails")
    assert TrainingPlan.from_json(changed.to_json()) == changed
    assert json.loads(of(fate).stored(frozenset({fate["do"]})) or "") == fate


def test_a_run_that_fails_by_itself_keeps_its_reason() -> None:
    failing = TrainingPlan((("NotStarted", 0.0), ("Preparing", 2.0), ("Failed", 5.0)), (), (), (), None, {}, {})
    for fate in ({"do": "run-fails", "stage": "training", "code": "c", "message": "m"}, {"do": "none"}):
        assert fated(failing, of(fate)) == failing
    assert fated(failing, of({"do": "run-stuck", "status": "Preparing", "seconds": None})) == failing


@pytest.mark.parametrize("whole", [False, True])
def test_what_was_behind_is_forgotten_with_its_workspace(
    start: Callable[..., Running], tmp_path: Path, whole: bool
) -> None:
    server = start(tmp_path / "state")
    mine, other = Space(server), Space(server)
    for space in (mine, other):
        arm(server, space.name, "Jobs_CreateOrUpdate", {"do": "stale-reads", "reads": 5})
        submit(space)
        assert space.call("GET", "/jobs/job").status == 404
    headers = {"x-maas-admin-token": server.ready["admin_token"]}
    body = {} if whole else {"workspace": mine.name}
    assert server.send("POST", "/_maas/reset", body, headers).status == 200
    submit(mine)
    assert mine.call("GET", "/jobs/job").status == 200
    if not whole:
        assert other.call("GET", "/jobs/job").status == 404
