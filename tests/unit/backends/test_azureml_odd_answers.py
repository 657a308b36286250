"""Answers that are not as specified: what is missing, null, of another type, or a word that came later."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.backends.azureml._wire import from_milliseconds, items, moment, part, split_asset_uri, text, texts
from maas_client.backends.azureml.chat import parse_chunk
from maas_client.backends.azureml.deployments import parse_deployment
from maas_client.backends.azureml.errors import error_from, read_error
from maas_client.backends.azureml.files import Upload
from maas_client.backends.azureml.jobs import JobDraft, parse_job
from maas_client.core.io import Digests, FileBody, Request, Response
from maas_client.errors import (
    BadRequestError,
    BrokenResponseError,
    ConflictError,
    ResponseError,
    StatusError,
    UnsupportedByServiceError,
)
from maas_client.types import DeploymentStatus, Hyperparameters, JobStatus
from tests.unit.backends.exchanges import ARM, dialect, encode, feed, store

ASKED = Request("Jobs_Get", "GET", "https://management.azure.com/jobs/a")
WORKSPACE = {"location": "eastus2", "properties": {"workspaceId": "w", "discoveryUrl": "https://d"}}
DISCOVERY = {"api": "https://eastus2.api.azureml.ms/"}
STORE = {"properties": {"accountName": "acct", "containerName": "con"}}
SECRET = {"secretsType": "Sas", "sasToken": "?sig=s"}
NESTED = b'{"a":' * 2000 + b"1" + b"}" * 2000
NOT_OBJECTS = [b"", b"[]", b"null", b"3", b"<html>", b"\xff", b'{"a":"\xff"}', b'{"a":NaN}', b'{"a":"\\ud800"}', NESTED]


@pytest.mark.parametrize("body", NOT_OBJECTS)
def test_a_body_that_is_no_json_object(body):
    with pytest.raises(ResponseError, match="Expected a JSON object from Jobs_Get") as caught:
        feed(dialect().jobs.get("a"), Response(200, {"x-ms-request-id": "r-1"}, body))
    assert (caught.value.operation, caught.value.request_id) == ("Jobs_Get", "r-1")


def test_a_byte_order_mark_does_no_harm():
    assert feed(dialect().jobs.get("a"), Response(200, {}, b'\xef\xbb\xbf{"name":"a"}')).name == "a"


@pytest.mark.parametrize("body", NOT_OBJECTS)
def test_an_error_body_of_no_known_shape_is_still_readable(body):
    error = error_from(ASKED, Response(500, {"x-ms-error-code": "Odd"}, body))
    assert error.message
    assert error.code == "Odd"


def test_a_job_of_which_next_to_nothing_is_known():
    job = parse_job(ASKED, {"name": "a"})
    assert (job.status, job.raw_status, job.model, job.training_file) == (JobStatus.QUEUED, "NotStarted", "", "")
    assert (job.output_model, job.experiment_name, job.created_at) == ("a", "Default", None)


def test_a_job_with_words_and_fields_of_a_later_version():
    properties = {
        "status": "Teleporting",
        "newField": {"a": 1},
        "tags": {"n": 3, "gone": None, "flag": True},
        "properties": {"__azureml_ft_training_tokens": "12.5", "maas.simulated": "true"},
        "fineTuningDetails": {"hyperParameters": {"num_train_epochs": "many", "learning_rate": 10**400}},
        "outputs": [],
        "services": "none",
    }
    job = parse_job(ASKED, {"name": "a", "properties": properties, "systemData": {"createdAt": "yesterday"}})
    assert (job.status, job.raw_status, job.status.is_terminal) == (JobStatus.UNKNOWN, "Teleporting", False)
    assert job.tags == {"n": "3", "flag": "True"}
    assert job.hyperparameters == Hyperparameters()
    assert (job.trained_tokens, job.created_at, job.studio_url, job.simulated) == (None, None, None, True)


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": 3}])
def test_a_job_without_a_name(body):
    with pytest.raises(ResponseError, match=r"without \$\.name") as caught:
        parse_job(ASKED, body)
    assert caught.value.path == "$.name"


def test_a_workspace_without_what_is_needed():
    with pytest.raises(ResponseError) as caught:
        feed(dialect().workspace.get(), {"location": "eastus2", "properties": []})
    assert caught.value.path == "$.properties.workspaceId"
    with pytest.raises(ResponseError) as caught:
        feed(dialect().workspace.get(), WORKSPACE, {"history": "https://h"})
    assert (caught.value.path, caught.value.operation) == ("$.api", "Discovery_Get")


def test_a_deployment_of_which_next_to_nothing_is_known():
    deployment = parse_deployment(ASKED, {"name": "a", "properties": {"inferenceEndpoint": "soon"}})
    assert (deployment.status, deployment.raw_status) == (DeploymentStatus.UNKNOWN, "Unknown")
    assert (deployment.endpoint_state, deployment.model, deployment.location, deployment.is_ready) == (
        None,
        "",
        "",
        False,
    )


def test_keys_without_the_second():
    keys = feed(dialect().deployments.keys("ep"), {"primaryKey": "p"})
    assert keys.secondary.get_secret_value() == ""


def test_a_failure_is_told_by_its_code_if_there_is_no_more():
    failed = {"name": "a", "properties": {"status": "Failed"}}
    details = {"error": {"error": {"code": "UserError"}}}
    job = feed(dialect().jobs.get("a"), failed, WORKSPACE, DISCOVERY, details)
    assert (job.error.code, job.error.message) == ("UserError", "")
    assert feed(dialect().jobs.get("a"), failed, WORKSPACE, DISCOVERY, {"error": "x"}).error is None


# Models


def completed(name="a"):
    return {
        "name": name,
        "properties": {"status": "Completed", "outputs": {"registered_model": {"assetName": "my.ft"}}},
    }


def test_a_model_is_looked_for_under_its_registered_name():
    flow = dialect().jobs.get("a")
    next(flow)
    for answer in (completed(), WORKSPACE):
        flow.send(Response(200, {}, encode(answer)))
    assert "/models/my-ft/versions?" in flow.send(Response(200, {}, encode(DISCOVERY))).url


def test_a_model_that_another_job_made_is_not_ours():
    page = {"value": [{"name": "1", "properties": {"jobName": "b"}}, "odd", {"name": "2"}]}
    job = feed(dialect().jobs.get("a"), completed(), WORKSPACE, DISCOVERY, page)
    assert job.fine_tuned_model is None


def test_pages_of_models_that_never_end_are_left():
    page = {"value": [], "nextLink": "https://management.azure.com/again"}
    job = feed(dialect().jobs.get("a"), completed(), WORKSPACE, DISCOVERY, page, page)
    assert job.fine_tuned_model is None


def test_names_of_models_are_quoted():
    azureml = dialect()
    feed(azureml.workspace.get(), WORKSPACE, DISCOVERY)
    request = next(azureml.models.get("a/../b?c", "1#2"))
    assert "/models/a%2F..%2Fb%3Fc/versions/1%232?api-version=" in request.url
    assert "/models/a%2Fb/versions?" in next(azureml.models.list_page("a/b", None)).url


# Metrics


def test_points_that_are_no_points_are_left_out():
    odd = [
        {"key": "loss", "value": 1, "step": "7"},
        {"key": "huge", "value": 10**400},
        {"key": "none", "value": None},
        {"key": "list", "value": [1]},
        {"key": "word", "value": "high"},
        {"key": "step", "value": 1, "step": [3]},
        {"value": 1},
        "loss",
    ]
    points = feed(dialect().metrics.latest("a"), WORKSPACE, DISCOVERY, {"run": {"data": {"metrics": odd}}})
    assert {key: (point.value, point.step) for key, point in points.items()} == {"loss": (1.0, 7)}


def test_a_history_that_gives_the_same_page_again_ends():
    page = {"metrics": [{"key": "loss", "value": 1, "step": 1}], "next_page_token": "t"}
    assert len(feed(dialect().metrics.history("a", "loss"), WORKSPACE, DISCOVERY, page, page)) == 2


# Files


def upload():
    return Upload(filename="t.jsonl", sha256="ab" * 32, body=FileBody(source=None, length=5))  # type: ignore[arg-type]


BLOB = {"x-ms-blob-type": "BlockBlob"}


@pytest.mark.parametrize(
    "found",
    [
        {"content-length": "6"},
        {},
        {"content-length": "5", "x-ms-meta-sha256": "cd" * 32},
    ],
)
def test_other_content_under_our_name_is_a_conflict(found):
    with pytest.raises(ConflictError, match="Other content"):
        feed(store(dialect(), upload()), STORE, SECRET, Response(200, {**BLOB, **found}, b""))


def test_a_blob_without_a_digest_is_told_by_its_length():
    assert feed(store(dialect(), upload()), STORE, SECRET, Response(200, {**BLOB, "content-length": "5"}, b"")).reused


@pytest.mark.parametrize(
    ("secret", "error", "told"),
    [
        ({"secretsType": "Certificate"}, UnsupportedByServiceError, "'Certificate' secret"),
        ({"secretsType": "AccountKey", "key": "c2VjcmV0!"}, ResponseError, "not base64"),
    ],
)
def test_a_secret_that_opens_nothing(secret, error, told):
    with pytest.raises(error, match=told) as caught:
        feed(store(dialect(), upload()), STORE, secret)
    assert "c2VjcmV0" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("body", [b"", b"<BlockList>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><BlockList/>", b"{}"])
def test_a_block_list_that_is_no_xml(body):
    azureml = dialect()
    place = feed(azureml.files.find(upload()), STORE, SECRET, Response(404, {}, b""))
    with pytest.raises(ResponseError, match="not the XML"):
        feed(azureml.files.staged(place), Response(200, {}, body))


def test_a_block_that_is_refused_for_another_reason_is_not_sent_again():
    azureml = dialect()
    place = feed(azureml.files.find(upload()), STORE, SECRET, Response(404, {}, b""))
    refused = Response(400, {"x-ms-error-code": "InvalidBlobOrBlock"}, b"")
    with pytest.raises(BadRequestError):
        feed(azureml.files.stage(place, "MDAw", Digests("ab", "cd"), upload().body), refused)


# Chat


def ask(answer):
    ready = {"name": "a", "properties": {"provisioningState": "Succeeded", "inferenceEndpoint": {"uri": "https://a"}}}
    return feed(
        dialect().chat.complete("ep", [{"role": "user", "content": "x"}], {}), ready, {"primaryKey": "p"}, answer
    )


@pytest.mark.parametrize("answer", [{}, {"choices": None}, {"choices": [{}]}, {"choices": [{"message": 3}]}])
def test_an_answer_that_is_no_completion(answer):
    with pytest.raises(ResponseError, match="not a chat completion") as caught:
        ask(answer)
    assert caught.value.path.startswith("$.choices")


def test_a_completion_with_fields_of_a_later_version_that_says_it_is_simulated():
    completion = ask({"choices": [{"message": {"content": "x", "mood": "fine"}}], "maas_simulated": True, "new": 1})
    assert (completion.text, completion.simulated) == ("x", True)


@pytest.mark.parametrize("data", ["", "x", "null", "[1]", "3", '{"choices":[{"delta":3}]}', '{"choices":{}}'])
def test_an_event_that_is_no_chunk(data):
    with pytest.raises(ResponseError, match="which is no chunk"):
        parse_chunk(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"error":{"message":"Out of memory, api_key=abcdef0123456789"}}', "Out of memory, api_key=REDACTED"),
        ('{"error":"gone"}', "gone"),
        ('{"error":{"code":507}}', "{'code': 507}"),
    ],
)
def test_an_error_in_the_middle_of_a_stream_is_not_an_empty_chunk(data, said):
    with pytest.raises(BrokenResponseError) as caught:
        parse_chunk(data)
    assert caught.value.message == f"The answer broke off: {said}"


def test_chunks():
    chunk = parse_chunk('{"choices":[],"maas_simulated":true,"error":null}')
    assert chunk is not None
    assert (chunk.text, chunk.simulated) == ("", True)
    assert parse_chunk(" [DONE] ") is None


# Errors


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"detail": {"loc": ["body", 0]}}, "body.0"),
        ({"detail": [{"loc": ["body"]}]}, "body"),
        ({"detail": []}, None),
        ({"detail": "x"}, None),
        ({"detail": {"loc": "body"}}, None),
        ({"error": {"message": "m", "target": "t"}}, "t"),
    ],
)
def test_what_an_error_blames(body, target):
    assert read_error(Response(422, {}, encode(body))).target == target


def test_details_without_end_are_cut():
    detail: dict = {"code": "c"}
    for _ in range(50):
        detail = {"code": "c", "details": [detail], "innerError": {"code": "i"}}
    facts = read_error(Response(400, {}, encode({"error": {"message": "m", "details": [detail]}})))
    assert len(facts.details) == 20


def test_texts_of_the_service_are_freed_of_secrets():
    error = error_from(ASKED, Response(403, {}, b'{"error":{"code":"X","message":"sig=abcdefgh is wrong"}}'))
    assert "abcdefgh" not in str(error)


# Reading JSON


def test_times():
    assert moment("2025-05-21T02:20:48.3840162+02:00") == datetime(2025, 5, 21, 0, 20, 48, 384016, tzinfo=UTC)
    assert moment("2025-05-21T00:20:48Z") == moment("2025-05-21T00:20:48")
    assert moment("0001-01-01T00:00:00+14:00") is None
    assert [moment(value) for value in (None, 3, "", "soon")] == [None] * 4
    assert from_milliseconds(1500) == datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)
    assert [from_milliseconds(value) for value in (None, "3", 1e300, 10**400, float("nan"))] == [None] * 5


def test_parts():
    assert (part({"a": 3}, "a"), part({}, "a"), part({"a": {"b": 1}}, "a")) == ({}, {}, {"b": 1})
    assert (items({"value": [{}, 3]}), items({"value": {}}), items({}, "x")) == ([{}], [], [])
    assert (text(""), text(3), text("x")) == (None, None, "x")
    assert texts([("a", "b")]) == {}


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("azureml://registries/azureml/models/Phi-4/versions/8", ("Phi-4", "8")),
        ("azureml://registries/azureml/models/Phi-4", ("Phi-4", None)),
        ("azureml://registries/azureml/models", ("azureml://registries/azureml/models", None)),
        ("", ("", None)),
    ],
)
def test_asset_uris(uri, parts):
    assert split_asset_uri(uri) == parts


def test_a_draft_without_changes_is_the_same_to_the_byte():
    def body(**changes):
        fields = {"name": "a", "model_uri": "m", "training_file": "t", "validation_file": None, "output_model": "o"}
        return JobDraft(**{**fields, "hyperparameters": Hyperparameters(n_epochs=1), **changes})

    assert json.dumps(body().body()) == json.dumps(body().body())
    assert body().fingerprint() == body(tags={"a": "b"}, description="x", display_name="y").fingerprint()
    changed = [body(**change).fingerprint() for change in (
        {"model_uri": "n"}, {"training_file": "u"}, {"validation_file": "v"}, {"output_model": "p"},
        {"experiment_name": "e"}, {"hyperparameters": Hyperparameters(n_epochs=2)},
    )]  # fmt: skip
    assert len({body().fingerprint(), *changed}) == 7


# Whatever the service says, only ResponseError comes out

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats(allow_nan=False) | st.text(max_size=8)
)
KEYS = st.sampled_from(
    [
        "name", "properties", "status", "tags", "systemData", "createdAt", "fineTuningDetails", "hyperParameters",
        "num_train_epochs", "learning_rate", "outputs", "registered_model", "assetName", "model", "uri", "services",
        "Studio", "endpoint", "value", "nextLink", "jobType", "location", "modelSettings", "modelId",
        "inferenceEndpoint",
        "provisioningState", "jobName", "run", "data", "metrics", "key", "step", "timestamp", "next_page_token",
        "error",
        "message", "code", "details", "innerError", "logFiles", "warnings", "choices", "delta", "content",
        "usage", "id",
        "primaryKey", "detail", "loc", "target", "api", "workspaceId", "discoveryUrl", "__azureml_ft_training_tokens",
    ]
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=6)


def drain(flow, body):
    """Answer whatever is asked with the same object; a flow that would go on for ever is left."""
    try:
        request = next(flow)
        for _ in range(6):
            request = flow.send(Response(request.expect[0], {}, body))
    except StopIteration:
        return
    except (ResponseError, ConflictError):
        return


@given(OBJECTS)
def test_nothing_but_response_errors_comes_out(value):
    body = encode(value)
    azureml = dialect()
    for flow in (
        azureml.workspace.get(),
        azureml.jobs.get("a"),
        azureml.jobs.list_page(None, tag=None),
        azureml.runs.warnings("a"),
        azureml.runs.logs("a"),
        azureml.metrics.latest("a"),
        azureml.metrics.history("a", "loss"),
        azureml.models.get("m", "1"),
        azureml.models.list_page("m", None),
        azureml.models.names_page(None),
        azureml.deployments.get("a"),
        azureml.deployments.list_page(None),
        azureml.deployments.keys("ep"),
        azureml.chat.complete("ep", [], {}),
    ):
        drain(flow, body)
    for parse in (parse_job, parse_deployment):
        try:
            parse(ASKED, value)
        except ResponseError as error:
            assert error.path  # noqa: PT017 - either outcome is right
    assert isinstance(error_from(ASKED, Response(400, {}, body)), StatusError)


@given(st.binary(max_size=60) | OBJECTS.map(encode))
def test_any_bytes_make_an_error_or_a_chunk(raw):
    assert isinstance(error_from(ASKED, Response(500, {}, raw)), StatusError)
    try:
        parse_chunk(raw.decode("utf-8", "replace"))
    except (ResponseError, BrokenResponseError) as error:
        assert error.operation == "Chat_Stream"  # noqa: PT017 - either outcome is right


def test_children_and_metrics_that_are_nothing_are_left_out():
    workspace = {"location": "l", "properties": {"workspaceId": "w", "discoveryUrl": f"{ARM}/discovery"}}, {"api": ARM}
    page = feed(dialect().runs.children_page("a", None), *workspace, {"value": [None, {"runId": "b"}]})
    assert [child.name for child in page.items] == ["b"]
    listed = {"value": [{"columns": {}}, {"metricKey": {"name": "loss"}}, {"name": "epoch"}]}
    assert feed(dialect().metrics.native_keys("a"), *workspace, listed) == ("loss", "epoch")
