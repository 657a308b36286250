"""Every operation of the dialect against golden exchanges: requests to the byte, answers as values."""

import json
import math
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from maas_client.backends.azureml.chat import parse_chunk
from maas_client.backends.azureml.errors import read_error
from maas_client.backends.azureml.jobs import JobDraft
from maas_client.core import lro
from maas_client.core.sse import Decoder
from maas_client.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentFilterError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    StatusError,
    UnprocessableError,
)
from maas_client.types import Compute, DeploymentStatus, Hyperparameters, JobStatus, Notifications, SubscriptionStatus
from tests.unit.backends.exchanges import FOLDER, SPECIFICATION, WORKSPACE_ID, all_names, dialect, feed, load, play

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PHI3 = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"
TRAIN = f"azureml://datastores/workspaceblobstore/paths/LocalUpload/{DIGEST[:32]}/train.jsonl"
VALID = f"azureml://datastores/workspaceblobstore/paths/LocalUpload/{DIGEST[32:]}/validation.jsonl"
MODEL = f"azureml://locations/eastus2/workspaces/{WORKSPACE_ID}/models/my-ft-model/versions/2"
WORKSPACE = ("workspace_get_200", "discovery_get_200")
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüß Gott"}]


def draft(**changes: Any) -> JobDraft:
    fields: dict[str, Any] = {
        "name": "support-bot",
        "model_uri": PHI3,
        "training_file": TRAIN,
        "validation_file": VALID,
        "hyperparameters": Hyperparameters(n_epochs=3, batch_size=1, learning_rate=2e-5),
        "output_model": "my-ft-model",
        "display_name": "Support bot",
        "description": "First try",
        "experiment_name": "ft-experiment",
        "tags": {"team": "support"},
    }
    return JobDraft(**{**fields, **changes})


@pytest.mark.parametrize("name", all_names())
def test_every_exchange_is_whole(name):
    golden = load(name)
    assert name.endswith(f"_{golden.response.status}")
    assert (FOLDER / name / "SOURCE").read_text(encoding="utf-8").strip()


# Workspace


def test_workspace_is_asked_for_once():
    azureml = dialect()
    workspace = play(azureml.workspace.get(), *WORKSPACE)
    assert (workspace.location, workspace.guid) == ("eastus2", WORKSPACE_ID)
    assert workspace.data_plane == "https://eastus2.api.azureml.ms"
    assert play(azureml.workspace.get()) is workspace


# Jobs


def test_create_job():
    job = play(dialect().jobs.create(draft()), "job_create_201")
    assert (job.name, job.status, job.raw_status) == ("support-bot", JobStatus.QUEUED, "NotStarted")
    assert job.model == "Phi-3-mini-4k-instruct"
    assert (job.training_file, job.validation_file) == (TRAIN, VALID)
    assert job.hyperparameters == Hyperparameters(n_epochs=3, batch_size=1, learning_rate=2e-5)
    assert (job.output_model, job.display_name, job.experiment_name) == ("my-ft-model", "Support bot", "ft-experiment")
    assert job.tags == {"team": "support"}
    assert job.properties["maas-client.fingerprint"] == draft().fingerprint()
    assert job.created_at == datetime(2025, 5, 21, 0, 20, 48, 384016, tzinfo=UTC)
    assert job.studio_url is not None
    assert job.studio_url.startswith("https://ml.azure.com/runs/support-bot")
    assert (job.fine_tuned_model, job.error, job.trained_tokens, job.simulated) == (None, None, None, False)


def test_create_job_again_with_nothing_but_what_is_needed():
    small = draft(
        validation_file=None, hyperparameters=Hyperparameters(), output_model="support-bot", display_name=None,
        description=None, experiment_name="maas-client", tags={},
    )  # fmt: skip
    job = play(dialect().jobs.create(small), "job_create_again_200")
    assert (job.status, job.validation_file, job.hyperparameters) == (JobStatus.RUNNING, None, Hyperparameters())


def test_create_job_on_compute_of_one_s_own():
    compute = Compute(instance_types=("Standard_NC24ads_A100_v4",), tier="Standard", identity="user_identity")
    notifications = Notifications(emails=("team@example.com",), when=("completed", "failed"))
    drafted = draft(compute=compute, notifications=notifications)
    job = play(dialect().jobs.create(drafted), "job_create_compute_201")
    assert job.compute == compute
    assert drafted.fingerprint() != draft().fingerprint() == "aae07e39bb6744541c023b0ab8e20c45"
    least = draft(compute=Compute(instance_types=("Standard_NC6",))).definition()
    assert {*least} - {*draft().definition()} == {"resources"}


@pytest.mark.parametrize("case", ["job_create_name_taken_400", "job_create_immutable_400"])
def test_another_definition_under_the_same_name_is_a_conflict(case):
    with pytest.raises(ConflictError) as caught:
        play(dialect().jobs.create(draft()), case)
    assert caught.value.status == 400
    assert caught.value.hint == "Use another name, or the definition that the existing job has."
    assert caught.value.request_id == "6f0a3a52-9c2e-4d0f-9e0a-0d5f3a7c1b21"


def test_a_refused_definition_is_a_bad_request():
    with pytest.raises(BadRequestError) as caught:
        play(dialect().jobs.create(draft()), "job_create_invalid_400")
    assert (caught.value.code, caught.value.target) == ("UserError", "fineTuningDetails.trainingData")


@pytest.mark.parametrize(
    ("case", "status", "raw"),
    [
        ("not_started", JobStatus.QUEUED, "NotStarted"),
        ("running", JobStatus.RUNNING, "Running"),
        ("cancel_requested", JobStatus.CANCELLING, "CancelRequested"),
        ("canceled", JobStatus.CANCELLED, "Canceled"),
        ("not_responding", JobStatus.UNKNOWN, "NotResponding"),
    ],
)
def test_get_job(case, status, raw):
    job = play(dialect().jobs.get("support-bot"), f"job_get_{case}_200")
    assert (job.status, job.raw_status) == (status, raw)
    assert job.status.is_terminal is (case == "canceled")


def test_numbers_as_hyperparameters_are_read_too():
    job = play(dialect().jobs.get("support-bot"), "job_get_numbers_200")
    assert job.hyperparameters == Hyperparameters(n_epochs=3, batch_size=1, learning_rate=2e-5)


def test_get_completed_job_finds_its_model_once():
    azureml = dialect()
    pages = ("model_versions_first_200", "model_versions_next_200")
    job = play(azureml.jobs.get("support-bot"), "job_get_completed_200", *WORKSPACE, *pages)
    assert (job.status, job.fine_tuned_model, job.trained_tokens) == (JobStatus.SUCCEEDED, MODEL, 123456)
    assert play(azureml.jobs.get("support-bot"), "job_get_completed_200").fine_tuned_model == MODEL


def test_get_completed_job_before_its_model_is_registered():
    job = play(dialect().jobs.get("support-bot"), "job_get_completed_200", *WORKSPACE, "model_versions_404")
    assert (job.status, job.fine_tuned_model) == (JobStatus.SUCCEEDED, None)


def test_get_failed_job_says_why():
    job = play(dialect().jobs.get("support-bot"), "job_get_failed_200", *WORKSPACE, "run_details_failed_200")
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.message[:30]) == ("UserError", "Training dataset has 8 non-nul")


def test_get_failed_job_without_a_reason_is_still_failed():
    job = play(dialect().jobs.get("support-bot"), "job_get_failed_200", *WORKSPACE, "run_details_404")
    assert (job.status, job.error) == (JobStatus.FAILED, None)


def test_list_jobs_page_by_page():
    azureml = dialect()
    first = play(azureml.jobs.list_page(None, tag="team"), "job_list_first_200")
    assert [job.name for job in first.items] == ["job-3", "job-2"]
    rest = play(azureml.jobs.list_page(first.next_cursor, tag="team"), "job_list_next_200")
    assert ([job.name for job in rest.items], rest.next_cursor) == (["job-1"], None)


def test_list_jobs_filtered():
    flow = dialect().jobs.list_page(None, view="ArchivedOnly", tag="team", properties="PipelineType,stage=prod")
    assert play(flow, "job_list_filtered_200").items == ()


def test_delete_job():
    operation = play(dialect().jobs.begin_delete("support-bot"), "job_get_completed_200", "job_delete_202")
    golden = load("job_delete_poll_204")
    assert (operation.way, operation.retry_after, lro.poll(operation).url) == ("location", 10.0, golden.request["url"])
    assert lro.advance(operation, golden.response).status == "succeeded"
    gone = play(dialect().jobs.begin_delete("support-bot"), "job_get_completed_200", "job_delete_204")
    assert gone.status == "succeeded"


def test_a_job_that_has_not_ended_is_not_deleted():
    with pytest.raises(ConflictError, match=r"has not ended \(running\)"):
        play(dialect().jobs.begin_delete("support-bot"), "job_get_running_200")


@pytest.mark.parametrize("case", ["job_cancel_202", "job_cancel_200"])
def test_cancel_job(case):
    assert play(dialect().jobs.cancel("support-bot"), case) is None


def test_run_details():
    azureml = dialect()
    assert play(azureml.runs.warnings("support-bot"), *WORKSPACE, "run_details_200") == ("Total 2 json lines skipped.",)
    status, files = play(azureml.runs.logs("support-bot"), "run_details_200")
    assert status is JobStatus.RUNNING
    assert sorted(files) == ["system_logs/lifecycler/lifecycler.log", "user_logs/std_log.txt"]
    request = azureml.runs.log_request(files["user_logs/std_log.txt"])
    assert (request.scope, request.key, request.method) == (None, None, "GET")


def test_the_rest_of_a_log_is_asked_for_by_range():
    request = dialect().runs.log_request("https://stacct.blob.core.windows.net/azureml/l.txt?sig=s", offset=17)
    assert (request.headers["range"], request.expect) == ("bytes=17-", (200, 206, 416))


def test_change_a_job():
    azureml = dialect()
    play(azureml.runs.update("support-bot", "ft-experiment", {"hidden": True}), *WORKSPACE, "run_patch_hidden_200")
    changes = {"displayName": "Bot", "tags": {"stage": "prod"}}
    play(azureml.runs.update("support-bot", "ft-experiment", changes), "run_patch_tags_200")


def test_children_of_a_job():
    azureml = dialect()
    first = play(azureml.runs.children_page("support-bot", None), *WORKSPACE, "run_children_first_200")
    rest = play(azureml.runs.children_page("support-bot", first.next_cursor), "run_children_next_200")
    (failed,), (running,) = first.items, rest.items
    assert (failed.name, failed.parent_name, failed.type) == ("step-1", "support-bot", "azureml.StepRun")
    assert (failed.status, failed.error.message) == (JobStatus.FAILED, "Out of memory.")
    assert failed.ended_at == datetime(2025, 5, 21, 0, 31, 30, tzinfo=UTC)
    assert (running.status, running.raw_status, running.error) == (JobStatus.RUNNING, "Running", None)
    assert rest.next_cursor is None
    token = play(azureml.runs.children_page("support-bot", None), "run_children_token_200")
    assert token.next_cursor == first.next_cursor


# Metrics


def test_metrics_in_the_service_s_own_way():
    azureml = dialect()
    pages = ("metric_list_first_200", "metric_list_next_200")
    assert play(azureml.metrics.native_keys("support-bot"), *WORKSPACE, *pages) == ("loss", "epoch")
    pages = ("metric_full_first_200", "metric_full_next_200")
    points = play(azureml.metrics.native_history("support-bot", "loss"), *pages)
    assert [(point.key, point.step) for point in points] == [("loss", 10), ("loss", 20), ("loss", 30)]
    assert math.isnan(points[0].value)
    assert (points[1].value, points[2].value) == (1.25, 1.0)
    assert points[1].created_at == datetime(2025, 5, 21, 0, 22, 30, tzinfo=UTC)


def test_latest_metrics():
    points = play(dialect().metrics.latest("support-bot"), *WORKSPACE, "mlflow_run_200")
    assert (points["loss"].value, points["loss"].step) == (1.25, 20)
    assert points["loss"].created_at == datetime(2025, 5, 21, 0, 22, 30, tzinfo=UTC)
    assert math.isnan(points["grad_norm"].value)


def test_no_metrics_yet():
    assert play(dialect().metrics.latest("support-bot"), *WORKSPACE, "mlflow_run_empty_200") == {}
    with pytest.raises(NotFoundError, match="Run 'support-bot' not found"):
        play(dialect().metrics.latest("support-bot"), *WORKSPACE, "mlflow_run_404")


def test_metric_history_over_pages():
    points = play(
        dialect().metrics.history("support-bot", "loss"),
        *WORKSPACE, "mlflow_history_first_200", "mlflow_history_next_200",
    )  # fmt: skip
    assert [point.step for point in points] == [10, 20, 30]
    assert math.isnan(points[0].value)
    assert (points[1].value, points[2].value) == (1.25, -math.inf)


# Models


def test_get_model():
    model = play(dialect().models.get("my-ft-model", "2"), *WORKSPACE, "model_version_get_200")
    assert (model.id, model.name, model.version) == (MODEL, "my-ft-model", "2")
    assert (model.job_name, model.base_model, model.simulated) == ("support-bot", "Phi-3-mini-4k-instruct", False)
    assert model.created_at == datetime(2025, 5, 21, 1, 2, 3, 456789, tzinfo=UTC)


def test_list_models():
    azureml = dialect()
    names = play(azureml.models.names_page(None), "model_containers_first_200")
    more = play(azureml.models.names_page(names.next_cursor), "model_containers_next_200")
    assert (names.items, more.items, more.next_cursor) == (("my-ft-model",), ("other",), None)
    first = play(azureml.models.list_page("my-ft-model", None), *WORKSPACE, "model_versions_first_200")
    rest = play(azureml.models.list_page("my-ft-model", first.next_cursor), "model_versions_next_200")
    assert [model.version for model in (*first.items, *rest.items)] == ["1", "2"]


# Deployments


def test_create_deployment_and_follow_it():
    operation = play(
        dialect().deployments.begin_create("support-bot", model=MODEL, tags={"team": "support"}),
        *WORKSPACE, "endpoint_get_404", "endpoint_create_201",
    )  # fmt: skip
    assert (operation.status, operation.way, operation.retry_after) == ("running", "operation", 5.0)
    for name, status in (("running", "running"), ("succeeded", "succeeded"), ("failed", "failed")):
        golden = load(f"operation_poll_{name}_200")
        assert lro.poll(operation).url == golden.request["url"]
        assert lro.advance(operation, golden.response).status == status
    ended = lro.advance(operation, load("operation_poll_failed_200").response)
    assert (ended.error_code, ended.error_message) == ("ModelRegistryError", "Model registry error.")


def test_create_deployment_again():
    operation = play(
        dialect().deployments.begin_create("support-bot", model=MODEL, tags={}),
        *WORKSPACE, "endpoint_get_200", "endpoint_create_again_200",
    )  # fmt: skip
    assert operation.status == "succeeded"


def test_create_deployment_of_another_model_is_refused_before_it_replaces_one():
    flow = dialect().deployments.begin_create("support-bot", model=f"{MODEL}0", tags={})
    with pytest.raises(ConflictError, match=r"exists and serves .*/my-ft-model/versions/2\."):
        play(flow, *WORKSPACE, "endpoint_get_200")


def test_get_deployment():
    ready = play(dialect().deployments.get("support-bot"), "endpoint_get_200")
    assert (ready.status, ready.endpoint_state, ready.is_ready) == (DeploymentStatus.SUCCEEDED, "Online", True)
    assert (ready.model, ready.location) == (MODEL, "eastus2")
    assert ready.inference_uri == "https://support-bot.eastus2.models.ai.azure.com"
    creating = play(dialect().deployments.get("support-bot"), "endpoint_get_creating_200")
    assert (creating.status, creating.inference_uri, creating.is_ready) == (DeploymentStatus.CREATING, None, False)
    failed = play(dialect().deployments.get("support-bot"), "endpoint_get_failed_200")
    assert (failed.status, failed.endpoint_state) == (DeploymentStatus.FAILED, "CreationFailed")


def test_list_deployments():
    azureml = dialect()
    first = play(azureml.deployments.list_page(None), "endpoint_list_first_200")
    rest = play(azureml.deployments.list_page(first.next_cursor), "endpoint_list_next_200")
    assert [one.name for one in (*first.items, *rest.items)] == ["support-bot", "base"]
    assert (rest.items[0].status, rest.next_cursor) == (DeploymentStatus.CANCELLED, None)


def test_delete_deployment():
    operation = play(dialect().deployments.begin_delete("support-bot"), "endpoint_delete_202")
    golden = load("endpoint_delete_poll_204")
    assert (operation.way, lro.poll(operation).url) == ("location", golden.request["url"])
    assert lro.advance(operation, golden.response).status == "succeeded"
    assert play(dialect().deployments.begin_delete("support-bot"), "endpoint_delete_204").status == "succeeded"


def test_deploy_a_model_of_another_workspace_without_a_content_filter():
    other = "azureml://locations/westus3/workspaces/11111111-2222-3333-4444-555555555555/models/my-ft-model/versions/2"
    flow = dialect().deployments.begin_create("support-bot", model=other, tags={}, content_safety=False)
    operation = play(flow, *WORKSPACE, "endpoint_get_404", "endpoint_create_cross_region_201")
    assert operation.way == "operation"


@pytest.mark.parametrize(("case", "status"), [("endpoint_update_200", "succeeded"), ("endpoint_update_202", "running")])
def test_tags_are_added_to_those_of_a_deployment(case, status):
    flow = dialect().deployments.begin_update("support-bot", tags={"stage": "prod"})
    assert play(flow, "endpoint_get_200", case).status == status


def test_regenerate_a_key():
    azureml = dialect()
    azureml.chat._facts.keys["support-bot"] = "old"
    assert play(azureml.deployments.begin_regenerate_key("support-bot", "Primary"), "endpoint_regenerate_200").is_done
    assert azureml.chat._facts.keys == {}
    operation = play(azureml.deployments.begin_regenerate_key("support-bot", "Secondary"), "endpoint_regenerate_202")
    golden = load("endpoint_regenerate_poll_200")
    assert (operation.way, lro.poll(operation).url) == ("location", golden.request["url"])
    assert lro.advance(operation, golden.response).status == "succeeded"
    forgotten = lro.poll(lro.on_missing(operation))
    assert (forgotten.method, forgotten.url) == ("GET", load("endpoint_get_200").request["url"])


def test_a_key_is_regenerated_once():
    assert not next(dialect().deployments.begin_regenerate_key("support-bot", "Primary")).idempotent


def test_content_safety_is_read():
    flags = []
    for status in ("Enabled", "Disabled", "Sometimes"):
        properties = {"contentSafety": {"contentSafetyStatus": status}, "marketplaceSubscriptionId": "m"}
        deployment = feed(dialect().deployments.get("bot"), {"name": "bot", "properties": properties})
        flags.append(deployment.content_safety)
        assert deployment.marketplace_subscription == "m"
    assert flags == [True, False, None]


# Marketplace


def test_marketplace_subscriptions():
    marketplace = dialect().marketplace
    model = "azureml://registries/azureml-mistral/models/Ministral-3B"
    operation = play(marketplace.begin_create("ministral", model=model), "subscription_create_201")
    assert (operation.status, operation.way) == ("running", "operation")
    one = play(marketplace.get("ministral"), "subscription_get_200")
    assert (one.name, one.model, one.status, one.raw_status) == (
        "ministral", model, SubscriptionStatus.SUBSCRIBED, "Subscribed",
    )  # fmt: skip
    assert (one.publisher, one.offer, one.plan, one.provisioning_state) == (
        "000-000", "ministral-3b", "plan-1", "Succeeded",
    )  # fmt: skip
    first = play(marketplace.list_page(None), "subscription_list_first_200")
    rest = play(marketplace.list_page(first.next_cursor), "subscription_list_next_200")
    assert [(found.name, found.status.value) for found in (*first.items, *rest.items)] == [
        ("ministral", "subscribed"), ("other", "suspended"),
    ]  # fmt: skip
    assert play(marketplace.begin_delete("ministral"), "subscription_delete_202").way == "location"
    assert play(marketplace.begin_delete("ministral"), "subscription_delete_204").status == "succeeded"


def test_keys_are_masked():
    keys = play(dialect().deployments.keys("support-bot"), "endpoint_keys_200")
    assert keys.primary.get_secret_value() == "primary-key-of-a-test"
    assert "of-a-test" not in f"{keys!r}{keys}"


# Chat


def ask(case, **parameters):
    return play(
        dialect().chat.complete("support-bot", MESSAGES, parameters), "endpoint_get_200", "endpoint_keys_200", case
    )


def test_chat():
    completion = ask("chat_200", max_tokens=64, temperature=0.0)
    assert (completion.text, completion.model, completion.simulated) == ("Servus!", "phi3-mini", False)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 15


def test_chat_that_wants_a_tool_called():
    completion = ask("chat_tools_200")
    assert (completion.text, completion.usage, completion.choices[0].finish_reason) == ("", None, "tool_calls")
    assert completion.choices[0].message.tool_calls is not None


def test_chat_stream():
    azureml = dialect()
    flow = azureml.chat.request("support-bot", MESSAGES, {"max_tokens": 64}, stream=True)
    request = play(flow, "endpoint_get_200", "endpoint_keys_200")
    golden = load("chat_stream_200")
    assert (request.method, request.url, dict(request.headers)) == tuple(
        golden.request[part] for part in ("method", "url", "headers")
    )
    assert (request.body, request.key) == (golden.body, "primary-key-of-a-test")
    chunks = [parse_chunk(data) for data in Decoder().feed(golden.response.body)]
    assert chunks.pop() is None
    assert "".join(chunk.text for chunk in chunks if chunk) == "Servus, ü!"
    assert [chunk.usage is not None for chunk in chunks if chunk] == [False, False, False, False, True]


def test_chat_asks_for_a_changed_key_once():
    azureml = dialect()
    known = play(azureml.deployments.get("support-bot"), "endpoint_get_200")
    chat = azureml.chat.complete(known, MESSAGES, {})
    play(chat, "endpoint_keys_200", "chat_401", "endpoint_keys_200", "chat_tools_200")
    with pytest.raises(AuthenticationError):
        play(azureml.chat.complete(known, MESSAGES, {}), "chat_401", "endpoint_keys_200", "chat_401")


def test_chat_with_a_deployment_that_is_not_ready():
    with pytest.raises(ConflictError, match="not ready: Creating, Creating"):
        play(dialect().chat.complete("support-bot", MESSAGES, {}), "endpoint_get_creating_200")


@pytest.mark.parametrize("case", ["chat_object_422", "chat_list_422"])
def test_chat_with_a_parameter_that_is_not_supported(case):
    with pytest.raises(UnprocessableError) as caught:
        ask(case, response_format={"type": "json_object"})
    assert (caught.value.code, caught.value.target) == ("parameter_not_supported", "body.response_format")


@pytest.mark.parametrize("case", ["chat_content_filter_400", "chat_content_filter_nested_400"])
def test_chat_stopped_by_the_content_filter(case):
    with pytest.raises(ContentFilterError, match="The response was filtered") as caught:
        ask(case)
    assert isinstance(caught.value, BadRequestError)
    assert (caught.value.code, caught.value.target) == ("content_filter", "messages")
    assert "Rephrase" in (caught.value.hint or "")


def test_chat_with_fields_that_the_specification_does_not_name():
    assert ask("chat_extra_body_200", seed=7, extra_body={"top_k": 40}).text == "Servus!"
    assert ask("chat_extra_drop_200", extra_body={"top_k": 40}, extra_parameters="drop").text == "Servus!"
    with pytest.raises(BadRequestError, match="top_k") as caught:
        ask("chat_extra_error_400", extra_body={"top_k": 40}, extra_parameters="error")
    assert not isinstance(caught.value, ContentFilterError)


def test_which_model_is_behind_a_deployment():
    azureml = dialect()
    info = play(azureml.chat.info("support-bot"), "endpoint_get_200", "endpoint_keys_200", "chat_info_200")
    assert (info.name, info.type, info.provider) == ("phi3-mini", "chat-completion", "Microsoft")
    ready = play(azureml.deployments.get("support-bot"), "endpoint_get_200")
    again = play(azureml.chat.info(ready), "chat_info_401", "endpoint_keys_200", "chat_info_200")
    assert again == info
    with pytest.raises(NotFoundError) as caught:
        play(azureml.chat.info(ready), "chat_info_404")
    assert "no such route" in (caught.value.hint or "")


def test_chat_refused_in_other_ways():
    with pytest.raises(RateLimitError, match="Rate limit is exceeded") as caught:
        ask("chat_429")
    assert caught.value.retry_after == 5.5
    with pytest.raises(NotFoundError, match="Not Found"):
        ask("chat_404")


# Errors of the resource manager and of gateways


@pytest.mark.parametrize(
    ("case", "kind", "code", "message"),
    [
        ("job_get_401", AuthenticationError, "InvalidAuthenticationToken", "The access token is invalid."),
        ("job_get_403", PermissionDeniedError, "AuthorizationFailed", "The client 'x' with object id 'y'"),
        ("job_get_404", NotFoundError, "UserError", "Job support-bot not found."),
        ("job_get_429", RateLimitError, "TooManyRequests", "The request is being throttled."),
        ("job_get_502", ServerError, "", "502 Bad Gateway 502 Bad Gateway nginx"),
        ("job_get_503", ServerError, "", "HTTP 503 without a body"),
    ],
)
def test_errors(case, kind, code, message):
    with pytest.raises(StatusError) as caught:
        play(dialect().jobs.get("support-bot"), case)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.message.startswith(message)
    assert caught.value.operation == "Jobs_Get"


def test_nested_details_are_flattened():
    facts = read_error(load("job_get_details_500").response)
    assert list(facts.details) == [("Outer", "first"), ("Inner", "second")]
    immutable = read_error(load("job_create_immutable_400").response)
    assert [code for code, _ in immutable.details] == ["BadArgument", "Immutable", "JobPropertyImmutable"]


# The published specification


@cache
def specification():
    if not SPECIFICATION.exists():
        pytest.skip("the published specification is not beside this checkout")
    return json.loads(SPECIFICATION.read_text(encoding="utf-8"))


def hold(schema: str, value: object) -> None:
    document = specification()
    assert schema in document["components"]["schemas"]
    root = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(root).iter_errors(value)]
    assert errors == []


@pytest.mark.parametrize("case", ["job_create_201", "job_create_again_200", "job_create_compute_201"])
def test_job_bodies_are_as_published(case):
    hold("workspaces_jobs_1316.Write", load(case).request["body"])


@pytest.mark.parametrize(
    "case", ["endpoint_create_201", "endpoint_create_again_200", "endpoint_create_cross_region_201"]
)
def test_endpoint_bodies_are_as_published(case):
    hold("workspaces_serverlessEndpoints_2207.Write", load(case).request["body"])


@pytest.mark.parametrize("case", ["endpoint_regenerate_200", "endpoint_regenerate_202"])
def test_bodies_that_regenerate_a_key_are_as_published(case):
    hold("RegenerateEndpointKeysRequest", load(case).request["body"])


NUMBERS = "job_get_numbers_200"
"""The service was seen to answer so, other than published: hyperparameters of a custom model are texts there."""


@pytest.mark.parametrize(
    "case",
    sorted(
        name
        for name in all_names()
        if name.startswith(("job_create", "job_get")) and name[-3:] in {"200", "201"} and name != NUMBERS
    ),
)
def test_job_answers_are_as_published(case):
    hold("workspaces_jobs_1316.Read", json.loads(load(case).response.body))
