"""Jobs where the world misbehaves: lost answers, refusals, names, lists, metrics, changes."""

import json
from typing import Any

import pytest

from maas_client.core.io import Response
from maas_client.errors import (
    AmbiguousWriteError,
    BrokenResponseError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    NotFoundError,
    OperationError,
    RequestTimeoutError,
    ServerError,
    StatusError,
    UnsupportedByServiceError,
)
from maas_client.resources.files import AsyncFiles, Files
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.types import Compute, File, FineTuningJob, JobStatus
from tests.unit.resources.world import World, fingerprint_sent, job, refusal, world

FILE = "azureml://datastores/workspaceblobstore/paths/LocalUpload/0/train.jsonl"
LOST = [RequestTimeoutError("late"), BrokenResponseError("cut"), refusal(500), refusal(503)]


def jobs(asked: World, **options: Any) -> Jobs:
    return Jobs(AsyncJobs(asked.session(**options)))


def create(asked: World, **changes: Any) -> FineTuningJob:
    fields: dict[str, Any] = {"training_file": FILE, "name": "bot", "n_epochs": 2}
    return jobs(asked).create("Phi-4-mini-instruct", **{**fields, **changes})


@pytest.mark.parametrize("lost", LOST, ids=str)
def test_a_job_whose_answer_was_lost_is_found_and_adopted(lost):
    asked = world().on("Jobs_CreateOrUpdate", lost)
    asked.on("Jobs_Get", lambda _: job("Queued", fingerprint=fingerprint_sent(asked)))
    assert create(asked).status is JobStatus.QUEUED
    assert asked.operations() == ["Jobs_CreateOrUpdate", "Jobs_Get"]


def test_a_repeat_is_the_same_to_the_byte():
    asked = world().on("Jobs_CreateOrUpdate", RequestTimeoutError("late"), job("Queued"))
    jobs(asked, max_retries=2).create("Phi-4-mini-instruct", training_file=FILE, name="bot", tags={"b": "1", "a": "2"})
    first, second = asked.sent
    assert (first.url, first.body) == (second.url, second.body)


@pytest.mark.parametrize("fingerprint", [None, "another"])
def test_a_job_of_another_definition_is_not_adopted(fingerprint):
    asked = world().on("Jobs_CreateOrUpdate", RequestTimeoutError("late"))
    asked.on("Jobs_Get", job("Running", fingerprint=fingerprint))
    with pytest.raises(ConflictError, match="has another definition") as caught:
        create(asked)
    assert isinstance(caught.value.__cause__, RequestTimeoutError)


def test_a_job_that_was_not_made_leaves_the_error_that_lost_it():
    asked = world().on("Jobs_CreateOrUpdate", refusal(500)).on("Jobs_Get", refusal(404))
    with pytest.raises(ServerError):
        create(asked)


@pytest.mark.parametrize("looking", [ConnectError("refused"), RequestTimeoutError("late"), refusal(403)], ids=str)
def test_if_looking_does_not_tell_either_the_outcome_is_said_to_be_unknown(looking):
    asked = world().on("Jobs_CreateOrUpdate", BrokenResponseError("cut")).on("Jobs_Get", looking)
    with pytest.raises(AmbiguousWriteError, match="The job bot may or may not have been created: cut") as caught:
        create(asked)
    assert caught.value.hint is not None
    assert "maas-ft jobs get bot" in caught.value.hint


@pytest.mark.parametrize("refused", [ConnectError("refused"), refusal(400), refusal(429)], ids=str)
def test_what_certainly_did_not_happen_is_not_looked_for(refused):
    asked = world().on("Jobs_CreateOrUpdate", refused)
    with pytest.raises((ConnectError, StatusError)):
        create(asked)
    assert asked.operations() == ["Jobs_CreateOrUpdate"]


@pytest.mark.parametrize("last", [ConnectError("refused"), refusal(429)], ids=str)
def test_an_earlier_attempt_that_may_have_arrived_is_not_forgotten(last):
    asked = world().on("Jobs_CreateOrUpdate", RequestTimeoutError("late"), last)
    asked.on("Jobs_Get", lambda _: job("Queued", fingerprint=fingerprint_sent(asked)))
    found = jobs(asked, max_retries=1).create("Phi-4-mini-instruct", training_file=FILE, name="bot", n_epochs=2)
    assert found.status is JobStatus.QUEUED
    assert asked.operations() == ["Jobs_CreateOrUpdate", "Jobs_CreateOrUpdate", "Jobs_Get"]


# Before anything is sent


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"learning_rate_multiplier": 2.0}, UnsupportedByServiceError, "no learning_rate_multiplier"),
        ({"name": "phi-3.5"}, ConfigurationError, "'phi-3.5' is not a job name"),
        ({"name": ""}, ConfigurationError, "is not a job name"),
        ({"name": "x" * 256}, ConfigurationError, "is not a job name"),
        ({"name": "bot\n"}, ConfigurationError, "is not a job name"),
        ({"n_epochs": 0}, ConfigurationError, "n_epochs"),
        ({"learning_rate": -1.0}, ConfigurationError, "learning_rate"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(changes, error, message):
    asked = world()
    with pytest.raises(error, match=message) as caught:
        create(asked, **changes)
    assert caught.value.hint
    assert asked.sent == []


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("Phi-3-mini-4k-instruct", "retired fine-tuning of Phi-3-mini-4k-instruct on 2025-08-30"),
        ("Phi-3-small-8k-instruct", "cannot be fine-tuned as a service"),
        ("Phi-4-mini", "Did you mean Phi-4-mini-instruct"),
    ],
)
def test_models_that_the_service_does_not_tune_are_refused_before_anything_is_sent(model, message):
    asked = world()
    with pytest.raises(ConfigurationError, match=message):
        jobs(asked).create(model, training_file=FILE)
    assert asked.sent == []


def test_a_retired_model_may_be_tried_all_the_same():
    asked = world().on("Jobs_CreateOrUpdate", job("NotStarted"))
    jobs(asked).create("Phi-3-mini-4k-instruct", training_file=FILE, allow_retired=True)
    assert asked.operations() == ["Jobs_CreateOrUpdate"]


def test_what_is_left_out_is_filled_in():
    asked = world().on("Jobs_CreateOrUpdate", job("NotStarted"))
    file = File(id=FILE, filename="train.jsonl", bytes=1, sha256="0" * 64)
    jobs(asked).create("phi-4-MINI-instruct", training_file=file, validation_file=f"{FILE}2")
    (request,) = asked.sent
    name = request.url.partition("?")[0].rpartition("/")[2]
    assert name.startswith("ft-phi-4-mini-instruct-")
    assert isinstance(request.body, bytes)
    properties = json.loads(request.body)["properties"]
    assert properties["displayName"] == name
    assert properties["outputs"]["registered_model"]["assetName"] == name
    assert properties["fineTuningDetails"]["trainingData"]["uri"] == FILE
    assert properties["fineTuningDetails"]["validationData"]["uri"] == f"{FILE}2"


@pytest.mark.parametrize("name", ["../x", "a/b", "a?b", ""])
def test_names_that_would_lead_elsewhere_are_refused(name):
    asked = world()
    for call in (jobs(asked).get, jobs(asked).cancel, jobs(asked).metrics, jobs(asked).wait):
        with pytest.raises(ConfigurationError):
            call(name)
    with pytest.raises(ConfigurationError):
        list(jobs(asked).watch(name))
    assert asked.sent == []


# List and cancel


def test_list_filters_by_status_and_gives_a_job_that_moved_between_pages_once():
    pages = [
        {"value": [job("Running", name="c"), job("Failed", name="b")], "nextLink": "https://management.azure.com/2"},
        {"value": [job("Running", name="c"), job("Finalizing", name="a")]},
    ]
    assert [found.name for found in jobs(world().on("Jobs_List", *pages)).list(status="running")] == ["c", "a"]
    assert [found.name for found in jobs(world().on("Jobs_List", *pages)).list()] == ["c", "b", "a"]
    with pytest.raises(ConfigurationError, match="'runing' is no job status") as caught:
        jobs(world()).list(status="runing")
    assert caught.value.hint is not None
    assert "running" in caught.value.hint


def test_cancel_returns_the_job_as_it_is_then():
    asked = world().on("Jobs_Cancel", lambda _: refusal(202)).on("Jobs_Get", job("CancelRequested"))
    assert jobs(asked).cancel("bot").status is JobStatus.CANCELLING


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled", "CancelRequested"])
def test_cancel_of_what_has_ended_is_no_error(status):
    asked = world().on("Jobs_Cancel", refusal(409)).on("Jobs_Get", job(status)).on("ModelVersions_List", refusal(404))
    assert jobs(asked).cancel("bot").raw_status == status


def test_cancel_that_was_refused_for_another_reason_is_an_error():
    with pytest.raises(ConflictError):
        jobs(world().on("Jobs_Cancel", refusal(409)).on("Jobs_Get", job("Running"))).cancel("bot")


# Metrics and logs


def point(key, step, value=1.0):
    return {"key": key, "step": step, "value": value}


def test_metrics_come_by_step_then_key():
    asked = world().on("MLflow_GetRun", {"run": {"data": {"metrics": [point("loss", 20), point("epoch", 20)]}}})
    asked.on(
        "MLflow_GetMetricHistory",
        lambda request: {
            "metrics": [point("loss" if "metric_key=loss" in request.url else "epoch", step) for step in (20, 10)]
        },
    )
    assert [(found.step, found.key) for found in jobs(asked).metrics("bot")] == [
        (10, "epoch"), (10, "loss"), (20, "epoch"), (20, "loss"),
    ]  # fmt: skip


def test_metrics_of_a_run_that_has_none_and_of_no_run():
    asked = world().on("MLflow_GetRun", refusal(404)).on("Jobs_Get", job("Running"))
    asked.on("RunMetrics_List", refusal(404))
    assert jobs(asked).metrics("bot") == ()
    asked.on("Jobs_Get", refusal(404, message="Job bot not found."))
    with pytest.raises(NotFoundError, match="Job bot not found"):
        jobs(asked).metrics("bot")


NATIVE = {"name": "loss", "value": [{"step": 10, "data": {"loss": 0.5}}]}


@pytest.mark.parametrize("refused", [refusal(404), refusal(501), refusal(503)], ids=lambda answer: str(answer.status))
def test_metrics_come_by_the_service_s_own_way_where_mlflow_is_not_to_be_had(refused):
    asked = world().on("MLflow_GetRun", refused)
    asked.on("RunMetrics_List", {"value": [{"name": "loss"}]}).on("RunMetrics_GetFull", NATIVE)
    (found,) = jobs(asked).metrics("bot")
    assert (found.key, found.value, found.step) == ("loss", 0.5, 10)


def test_metrics_by_one_way_only():
    asked = world().on("RunMetrics_List", {"value": [{"name": "loss"}]}).on("RunMetrics_GetFull", NATIVE)
    assert len(jobs(asked).metrics("bot", source="native")) == 1
    assert "MLflow_GetRun" not in asked.operations()
    asked.on("MLflow_GetRun", refusal(503))
    with pytest.raises(ServerError):
        jobs(asked).metrics("bot", source="mlflow")
    asked.on("RunMetrics_List", refusal(404))
    with pytest.raises(ServerError):
        jobs(asked).metrics("bot")


# Changes


def test_a_job_is_archived_where_its_experiment_is():
    asked = world().on("Jobs_Get", job("Running")).on("RunHistory_Patch", {})
    held = jobs(asked).archive("bot")
    assert jobs(asked).restore(held).name == "bot"
    patches = [request for request in asked.sent if request.operation == "RunHistory_Patch"]
    assert [request.body for request in patches] == [b'{"hidden":true}', b'{"hidden":false}']
    assert "/experiments/Default/runs/bot?" in patches[0].url
    assert asked.operations().count("Jobs_Get") == 3


def test_only_what_is_given_is_changed():
    asked = world().on("Jobs_Get", job("Running")).on("RunHistory_Patch", {})
    jobs(asked).update("bot", description="", tags={"a": "1"}, properties={})
    (patch,) = [request for request in asked.sent if request.operation == "RunHistory_Patch"]
    assert patch.body == b'{"description":"","tags":{"a":"1"}}'
    with pytest.raises(ConfigurationError, match="nothing to change"):
        jobs(asked).update("bot", tags={})


def test_a_deletion_that_fails_says_why():
    url = "https://management.azure.com/subscriptions/s/operations/1"
    asked = world().on("Jobs_Get", job("Failed")).on("Jobs_Delete", Response(202, {"azure-asyncoperation": url}, b""))
    asked.on("Jobs_Delete_Poll", {"status": "InProgress"}, {"status": "Failed", "error": {"code": "Locked"}})
    with pytest.raises(OperationError, match="Deleting the job bot ended as failed: Locked"):
        jobs(asked).begin_delete("bot").result()
    asked.on("Jobs_Delete_Poll", {"status": "Succeeded"})
    assert jobs(asked).begin_delete("bot").result() is None


def test_properties_of_ours_are_not_yours_to_set():
    asked = world()
    with pytest.raises(ConfigurationError, match="is this client's own"):
        create(asked, properties={"maas-client.fingerprint": "x"})
    asked.on("Jobs_CreateOrUpdate", job("Queued"))
    create(asked, properties={"stage": "test"})
    body: Any = asked.sent[-1].body
    sent = json.loads(body)["properties"]["properties"]
    assert sent == {"stage": "test", "maas-client.fingerprint": fingerprint_sent(asked)}


def test_a_data_asset_by_name_and_version_is_sent_as_its_id():
    asked = world().on("Jobs_CreateOrUpdate", job("Queued"))
    create(asked, training_file="azureml:train:2", validation_file="azureml://datastores/d/paths/v.jsonl")
    body: Any = asked.sent[-1].body
    details = json.loads(body)["properties"]["fineTuningDetails"]
    assert details["trainingData"]["uri"].startswith("/subscriptions/")
    assert details["trainingData"]["uri"].endswith("/workspaces/ws-ft/data/train/versions/2")
    assert details["validationData"]["uri"] == "azureml://datastores/d/paths/v.jsonl"


def test_compute_is_checked_against_the_catalog_and_read_tolerantly():
    compute = Compute(instance_types=("Standard_NC24ads_A100_v4",))
    with pytest.raises(ConfigurationError, match="on compute of your own"):
        create(world(), compute=compute)
    answer = job("Queued")
    answer["properties"] |= {"resources": {"instanceTypes": ["A", 1]}, "queueSettings": {"jobTier": "Turbo"}}
    asked = world().on("Jobs_CreateOrUpdate", answer)
    made = jobs(asked).create("Phi-4", training_file=FILE, name="bot", compute=compute)
    assert made.compute is not None
    assert (made.compute.instance_types, made.compute.tier) == (("A",), None)
    with pytest.raises(ValueError, match="instance_types"):
        Compute(instance_types=())


def test_filters_that_the_service_does_not_know_are_refused():
    with pytest.raises(ConfigurationError, match="no view of jobs"):
        jobs(world()).list(view="hidden")  # type: ignore[arg-type]
    for wanted in ({"a,b": None}, {"a": "b=c"}):
        with pytest.raises(ConfigurationError, match="cannot be asked for"):
            jobs(world()).list(properties=wanted)
    asked = world().on("Jobs_List", {"value": []})
    assert list(jobs(asked).list(properties={"a": None, "b": "c"}, view="all")) == []
    assert asked.sent[0].url.endswith("&listViewType=All&jobType=FineTuning&properties=a%2Cb%3Dc")


def test_warnings_and_children_of_a_job():
    asked = world().on("RunHistory_GetDetails", {"warnings": [{"message": "2 lines skipped"}]})
    asked.on("RunHistory_GetChildren", {"value": [{"runId": "step-1"}]})
    assert jobs(asked).warnings("bot") == ("2 lines skipped",)
    assert [child.name for child in jobs(asked).children("bot")] == ["step-1"]


# Files


@pytest.mark.parametrize("digest", [None, "AB" * 32])
def test_upload_takes_a_digest_that_is_known(digest):
    asked = world().on("Datastores_Get", {"properties": {"accountName": "acct", "containerName": "con"}})
    asked.on("Datastores_ListSecrets", {"sasToken": "sig=s"})
    asked.on("Blob_GetProperties", refusal(404)).on("Blob_Put", refusal(201))
    asked.files["/data/t.jsonl"] = b"{}\n"
    file = Files(AsyncFiles(asked.session())).upload("/data/t.jsonl", sha256=digest)
    assert (file.filename, file.bytes, len(file.sha256)) == ("t.jsonl", 3, 64)
    assert (file.sha256 == "ab" * 32) is (digest is not None)
    assert set(asked.bearers[-2:]) == {""}


def test_an_empty_file_is_not_uploaded():
    asked = world()
    asked.files["t.jsonl"] = b""
    with pytest.raises(ConfigurationError, match=r"t\.jsonl is empty"):
        Files(AsyncFiles(asked.session())).upload("t.jsonl")
    assert asked.sent == []
