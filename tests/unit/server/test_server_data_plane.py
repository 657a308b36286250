"""The data plane beside a run's details: its files, models' folders, MLflow's searches, the registry, the cloud."""

import uuid
from urllib.parse import quote

import pytest

from tests.unit.server.conftest import Space

W = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def ended(server):
    """A workspace with two completed, two archived and one queued job."""
    space = Space(server)
    space.train("first", tags={"team": "a", "o'brien": "1"}, experimentName="alpha")
    space.train("second", tags={"team": "b"}, displayName="the second", experimentName="beta")
    space.train("hidden", experimentName="beta", isArchived=True)
    body = space.definition(space.upload("long/train.jsonl", space.rows(400)), output="long", isArchived=True)
    body["properties"]["fineTuningDetails"]["hyperParameters"]["num_train_epochs"] = "10"
    assert space.call("PUT", "/jobs/long", body).status == 201
    server.advance(400_000.0)
    training = space.upload("q/train.jsonl", space.rows(20))
    assert space.submit("queued", training, experimentName="beta", tags={}).status == 201
    return space


def mlflow(space, path, body=None):
    return space.data("GET" if body is None else "POST", "mlflow/v2.0", f"{W}/{path}", body)


def files(space, name, query=""):
    return space.data("GET", "history/v1.0", f"/experiments/alpha/runs/{name}/artifacts{query}")


def test_files_of_a_run_and_links_that_open_without_a_token(ended):
    listed = files(ended, "first").json["value"]
    paths = [each["path"] for each in listed]
    assert "registered_model/adapter_config.json" in paths
    assert paths[-1] == "user_logs/std_log.txt"
    assert {(each["origin"], each["container"]) for each in listed} == {("ExperimentRun", "dcid.first")}
    assert listed[0]["dataPath"]["relativePath"] == f"ExperimentRun/dcid.first/{paths[0]}" == listed[0]["artifactId"]
    links = {}
    for path in paths:
        links[path] = files(ended, "first", f"/contentinfo?path={quote(path)}").json["contentUri"]
        assert ended.server.send("GET", links[path]).status == 200
    assert ended.server.send("GET", links["registered_model/adapter_config.json"]).json["simulated"] is True
    many = files(ended, "first", "/prefix/contentinfo?path=registered_model/").json["value"]
    assert [each["path"] for each in many] == paths[:-1]


def test_a_link_to_one_file_opens_no_other(ended):
    link = files(ended, "first", "/contentinfo?path=user_logs/std_log.txt").json["contentUri"]
    other = link.replace("user_logs/std_log.txt", "registered_model/adapter_config.json")
    assert other != link
    assert ended.server.send("GET", other).status == 403
    container = link.partition("/ExperimentRun")[0] + "?" + link.partition("?")[2]
    assert ended.server.send("GET", container + "&restype=container&comp=list").status == 403
    assert ended.server.send("PUT", link, b"x", {"x-ms-blob-type": "BlockBlob"}).status == 403


def test_a_folder_is_not_a_prefix(ended):
    inside = [each["path"] for each in files(ended, "first", "/path?path=registered_model").json["value"]]
    assert len(inside) == 4
    assert [each["path"] for each in files(ended, "first", "/path?path=user_logs/std_log.txt").json["value"]] == [
        "user_logs/std_log.txt"
    ]
    assert files(ended, "first", "/path?path=registered").json["value"] == []
    assert len(files(ended, "first", "/path").json["value"]) == 5


def test_a_run_that_has_not_ended_has_its_log(ended):
    assert [each["path"] for each in files(ended, "queued").json["value"]] == ["user_logs/std_log.txt"]
    link = files(ended, "queued", "/contentinfo?path=user_logs/std_log.txt").json["contentUri"]
    assert ended.server.send("GET", link).content.startswith(b"SIMULATED")


def test_files_that_are_not_there(ended):
    assert files(ended, "none").status == 404
    assert files(ended, "first", "/contentinfo?path=nothing").status == 404
    assert files(ended, "first", "/contentinfo").status == 400


def test_folders_of_models_by_their_ids(ended):
    guid = ended.call("GET", "").json["properties"]["workspaceId"]
    known = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    unknown = [known.replace("/1", "/99"), known.replace(guid, str(uuid.uuid4())), "nonsense"]
    path = "/models/batchGetResolvedUris"
    found = ended.data("POST", "modelregistry/v1.0", path, {"values": [known, *unknown]}).json["values"]
    assert list(found) == [known]
    assert found[known]["path"] == ended.call("GET", "/models/my-model/versions/1").json["properties"]["modelUri"]
    for bad in ({}, {"values": "x"}, {"values": [1]}):
        assert ended.data("POST", "modelregistry/v1.0", path, bad).status == 400


def test_a_sample_spreads_over_all_points(ended):
    full = ended.data("POST", "metric/v2.0", "/runs/first/full", {"metricName": "loss"}).json
    sample = ended.data("POST", "metric/v2.0", "/runs/first/sample", {"metricName": "loss"}).json
    assert (sample["isPartialResult"], sample["numValuesLogged"]) == (False, len(full["value"]))
    assert sample["value"] == full["value"]
    sample = ended.data("POST", "metric/v2.0", "/runs/long/sample", {"metricName": "loss"}).json
    full = ended.data("POST", "metric/v2.0", "/runs/long/full", {"metricName": "loss"}).json
    assert sample["isPartialResult"] is True
    assert len(sample["value"]) == 250 < sample["numValuesLogged"] == len(full["value"])
    assert (sample["value"][0], sample["value"][-1]) == (full["value"][0], full["value"][-1])


def test_experiments(ended):
    alpha = mlflow(ended, "experiments/get-by-name?experiment_name=alpha").json["experiment"]
    assert mlflow(ended, f"experiments/get?experiment_id={alpha['experiment_id']}").json["experiment"] == alpha
    assert [each["name"] for each in mlflow(ended, "experiments/search", {}).json["experiments"]][-1] == "alpha"
    run = ended.data("GET", "history/v1.0", "/runs/first").json
    assert run["experimentId"] == alpha["experiment_id"]
    missing = mlflow(ended, "experiments/get-by-name?experiment_name=none")
    assert (missing.status, missing.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert mlflow(ended, "experiments/get?experiment_id=1").status == 404
    assert mlflow(ended, "experiments/search", {"filter": "name = 'x'"}).status == 400


def search(space, **asked):
    ids = [each["experiment_id"] for each in mlflow(space, "experiments/search", {}).json["experiments"]]
    return mlflow(space, "runs/search", {"experiment_ids": ids, **asked})


def names(answer):
    return [run["info"]["run_id"] for run in answer.json["runs"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["queued", "second", "first"]),
        ("tags.team = 'a'", ["first"]),
        ("tags.team != 'a'", ["second"]),
        ("tag.`o'brien` = '1'", ["first"]),
        ("status = 'FINISHED' AND tags.team = 'b'", ["second"]),
        ("attributes.status = 'SCHEDULED'", ["queued"]),
        ("run_name LIKE 'the %'", ["second"]),
        ("run_name LIKE 'THE %'", []),
        ("run_name ILIKE 'THE s_cond'", ["second"]),
        ("metrics.train_loss > 0 and attributes.start_time > 1", ["second", "first"]),
        ("metrics.train_loss > 1e6", []),
        ('params."num_train_epochs" = "1"', ["queued", "second", "first"]),
    ],
)
def test_search_takes_mlflow_filters(ended, text, expected):
    assert sorted(names(search(ended, filter=text))) == sorted(expected)


@pytest.mark.parametrize(
    "bad",
    [
        {"filter": "loss ~ 1"},
        {"filter": "tags.team = a"},
        {"filter": "tags.team = 1"},
        {"filter": "metrics.loss = 'a'"},
        {"filter": "metrics.loss LIKE 1"},
        {"filter": "moon.phase = 'full'"},
        {"order_by": ["metrics.loss UP"]},
        {"order_by": "loss"},
        {"run_view_type": "SOME"},
        {"max_results": 0},
        {"page_token": "x"},
    ],
)
def test_search_says_what_it_does_not_understand(ended, bad):
    answer = search(ended, **bad)
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_search_orders_pages_and_shows_archived_runs_when_asked(ended):
    by_team = names(search(ended, order_by=["tags.team DESC"]))
    assert by_team[:2] == ["second", "first"]
    assert names(search(ended, order_by=["tags.team ASC", "start_time DESC"]))[:2] == ["first", "second"]
    assert names(search(ended, run_view_type="DELETED_ONLY")) == ["long", "hidden"]
    assert "hidden" in names(search(ended, run_view_type="ALL"))
    first = search(ended, max_results=1, filter="tags.team != ''")
    second = search(ended, max_results=9, filter="tags.team != ''", page_token=first.json["next_page_token"])
    assert names(first) + names(second) == names(search(ended, filter="tags.team != ''"))
    assert mlflow(ended, "runs/search", {"experiment_ids": []}).json["runs"] == []


def test_mlflow_files_level_by_level(ended):
    top = mlflow(ended, "artifacts/list?run_id=first").json
    assert [(each["path"], each["is_dir"]) for each in top["files"]] == [
        ("registered_model", True),
        ("user_logs", True),
    ]
    assert top["root_uri"].endswith("/experiments/alpha/runs/first/artifacts")
    inside = mlflow(ended, "artifacts/list?run_id=first&path=user_logs").json["files"]
    assert [(each["path"], each["is_dir"]) for each in inside] == [("user_logs/std_log.txt", False)]
    assert inside[0]["file_size"] > 100
    assert mlflow(ended, "artifacts/list").status == 400
    assert mlflow(ended, "logged-models/search", {"experiment_ids": ["1"]}).json == {"models": []}
    assert mlflow(ended, "logged-models/search", {}).status == 400
    assert mlflow(ended, "moon/phase").json["error_code"] == "ENDPOINT_NOT_FOUND"


def test_no_service_runs_beside_a_run(ended):
    assert ended.data("GET", "history/v1.0", "/runs/first/serviceinstances/0").json == {"instances": {}}
    assert ended.data("GET", "history/v1.0", "/runs/none/serviceinstances/0").status == 404


@pytest.mark.parametrize(
    ("kind", "status"), [("application/json-patch+json", 200), ("text/json", 200), ("text/plain", 415), ("json", 415)]
)
def test_json_by_its_other_names(ended, kind, status):
    path = f"/modelregistry/v1.0{ended.arm_id}/models/batchGetResolvedUris"
    headers = {"Authorization": "Bearer t", "Content-Type": kind}
    assert ended.server.send("POST", path, {"values": []}, headers).status == status


MODELS = "registries/azureml/models"


def registry(server, path, query=""):
    scope = "/mferp/managementfrontend/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices"
    version = "?api-version=2021-10-01-dataplanepreview"
    return server.send("GET", f"{scope}/{path}{version}{query}", headers={"Authorization": "Bearer t"})


def test_the_registry_is_found_and_holds_the_catalog(server):
    where = "/registrymanagement/v1.0/registries/AzureML/discovery?api-version=v1.0"
    found = server.send("GET", where, headers={"Authorization": "Bearer t"}).json
    assert found["primaryRegionResourceProviderUri"] == server.ready["url"] + "/"
    assert (found["registryName"], found["primaryRegion"] in found["registryFqdns"]) == ("azureml", True)
    containers = registry(server, MODELS).json["value"]
    assert {"Phi-3-mini-4k-instruct", "Phi-4"} <= {each["name"] for each in containers}
    assert registry(server, f"{MODELS}/Phi-4").json in containers
    assert (
        registry(server, "registries/azureml-phi/models/Phi-4")
        .json["id"]
        .startswith("azureml://registries/azureml-phi")
    )
    for missing in (
        "registries/none/models",
        f"{MODELS}/none",
        f"{MODELS}/none/versions",
        f"{MODELS}/Phi-4/versions/99",
    ):
        assert registry(server, missing).status == 404, missing
    unknown = where.replace("AzureML", "none")
    assert server.send("GET", unknown, headers={"Authorization": "Bearer t"}).status == 404


def test_the_latest_version_of_a_base_model(server):
    versions = f"{MODELS}/Phi-3-mini-4k-instruct/versions"
    (latest,) = registry(server, versions, "&%24orderBy=createdtime%20desc&%24top=1").json["value"]
    assert latest["name"] == "15"
    assert registry(server, f"{versions}/15").json == latest
    assert registry(server, f"{versions}/14").json["name"] == "14"
    assert latest["properties"]["flavors"] == {}
    assert latest["properties"]["tags"]["maas-finetuning-deploy-regions"] == "eastus2"
    assert registry(server, versions, "&%24orderBy=createdtime%20asc").json["value"][0]["name"] == "1"
    assert len(registry(server, versions).json["value"]) == 15
    assert registry(server, versions, "&%24top=-1").status == 400
    for none in ("0", "16", "x", "1.0"):
        assert registry(server, f"{versions}/{none}").status == 404


def test_the_cloud_says_where_it_is(server):
    (cloud,) = server.send("GET", "/metadata/endpoints?api-version=2019-05-01").json
    assert cloud["resourceManager"] == server.ready["url"] + "/"
    assert cloud["authentication"]["loginEndpoint"].startswith("https://")


def test_paths_are_compared_without_case(ended):
    upper = f"/HISTORY/V1.0{ended.arm_id}/Runs/first/Details".replace("resourceGroups", "RESOURCEGROUPS")
    answer = ended.server.send("GET", upper, headers={"Authorization": "Bearer t"})
    assert answer.json["runId"] == "first"
