"""Run history, logs, metrics, data assets: what a client reads while it watches."""

import re

LONG = 400_000.0


def test_details_log_and_metrics_grow_with_the_clock(space):
    server = space.server
    space.submit("watched", space.upload("a/train.jsonl", space.rows(60)))
    details = space.data("GET", "history/v1.0", "/runs/watched/details").json
    assert (details["status"], details["startTimeUtc"], details["error"]) == ("NotStarted", None, None)
    ((path, url),) = details["logFiles"].items()
    assert path == "user_logs/std_log.txt"
    first = server.send("GET", url)
    assert first.status == 200
    assert first.content.startswith(b"SIMULATED")
    assert space.data("POST", "metric/v2.0", "/runs/watched/list", {}).json["value"] == []

    server.advance(LONG)
    details = space.data("GET", "history/v1.0", "/runs/watched/details?api-version=v1.0").json
    assert details["status"] == "Completed"
    assert details["startTimeUtc"] < details["endTimeUtc"]
    # A manual clock moves signatures too: the link of before has expired, the new one has not.
    assert server.send("GET", url).error["code"] == "AuthenticationFailed"
    log = server.send("GET", details["logFiles"][path]).content.decode()
    assert log.startswith(first.content.decode())
    assert len(log) > len(first.content)

    names = [
        item["metricKey"]["name"] for item in space.data("POST", "metric/v2.0", "/runs/watched/list", {}).json["value"]
    ]
    assert {"loss", "learning_rate", "train_loss"} <= set(names)
    full = space.data("POST", "metric/v2.0", "/runs/watched/full", {"metricName": "loss"}).json
    assert [set(point["data"]) for point in full["value"]] == [{"loss"}] * len(full["value"])
    assert space.data("POST", "metric/v2.0", "/runs/watched/full", {}).status == 400


def test_log_links_open_one_log(space):
    space.submit("quiet", space.upload("a/train.jsonl", space.rows(15)))
    details = space.data("GET", "history/v1.0", "/runs/quiet/details").json
    url = details["logFiles"]["user_logs/std_log.txt"]
    assert space.server.send("GET", url.replace("quiet", "other")).status == 403
    assert space.server.send("GET", url.partition("?")[0]).status == 403
    space.server.advance(LONG)
    space.call("DELETE", "/jobs/quiet")
    space.server.advance(5)
    fresh = space.data("GET", "history/v1.0", "/runs/quiet/details")
    assert fresh.status == 404


def test_mlflow_run_and_paged_history(space):
    space.train("flow")
    run = space.data("GET", "mlflow/v2.0", "/api/2.0/mlflow/runs/get?run_id=flow").json["run"]
    assert (run["info"]["status"], run["info"]["run_id"]) == ("FINISHED", "flow")
    assert run["info"]["end_time"] > run["info"]["start_time"]
    assert {item["key"] for item in run["data"]["params"]} >= {"num_train_epochs"}
    key = "learning_rate"
    path = f"/api/2.0/mlflow/metrics/get-history?run_id=flow&metric_key={key}&max_results=1"
    points, token = [], ""
    while True:
        page = space.data("GET", "mlflow/v2.0", path + token).json
        assert len(page["metrics"]) == 1
        points += page["metrics"]
        if "next_page_token" not in page:
            break
        token = f"&page_token={page['next_page_token']}"
    native = space.data("POST", "metric/v2.0", "/runs/flow/full", {"metricName": key}).json["value"]
    assert [point["value"] for point in points] == [point["data"][key] for point in native]
    assert [point["step"] for point in points] == sorted(point["step"] for point in points)
    for bad in ("", "?run_id=none", "?run_id=flow", "?run_id=flow&metric_key=loss&page_token=x"):
        assert space.data("GET", "mlflow/v1.0", f"/api/2.0/mlflow/metrics/get-history{bad}").status in {400, 404}
    assert space.data("POST", "metric/v2.0", "/runs/flow/batch", {}).status == 501


def test_run_data_children_and_annotations(space):
    space.train("noted")
    data = space.data("POST", "history/v1.0", "/rundata", {"runId": "noted", "selectRunMetadata": True}).json
    asset = data["runMetadata"]["outputs"]["registered_model"]["assetId"]
    guid = space.call("GET", "").json["properties"]["workspaceId"]
    assert asset == f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    assert space.data("POST", "history/v1.0", "/rundata", {}).status == 400
    assert space.data("GET", "history/v1.0", "/runs/noted/children").json["value"] == []
    run = "/experiments/Default/runs/noted"
    change = {"tags": {"new": "1"}, "properties": {"p": "2"}, "displayName": "shown", "hidden": True}
    patched = space.data("PATCH", "history/v1.0", run, change).json
    assert (patched["hidden"], patched["displayName"]) == (True, "shown")
    assert patched["tags"] == {"team": "a", "new": "1"}
    assert space.data("GET", "history/v1.0", run).json == patched
    job = space.call("GET", "/jobs/noted").json["properties"]
    assert (job["isArchived"], job["properties"]["p"]) == (True, "2")
    assert space.data("PATCH", "history/v1.0", run, {"tags": [1]}).status == 400


def test_artifacts_lie_in_the_artifact_store(space):
    space.train("files")
    version = space.call("GET", "/models/my-model/versions/1").json["properties"]
    prefix = version["modelUri"].partition("/paths/")[2]
    store = "workspaceartifactstore"
    url = f"{space.blob_url('', store)}?restype=container&comp=list&prefix={prefix}&{space.sas(store)}"
    names = re.findall(r"<Name>([^<]+)</Name>", space.server.send("GET", url).content.decode())
    assert f"{prefix}/maas_answers.json" in names
    assert f"{prefix}/adapter_config.json" in names


def test_data_assets_name_training_files(space):
    uri = space.upload("a/train.jsonl", space.rows(20))
    body = {"properties": {"dataUri": uri, "dataType": "uri_file", "tags": {}}}
    assert space.call("GET", "/data/train").status == 404
    assert space.call("PUT", "/data/train/versions/1", body, api="2023-04-01-preview").status == 201
    assert space.call("PUT", "/data/train/versions/1", body).status == 200
    other = {"properties": {**body["properties"], "dataUri": uri + "x"}}
    refused = space.call("PUT", "/data/train/versions/1", other)
    assert refused.error["message"] == "(UserError) Asset paths cannot be updated."
    assert space.call("PUT", "/data/train/versions/2", {"properties": {"dataUri": 1}}).status == 400
    assert space.call("PUT", "/data/train/versions/2", {"properties": {"dataUri": uri, "dataType": "x"}}).status == 400
    asset = space.call("GET", "/data/train/versions/1").json
    assert asset["properties"]["dataUri"] == uri
    assert [item["name"] for item in space.call("GET", "/data/train/versions").json["value"]] == ["1"]
    assert space.call("GET", "/data/train").json["properties"]["nextVersion"] == "2"
    assert space.call("GET", "/data/train/versions/9").status == 404
    long = uri.replace(
        "azureml://", f"azureml:/{space.arm_id}/".replace("/providers/Microsoft.MachineLearningServices", "")
    )
    for name, form in (("by-id", asset["id"]), ("by-name", "azureml:train:1"), ("by-long", long)):
        assert space.submit(name, form).status == 201
    assert space.submit("no-asset", "azureml:train:7").status == 201
    space.server.advance(LONG)
    assert [space.status(name) for name in ("by-id", "by-name", "by-long", "no-asset")] == ["Completed"] * 3 + [
        "Failed"
    ]


def test_data_assets_are_listed_by_view(space):
    uri = space.upload("a/train.jsonl", space.rows(20))
    assert space.call("GET", "/data").json["value"] == []
    for name, version, archived in (("one", "1", False), ("one", "2", True), ("two", "1", False)):
        body = {"properties": {"dataUri": uri, "dataType": "uri_file", "isArchived": archived}}
        assert space.call("PUT", f"/data/{name}/versions/{version}", body).status == 201
    shown = {
        view: [
            each["name"]
            for each in space.call("GET", "/data/one/versions", query=f"&listViewType={view}").json["value"]
        ]
        for view in ("activeonly", "ArchivedOnly", "All")
    }
    assert shown == {"activeonly": ["1"], "ArchivedOnly": ["2"], "All": ["2", "1"]}
    assert [each["name"] for each in space.call("GET", "/data").json["value"]] == ["one", "two"]
    assert space.call("GET", "/data", query="&listViewType=ArchivedOnly").json["value"] == []
    assert space.call("GET", "/data/one").json in space.call("GET", "/data").json["value"]
    assert space.call("GET", "/data", query="&listViewType=Some").status == 400


def test_datastores(space):
    stores = space.call("GET", "/datastores").json["value"]
    assert [store["name"] for store in stores] == ["workspaceblobstore", "workspaceartifactstore"]
    default = space.call("GET", "/datastores", query="&isDefault=true&count=30&orderByAsc=false").json["value"]
    assert [store["name"] for store in default] == ["workspaceblobstore"]
    assert (
        space.call("GET", "/datastores/WorkspaceBlobStore").json["properties"]["credentials"]["credentialsType"]
        == "AccountKey"
    )
    assert space.call("GET", "/datastores/other").status == 404
    assert space.call("POST", "/datastores/workspaceblobstore/listSecrets").json["secretsType"] == "Sas"
    for body in ({"expireAfterHours": 0}, {"expireAfterHours": "1"}, {"expirableSecret": "no"}):
        assert space.call("POST", "/datastores/workspaceblobstore/listSecrets", body).status == 400
