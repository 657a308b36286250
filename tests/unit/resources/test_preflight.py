"""The checks of a preflight, one by one: what makes each ok, a warning, a failure, or skipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maas_client import AsyncMaaSClient
from maas_client.core import stepping
from maas_client.testing import Faults, Server, Workspace, serving
from maas_client.types import CheckStatus, PreflightCheck, PreflightReport

ALWAYS = ["proxy", "dns", "service", "sign_in", "clock", "workspace", "role", "data_plane", "storage"]
PLANNED = ["lifecycle", "region", "job_name", "deployment"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def workspace(server: Server, request: pytest.FixtureRequest) -> Workspace:
    return Workspace.fresh(server, request.node.name)


def look(
    workspace: Workspace, model: str | None = None, *, name: str | None = None, deploy: str | None = None
) -> PreflightReport:
    with workspace.client() as client:
        return client.preflight(model, name=name, deploy=deploy)


def found(report: PreflightReport, name: str) -> PreflightCheck:
    return next(check for check in report.checks if check.name == name)


# The whole


def test_all_is_well(workspace: Workspace) -> None:
    report = look(workspace, "Phi-4-mini-instruct", name="new", deploy="new")

    assert [check.name for check in report.checks] == ALWAYS + PLANNED
    assert {check.status for check in report.checks} == {CheckStatus.OK}
    assert report.ok
    assert report.failed == report.warnings == ()


def test_only_what_is_meant_is_looked_at(workspace: Workspace) -> None:
    assert [check.name for check in look(workspace).checks] == ALWAYS
    assert [check.name for check in look(workspace, name="new").checks] == [*ALWAYS, "job_name"]


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_the_asynchronous_client_finds_the_same(workspace: Workspace, anyio_backend: str) -> None:
    async with AsyncMaaSClient(**workspace.settings()) as client:
        report = await client.preflight("Phi-4-mini-instruct", name="new", deploy="new")

    assert [(check.name, check.status) for check in report.checks] == [(n, CheckStatus.OK) for n in ALWAYS + PLANNED]


def test_nothing_is_left_behind(workspace: Workspace) -> None:
    look(workspace, "Phi-4-mini-instruct", name="new", deploy="new")

    with workspace.client() as client:
        assert list(client.jobs.list()) == []
        assert list(client.deployments.list()) == []
        session = client._session
        folder = stepping.run(session.run(session.dialect.blobs.open("azureml://datastores/workspaceblobstore/paths/")))
        assert stepping.run(session.run(session.dialect.blobs.page(folder, None))).items == ()


# What is meant


def test_an_emulator_tunes_what_azure_does_no_more(workspace: Workspace) -> None:
    check = found(look(workspace, "Phi-3-mini-4k-instruct"), "lifecycle")

    assert check.status is CheckStatus.OK
    assert check.message.endswith("the emulator tunes it, although Azure retired that on 2025-08-30.")


def test_a_job_name_that_is_taken(workspace: Workspace, tmp_path: Path) -> None:
    data = tmp_path / "train.jsonl"
    data.write_text('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n')
    with workspace.client() as client:
        client.jobs.create("Phi-4-mini-instruct", training_file=client.files.upload(data), name="taken")

        check = found(client.preflight(name="taken"), "job_name")

    assert check.status is CheckStatus.FAILED
    assert check.error == "ConflictError"
    assert check.message.startswith("A job named taken exists (queued, created 20")


# Storage


def test_a_signature_that_may_only_read(workspace: Workspace) -> None:
    Faults(workspace).on("Datastores_ListSecrets", {"do": "bad-sas", "flaw": "read-only"})

    check = found(look(workspace), "storage")

    assert check.status is CheckStatus.FAILED
    assert check.error == "PermissionDeniedError"
    assert "(Blob_Put, HTTP 403, AuthorizationPermissionMismatch" in check.message
    assert (check.hint or "").startswith("The workspace hands out a signature with the rights r")


# Role


def test_a_role_that_reads_alone(workspace: Workspace) -> None:
    reader = {"value": [{"actions": ["*/read"], "notActions": []}], "nextLink": None}
    Faults(workspace).on("Permissions_ListForResource", {"do": "status", "status": 200, "body": reader})

    check = found(look(workspace), "role")

    assert check.status is CheckStatus.FAILED
    assert check.error == "PermissionDeniedError"
    assert check.message == "Your roles do not give jobs/write (of Microsoft.MachineLearningServices/workspaces)."
