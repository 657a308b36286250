"""Parts of the server on their own: clock, tables, signatures, catalog, the last line of defence."""

import threading
from pathlib import Path

import httpx
import pytest

from maas_client.server.app import build_app
from maas_client.server.clock import Clock, iso7, iso_z, parse_clock, parse_seconds
from maas_client.server.content import Content
from maas_client.server.engine import LogLine, TrainingPlan
from maas_client.server.faults import Faults
from maas_client.server.main import run
from maas_client.server.models_data import read_models
from maas_client.server.options import ServerOptions
from maas_client.server.service import blobs, jobs, settle
from maas_client.server.service.logs import log_text
from maas_client.server.service.options import ServiceOptions
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import open_world, workspace
from maas_client.server.signing import check, sign
from maas_client.server.state import stages_problem
from maas_client.server.store import Store

CATALOG = """
[[model]]
id = "Phi-T"
registry = "azureml"
version = "1"
capabilities = ["serverless-finetune", "deploy"]
"""


def a_plan(*stages, logs=()):
    return TrainingPlan(stages=stages, metrics=(), logs=logs, warnings=(), error=None, properties={}, artifacts={})


@pytest.fixture
def world_of(tmp_path):
    worlds = []

    def make(make_plan):
        worlds.append(open_world(tmp_path, parse_clock("manual"), read_models(CATALOG), make_plan, ServiceOptions()))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


def submit(world, name="a"):
    where = workspace(world, "s", "r", "ws-1")
    uri = "azureml://datastores/workspaceblobstore/paths/a.jsonl"
    stored = world.content.put(b"x")
    blobs.put(world, (where.account, where.blob_container, "a.jsonl"), stored, 0.0)
    body = {
        "jobType": "FineTuning",
        "fineTuningDetails": {
            "modelProvider": "Custom",
            "taskType": "ChatCompletion",
            "model": {"jobInputType": "mlflow_model", "uri": "azureml://registries/azureml/models/Phi-T/versions/1"},
            "trainingData": {"jobInputType": "uri_file", "uri": uri},
            "hyperParameters": {"num_train_epochs": 2},
        },
        "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "m"}},
    }
    job, created = jobs.put(world, where, name, body, world.clock.now())
    assert created
    trainer = Trainer(world)
    trainer.drain()
    trainer.close()
    return where, jobs.get(world, where, job.name)


@pytest.mark.parametrize(
    "text", ["", "fast", "scaled", "scaled:", "scaled:0", "scaled:-1", "scaled:1e9", "scaled:nan", "scaled:2000000"]
)
def test_what_is_no_clock(text):
    with pytest.raises(ValueError, match="not a clock"):
        parse_clock(text)


def test_every_time_shown_is_on_disk_first():
    saved: list[float] = []

    def save(now: float, skew: float) -> None:
        saved.append(now)

    clock = Clock(parse_clock("scaled:1000000"), 100.0, save)
    shown = [clock.now() for _ in range(2000)]
    assert shown == sorted(shown)
    assert saved[-1] >= shown[-1]
    assert len(saved) < 500
    assert str(clock.setting) == "scaled:1e+06"
    assert Clock(parse_clock("manual"), 50.0, save).now() == 50.0


def test_a_scaled_clock_leaves_signatures_alone_and_a_manual_one_moves_them():
    scaled = Clock(parse_clock("scaled:1000"), None, lambda now, skew: None)
    manual = Clock(parse_clock("manual"), None, lambda now, skew: None)
    before = (scaled.real(), manual.real())
    scaled.advance(3600)
    manual.advance(3600)
    assert scaled.real() - before[0] < 60
    assert manual.real() - before[1] >= 3600


def test_instants():
    assert iso7(1747786848.25) == "2025-05-21T00:20:48.2500000+00:00"
    assert iso_z(1774486834.148) == "2026-03-26T01:00:34.148Z"
    assert parse_seconds("2025-05-21T00:20:48Z") == 1747786848
    assert parse_seconds("yesterday") is None


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ((("NotStarted", 0.0), ("Running", 1.0), ("Completed", 2.0)), None),
        ((), "begin"),
        ((("Running", 0.0),), "begin"),
        ((("NotStarted", 0.0), ("Completed", 1.0)), "may not follow"),
        ((("NotStarted", 0.0), ("Running", 5.0), ("Failed", 2.0)), "comes before"),
        ((("NotStarted", 0.0), ("Running", 1.0)), "ends with"),
    ],
)
def test_time_lines_follow_the_table(stages, problem):
    found = stages_problem(stages)
    assert found is None if problem is None else problem in (found or "")


def test_a_signature_grants_what_it_says_until_it_expires():
    token = dict(pair.split("=", 1) for pair in sign(b"k", "a/c", "r", 1000).split("&"))
    query = {
        key: value.replace("%3A", ":").replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
        for key, value in token.items()
    }
    assert check(b"k", "a/c", "r", query, 999) is None

    def refused(key: bytes, resource: str, permissions: str, now: float) -> str:
        problem = check(key, resource, permissions, query, now)
        return problem.code if problem is not None else ""

    assert refused(b"k", "a/c", "r", 1000) == "AuthenticationFailed"
    assert refused(b"k", "a/c", "wc", 0) == "AuthorizationPermissionMismatch"
    assert refused(b"other", "a/c", "r", 0) == "AuthenticationFailed"
    assert refused(b"k", "a/d", "r", 0) == "AuthenticationFailed"


def test_catalog_rows_that_lack_a_field_are_refused():
    assert read_models(CATALOG)["Phi-T"].capabilities == {"serverless-finetune", "deploy"}
    for text in ("", "[[model]]\nid = 'x'", "model = 3"):
        with pytest.raises(ValueError, match="catalog lacks"):
            read_models(text)


def test_half_received_files_of_a_crash_are_removed(tmp_path):
    content = Content(tmp_path / "blobs")
    cut = content.begin()
    cut.write(b"x")
    cut._file.close()
    assert len(list((tmp_path / "blobs").iterdir())) == 1
    Content(tmp_path / "blobs")
    assert list((tmp_path / "blobs").iterdir()) == []


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    store = Store(tmp_path)

    def fail():
        with store.writing():
            store.set_meta("a", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.meta("a") is None
    store.close()


def test_an_engine_that_breaks_fails_the_run(world_of, caplog):
    def broken(training):
        raise RuntimeError("boom")

    _, job = submit(world_of(broken))
    assert job.plan.error.code == "SystemError"
    assert job.status(job.created + 10) == "Failed"
    assert "boom" in caplog.text
    _, job = submit(world_of(lambda training: a_plan(("NotStarted", 0.0))), "b")
    assert "impossible plan" in job.plan.error.message


def test_settling_twice_registers_once(world_of):
    world = world_of(lambda training: a_plan(("NotStarted", 0.0), ("Running", 1.0), ("Completed", 2.0)))
    where, job = submit(world)
    assert job.body["fineTuningDetails"]["hyperParameters"] == {"num_train_epochs": "2"}
    assert [job.status(job.created + at) for at in (0, 1, 2)] == ["NotStarted", "Running", "Completed"]
    for _ in range(2):
        settle.settle(world, job.created + 2)
    with world.store.writing() as db:
        assert db.execute("SELECT name, version FROM models").fetchall()[0]["version"] == 1
        # A crash between the files and the transaction: the whole end is done again.
        db.execute("UPDATE jobs SET settled=0")
        db.execute("DELETE FROM models")
        db.execute("DELETE FROM model_counters")
    settle.settle(world, job.created + 2)
    assert jobs.get(world, where, "a").model_version == 1


def test_log_text_has_no_control_characters(world_of):
    line = LogLine(1.0, "red \x1b[31m\ttab")
    world = world_of(lambda training: a_plan(("NotStarted", 0.0), ("Running", 1.0), ("Completed", 2.0), logs=(line,)))
    _, job = submit(world)
    text = log_text(job, job.created + 1)
    assert "\\x1b[31m\ttab" in text
    assert "\x1b" not in text
    assert "red" not in log_text(job, job.created + 0.5)


def nothing() -> None:
    pass


async def test_an_unexpected_exception_shows_no_cause(world_of, caplog):
    world = world_of(lambda training: a_plan(("NotStarted", 0.0)))
    app = build_app(
        world,
        names=["127.0.0.1"],
        port=80,
        admin_token="t",
        version="0",
        begin=nothing,
        end=nothing,
        tick=nothing,
        faults=Faults(),
    )
    world.models = None
    path = "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/ws-1"
    body = {
        "location": "eastus2",
        "properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/a"}},
    }
    headers = {"Authorization": "Bearer x"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        url = f"{path}/serverlessEndpoints/e?api-version=2024-10-01-preview"
        answer = await client.put(url, json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "ServiceError")
    assert "NoneType" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-ms-request-id"] in caplog.text
    assert "NoneType" in caplog.text


def test_run_may_be_called_in_a_thread(tmp_path, capsys):
    options = ServerOptions(state_dir=Path(tmp_path / "state"), idle_exit=0.05)
    codes = []
    thread = threading.Thread(target=lambda: codes.append(run(options)))
    thread.start()
    thread.join(30)
    assert codes == [0]
    assert '"event": "ready"' in capsys.readouterr().out
