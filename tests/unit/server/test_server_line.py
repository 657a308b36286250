"""The thin line over HTTP: workspace, upload, job, model, endpoint."""

import json
from concurrent.futures import ThreadPoolExecutor

LONG = 400_000.0


def test_from_upload_to_deleted_endpoint(space):
    server = space.server
    workspace = space.call("GET", "")
    assert workspace.status == 200
    assert workspace.json["location"] == "eastus2"
    assert workspace.json["properties"]["workspaceId"] == space.call("GET", "").json["properties"]["workspaceId"]
    assert workspace.headers["x-ms-request-id"]
    assert workspace.headers["Date"]
    assert server.send("GET", workspace.json["properties"]["discoveryUrl"]).json["api"] == server.ready["url"]

    training = space.upload("LocalUpload/abc/train.jsonl", space.rows(20))
    created = space.submit("line", training)
    assert created.status == 201
    properties = created.json["properties"]
    assert properties["status"] == "NotStarted"
    assert properties["properties"]["azureml.original_model_id"].endswith("/Phi-3-mini-4k-instruct/versions/15")
    assert properties["properties"]["maas.simulated"] == "true"
    assert properties["fineTuningDetails"]["trainingData"]["mode"] == "ReadOnlyMount"
    assert properties["services"]["Studio"]["endpoint"]

    server.advance(LONG)
    job = space.call("GET", "/jobs/line").json["properties"]
    assert job["status"] == "Completed"
    assert job["properties"]["registered_ft_model_name"] == "my-model"
    assert int(job["properties"]["__azureml_ft_training_tokens"]) > 0

    version = space.call("GET", "/models/my-model/versions/1").json["properties"]
    assert version["jobName"] == "line"
    assert version["flavors"] == {}
    assert version["properties"]["baseModelId"] == "azureml://registries/azureml/models/Phi-3-mini-4k-instruct"
    assert version["properties"]["maas.simulated"] == "true"
    assert [item["name"] for item in space.call("GET", "/models/my-model/versions").json["value"]] == ["1"]
    container = space.call("GET", "/models").json["value"][0]
    assert (container["name"], container["properties"]["nextVersion"]) == ("my-model", "2")
    _deploy_and_delete(space)


def _deploy_and_delete(space):
    server, name = space.server, f"ep-{space.name}"
    guid = space.call("GET", "").json["properties"]["workspaceId"]
    model_id = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    body = {
        "location": "eastus2",
        "sku": {"name": "Consumption"},
        "properties": {"modelSettings": {"modelId": model_id}},
    }
    created = space.call("PUT", f"/serverlessEndpoints/{name}", body)
    assert created.status == 201
    assert created.json["properties"]["inferenceEndpoint"] is None
    assert created.json["properties"]["endpointState"] == "Creating"
    operation = created.headers["Azure-AsyncOperation"]
    auth = {"Authorization": "Bearer x"}
    assert server.send("GET", operation, headers=auth).json["status"] == "InProgress"
    assert space.call("POST", f"/serverlessEndpoints/{name}/listKeys").status == 409
    again = space.call("PUT", f"/serverlessEndpoints/{name}", body)
    assert (again.status, again.headers["Azure-AsyncOperation"]) == (200, None)
    second = space.call("PUT", f"/serverlessEndpoints/{name}-2", body)
    assert (second.status, second.error["code"]) == (409, "Conflict")

    server.advance(60)
    assert server.send("GET", operation, headers=auth).json["status"] == "Succeeded"
    online = space.call("GET", f"/serverlessEndpoints/{name}").json["properties"]
    assert (online["provisioningState"], online["endpointState"]) == ("Succeeded", "Online")
    label = space.call("GET", "").json["properties"]["workspaceId"].replace("-", "")[:12]
    assert online["inferenceEndpoint"]["uri"] == f"{server.ready['url']}/serverless/{name}.{label}"
    keys = space.call("POST", f"/serverlessEndpoints/{name}/listKeys").json
    fresh = space.call("POST", f"/serverlessEndpoints/{name}/regenerateKeys", {"keyType": "Primary"}).json
    assert fresh["primaryKey"] != keys["primaryKey"]
    assert fresh["secondaryKey"] == keys["secondaryKey"]
    assert space.call("POST", f"/serverlessEndpoints/{name}/regenerateKeys", {"keyType": "Third"}).status == 400
    chosen = {"keyType": "secondary", "keyValue": "chosen-by-me"}
    fresh = space.call("POST", f"/serverlessEndpoints/{name}/regenerateKeys", chosen).json
    assert fresh["secondaryKey"] == "chosen-by-me"
    short = {"keyType": "Primary", "keyValue": "short"}
    assert space.call("POST", f"/serverlessEndpoints/{name}/regenerateKeys", short).status == 400
    chat = {"messages": [{"role": "user", "content": "How do I reset device number 3?"}]}
    url = f"{online['inferenceEndpoint']['uri']}/chat/completions?api-version=2024-05-01-preview"
    answer = server.send("POST", url, chat, {"Authorization": f"Bearer {fresh['primaryKey']}"})
    assert answer.status == 200
    assert answer.json["choices"][0]["message"]["content"]
    assert server.send("POST", url, chat, {"Authorization": "Bearer wrong"}).status == 401

    listed = space.call("GET", "/serverlessEndpoints").json["value"]
    assert [item["name"] for item in listed] == [name]
    deleted = space.call("DELETE", f"/serverlessEndpoints/{name}")
    assert deleted.status == 202
    assert space.call("GET", f"/serverlessEndpoints/{name}").json["properties"]["endpointState"] == "Deleting"
    assert server.send("POST", url, chat, {"Authorization": f"Bearer {fresh['primaryKey']}"}).status == 404
    location = deleted.headers["Location"]
    polled = server.send("GET", location, headers=auth)
    assert (polled.status, polled.headers["Retry-After"]) == (202, "1")
    assert polled.headers["Location"] == location
    server.advance(10)
    assert server.send("GET", location, headers=auth).status == 204
    assert space.call("GET", f"/serverlessEndpoints/{name}").status == 404
    assert space.call("DELETE", f"/serverlessEndpoints/{name}").status == 204


def test_identical_put_is_one_job(space):
    training = space.upload("a/train.jsonl", space.rows(15))
    body = space.definition(training)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: space.call("PUT", "/jobs/same", body).status, range(4)))
    assert sorted(answers) == [200, 200, 200, 201]
    whole = space.call("GET", "/jobs/same").json
    whole["properties"]["isArchived"] = True
    archived = space.call("PUT", "/jobs/same", whole)
    assert archived.status == 200
    assert space.call("GET", "/jobs").json["value"] == []
    assert [job["name"] for job in space.call("GET", "/jobs", query="&listViewType=All").json["value"]] == ["same"]


def test_changed_definition_is_refused_as_the_service_refuses_it(space):
    training = space.upload("a/train.jsonl", space.rows(15))
    assert space.submit("fixed", training).status == 201
    answer = space.submit("fixed", training, model="Phi-4")
    assert answer.status == 400
    assert answer.error["code"] == "UserError"
    assert answer.error["message"] == (
        "A job with this name already exists. If you are trying to create a new job, use a different name. If you are "
        "trying to update an existing job, the existing job's FineTuningDetails cannot be changed. Only description, "
        "tags, displayName, properties, and isArchived can be updated."
    )
    inner = [item["info"]["value"] for item in answer.error["additionalInfo"] if item["type"] == "InnerError"]
    assert inner[0]["innerError"]["code"] == "JobPropertyImmutable"
    assert space.submit("fixed", training, properties={"mine": "2"}).status == 400
    updated = space.submit("fixed", training, tags={"new": "tag"}, properties={"other": "2"})
    assert updated.status == 200
    assert updated.json["properties"]["tags"] == {"new": "tag"}
    assert updated.json["properties"]["properties"]["mine"] == "1"


def test_bad_data_fails_the_run_and_not_the_request(space):
    training = space.upload("a/train.jsonl", space.rows(3))
    assert space.submit("few", training).status == 201
    assert space.submit("gone", "azureml://datastores/workspaceblobstore/paths/no/such.jsonl").status == 201
    assert space.submit("text", space.upload("a/train.txt", space.rows(20))).status == 201
    space.server.advance(LONG)
    for name, words in (("few", "fewer than 10"), ("gone", "could not be found"), ("text", "not a .jsonl file")):
        assert space.status(name) == "Failed"
        details = space.data("GET", "history/v1.0", f"/runs/{name}/details").json
        assert words in json.dumps(details["error"])
        assert details["endTimeUtc"]
    assert space.call("GET", "/models").json["value"] == []


def test_list_over_three_pages(space):
    training = space.upload("a/train.jsonl", space.rows(15))
    names = [f"job-{index:02d}" for index in range(23)]
    for name in names:
        space.submit(name, training, tags={"odd": "1"} if int(name[-1]) % 2 else {})
    link = f"{space.arm_id}/jobs?api-version=2024-10-01-preview&listViewType=ActiveOnly&jobType=FineTuning"
    pages = []
    while link:
        page = space.server.send("GET", link, headers={"Authorization": "Bearer x", "Accept": "*/*"}).json
        pages.append([job["name"] for job in page["value"]])
        link = page["nextLink"]
        assert link is None or link.startswith(space.server.ready["url"])
    assert [len(page) for page in pages] == [10, 10, 3]
    assert [name for page in pages for name in page] == names[::-1]
    assert len(space.call("GET", "/jobs", query="&tag=odd").json["value"]) == 10
    assert space.call("GET", "/jobs", query="&jobType=Command").json["value"] == []
    assert len(space.call("GET", "/jobs", query="&properties=mine=1").json["value"]) == 10
    assert space.call("GET", "/jobs", query="&properties=mine=2").json["value"] == []
    assert space.call("GET", "/jobs", query="&$skip=zz").status == 400
    assert space.call("GET", "/jobs", query="&listViewType=Some").status == 400


def test_cancel_then_delete(space):
    server = space.server
    training = space.upload("a/train.jsonl", space.rows(15))
    space.submit("stop", training)
    server.advance(1)
    conflict = space.call("DELETE", "/jobs/stop")
    assert (conflict.status, conflict.error["code"]) == (409, "Conflict")
    answer = space.call("POST", "/jobs/stop/cancel", api="2023-04-01-preview")
    assert (answer.status, answer.headers["Retry-After"]) == (202, "1")
    assert space.status("stop") == "CancelRequested"
    auth = {"Authorization": "Bearer x"}
    assert server.send("GET", answer.headers["Location"], headers=auth).status == 202
    server.advance(6)
    assert server.send("GET", answer.headers["Location"], headers=auth).status == 204
    assert space.status("stop") == "Canceled"
    assert space.call("POST", "/jobs/stop/cancel").status == 200
    server.advance(LONG)
    assert space.status("stop") == "Canceled"
    assert space.call("GET", "/models").json["value"] == []
    deleted = space.call("DELETE", "/jobs/stop", api="2023-02-01-preview")
    assert deleted.status == 202
    server.advance(5)
    assert server.send("GET", deleted.headers["Location"], headers=auth).status == 204
    missing = space.call("GET", "/jobs/stop")
    assert (missing.status, missing.error["code"]) == (404, "UserError")
    assert space.call("DELETE", "/jobs/stop").status == 204


def test_ended_job_cannot_be_cancelled_and_versions_count_up(space):
    space.train("one", output="My_Model.v2")
    space.train("two", output="My_Model.v2")
    assert space.call("POST", "/jobs/one/cancel").status == 400
    versions = space.call("GET", "/models/My-Model-v2/versions").json["value"]
    assert [(item["name"], item["properties"]["jobName"]) for item in versions] == [("2", "two"), ("1", "one")]
    assert space.call("GET", "/models/My-Model-v2").json["properties"]["latestVersion"] == "2"
    assert space.call("GET", "/models/My-Model-v2/versions/3").status == 404
    assert space.call("GET", "/models/none/versions").status == 404
