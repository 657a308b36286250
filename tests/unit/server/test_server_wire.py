"""What holds for every route: who may call, versions, limits, the error envelope."""

import json
import socket

import pytest

AUTH = {"Authorization": "Bearer x"}


def raw(server, text):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(text.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1:{port}@evil.example",
        "127.0.0.1:",
        "127.0.0.1:a",
        "localhost.",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/_maas/health", "/discovery", "/anything"])
def test_foreign_host_is_refused_everywhere(server, host, path):
    status, answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: {host.format(port=server.port)}\r\n\r\n")
    assert (status, b"HostNotAllowed" in answer) == (403, True)


def test_missing_and_doubled_host_are_refused(server):
    assert raw(server, "GET /discovery HTTP/1.0\r\n\r\n")[0] == 403
    host = f"Host: 127.0.0.1:{server.port}\r\n"
    assert raw(server, f"GET /discovery HTTP/1.1\r\n{host}{host}\r\n")[0] in {400, 403}


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
@pytest.mark.parametrize("port", [":{port}", ":1", ""])
def test_our_own_hosts_are_served_and_shape_the_links(server, name, port):
    host = name + port.format(port=server.port)
    text = f"GET /discovery HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    status, answer = raw(server, text)
    assert status == 200
    assert f'"api":"http://{host}"'.encode() in answer


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_other_sites_are_refused(server, headers):
    answer = server.send("GET", "/discovery", headers=headers)
    assert (answer.status, answer.error["code"]) == (403, "OriginNotAllowed")
    assert "access-control-allow-origin" not in answer.headers


def test_long_path_is_refused(server):
    assert server.send("GET", "/" + "a" * 9000).status == 414


def test_a_token_is_asked_for_and_never_shown(space):
    for headers in ({}, {"Authorization": "Basic not-a-token"}, {"Authorization": "Bearer "}):
        answer = space.server.send("GET", f"{space.arm_id}?api-version=2024-10-01-preview", headers=headers)
        assert (answer.status, answer.error["code"]) == (401, "AuthenticationFailed")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert b"not-a-token" not in answer.content


def test_api_versions(space):
    missing = space.server.send("GET", space.arm_id, headers=AUTH)
    assert (missing.status, missing.error["code"]) == (400, "MissingApiVersionParameter")
    unknown = space.call("PUT", "/jobs/a", {}, api="2025-12-01")
    assert (unknown.status, unknown.error["code"]) == (400, "UnsupportedApiVersion")
    assert "2024-10-01-preview" in unknown.error["message"]
    assert space.call("GET", "/jobs", api="2024-01-01-preview").status == 200


def test_routes_ignore_case_and_names_do_not(space):
    target = space.arm_id.replace("resourceGroups", "RESOURCEGROUPS").replace(space.name, space.name.upper())
    first = space.call("GET", "").json
    assert space.server.send("GET", f"{target}?api-version=2024-10-01-preview", headers=AUTH).json == first
    training = space.upload("a.jsonl", space.rows(15))
    space.submit("Case", training)
    assert space.call("GET", "/JOBS/Case").status == 200
    assert space.call("GET", "/jobs/case").status == 404


def test_envelope_and_ids(space):
    headers = {**AUTH, "x-ms-client-request-id": "mine-1"}
    answer = space.server.send("GET", f"{space.arm_id}/jobs/none?api-version=2024-10-01-preview", headers=headers)
    assert answer.status == 404
    assert set(answer.error) == {"code", "message", "target", "details", "additionalInfo"}
    correlation = next(item for item in answer.error["additionalInfo"] if item["type"] == "Correlation")
    assert correlation["info"]["value"]["request"] == answer.headers["x-ms-request-id"]
    assert correlation["info"]["value"]["operation"] == answer.headers["x-ms-correlation-request-id"]
    assert answer.headers["x-ms-client-request-id"] == "mine-1"
    assert answer.headers["Date"]


def test_what_is_not_there_says_so(space):
    absent = space.call("POST", "/codes/a/versions/1/startPendingUpload", {})
    assert (absent.status, absent.error["code"]) == (501, "NotImplemented")
    assert "CodeVersions_CreateOrGetStartPendingUpload" in absent.error["message"]
    unknown = space.call("GET", "/nothing")
    assert (unknown.status, unknown.error["code"]) == (404, "NotFound")
    wrong = space.call("PATCH", "/jobs/a", {})
    assert (wrong.status, "PUT" in wrong.headers["Allow"]) == (405, True)
    assert space.server.send("GET", "/nowhere/at-all", headers=AUTH).status == 404
    assert space.server.send("GET", "/elsewhere", headers=AUTH).status == 404


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 80 + b"1" + b"}" * 80, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * (2**20 + 1), "application/json", 413),
        (b'{"properties": 3}', "application/json", 400),
    ],
)
def test_bad_bodies(space, body, kind, status):
    target = f"{space.arm_id}/jobs/a?api-version=2024-10-01-preview"
    answer = space.server.send("PUT", target, body, {**AUTH, "Content-Type": kind})
    assert answer.status == status
    assert answer.error["message"]


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"jobType": "Command"}, "jobType"),
        ({"computeId": 1}, "computeId"),
        ({"resources": {"instanceTypes": [1]}}, "resources.instanceTypes"),
        ({"fineTuningDetails": None}, "properties.fineTuningDetails"),
        ({"outputs": {}}, "outputs"),
        ({"outputs": {"registered_model": {"jobOutputType": "uri_file"}}}, "outputs.registered_model"),
        ({"outputs": {"registered_model": {"jobOutputType": "mlflow_model"}}}, "outputs.registered_model.assetName"),
        ({"tags": []}, "tags"),
        ({"tags": {"a": {}}}, "tags.a"),
        ({"isArchived": "yes"}, "isArchived"),
        ({"displayName": 3}, "displayName"),
    ],
)
def test_bad_definitions(space, change, target):
    answer = space.submit("bad", "azureml://datastores/workspaceblobstore/paths/a.jsonl", **change)
    assert (answer.status, answer.error["code"], answer.error["target"]) == (400, "UserError", target)
    assert space.call("GET", "/jobs/bad").status == 404


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"modelProvider": "AzureOpenAI"}, "modelProvider"),
        ({"taskType": "TextCompletion"}, "taskType"),
        ({"model": {"jobInputType": "mlflow_model", "uri": "nonsense"}}, "model.uri"),
        ({"model": {"jobInputType": "mlflow_model"}}, "model.uri"),
        ({"model": {"uri": "azureml://registries/azureml/models/Phi-4/labels/latest"}}, "model.jobInputType"),
        ({"trainingData": {"jobInputType": "uri_folder", "uri": "a"}}, "trainingData.jobInputType"),
        ({"trainingData": {"jobInputType": "uri_file", "uri": "file:///etc/passwd"}}, "trainingData"),
        ({"validationData": {"jobInputType": "uri_file", "uri": "x"}}, "validationData"),
        ({"hyperParameters": {"a": True}}, "hyperParameters.a"),
    ],
)
def test_bad_details(space, change, target):
    body = space.definition("azureml://datastores/workspaceblobstore/paths/a.jsonl")
    body["properties"]["fineTuningDetails"].update(change)
    answer = space.call("PUT", "/jobs/bad", body)
    assert (answer.status, answer.error["target"]) == (400, f"fineTuningDetails.{target}")


def test_models_that_cannot_be_tuned(space):
    uri = "azureml://datastores/workspaceblobstore/paths/a.jsonl"
    unknown = space.submit("m", uri, model="Phi-9")
    assert (unknown.status, "'Phi-9'" in unknown.error["message"]) == (400, True)
    small = space.submit("m", uri, model="Phi-3-small-8k-instruct")
    assert (small.status, "does not support" in small.error["message"]) == (400, True)
    assert space.submit("with.dot", uri).status == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"location": "westus"}, 400),
        ({"properties": {}}, 400),
        ({"properties": {"modelSettings": {"modelId": "nonsense"}}}, 400),
        ({"properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-9"}}}, 404),
        (
            {
                "properties": {
                    "modelSettings": {"modelId": "azureml://locations/eastus2/workspaces/x/models/m/versions/1"}
                }
            },
            404,
        ),
        (
            {
                "properties": {
                    "modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"},
                    "authMode": "AAD",
                }
            },
            400,
        ),
        ({"sku": 3}, 400),
        ({"sku": {"tier": "Free"}}, 400),
        ({"sku": {"name": "Consumption", "tier": "Gratis"}}, 400),
        ({"sku": {"name": "Consumption", "capacity": True}}, 400),
        ({"sku": {"name": "Consumption", "colour": "red"}}, 400),
        ({"tags": {"a": 1}}, 400),
    ],
)
def test_bad_endpoints(space, change, status):
    good = {
        "location": "East US 2",
        "properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"}},
    }
    answer = space.call("PUT", f"/serverlessEndpoints/e-{space.name}", {**good, **change})
    assert answer.status == status
    assert answer.error["code"] == "UserError"


def test_endpoint_names_are_unique_in_their_workspace_whatever_their_case(space):
    body = {
        "location": "eastus2",
        "properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"}},
    }
    name = f"e-{space.name}"
    assert space.call("PUT", f"/serverlessEndpoints/{name}", body).status == 201
    assert space.call("PUT", f"/serverlessEndpoints/{name.upper()}", body).status == 200
    changed = json.loads(json.dumps(body).replace("Phi-4", "Phi-4-mini-instruct"))
    assert space.call("PUT", f"/serverlessEndpoints/{name}", changed).status == 400
    space.call("DELETE", f"/serverlessEndpoints/{name}")
    assert space.call("PUT", f"/serverlessEndpoints/{name}", body).status == 409
    assert space.call("PUT", "/serverlessEndpoints/9-no", body).status == 400


def test_scopes_that_cannot_exist(server):
    for scope in ("s b/resourceGroups/rg", "sub/resourceGroups/rg."):
        path = f"/subscriptions/{scope}/providers/Microsoft.MachineLearningServices/workspaces/ws-1".replace(" ", "%20")
        assert server.send("GET", f"{path}?api-version=2024-10-01-preview", headers=AUTH).status == 404
    path = "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w"
    answer = server.send("GET", f"{path}?api-version=2024-10-01-preview", headers=AUTH)
    assert (answer.status, answer.error["code"]) == (404, "ResourceNotFound")


def test_control_routes(server):
    health = server.send("GET", "/_maas/health")
    assert (health.status, health.json["simulated"]) == (200, True)
    assert server.send("GET", "/_maas/clock").status == 401
    token = {"x-maas-admin-token": server.ready["admin_token"]}
    assert server.send("GET", "/_maas/clock", headers={"x-maas-admin-token": "guess"}).status == 401
    now = server.send("GET", "/_maas/clock", headers=token).json
    assert now["clock"] == "manual"
    for bad in (-1, "1", True, 1e12):
        assert server.send("POST", "/_maas/clock", {"advance_seconds": bad}, token).status == 400
    moved = server.send("POST", "/_maas/clock", {"advance_seconds": 2.5}, token).json
    assert moved["now_seconds"] - now["now_seconds"] == pytest.approx(2.5, abs=1e-3)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/_maas/health", "GET"),
        ("TRACE", "/msi/token", "GET"),
        ("GET", "/common/oauth2/v2.0/token", "POST"),
        ("DELETE", "/logs/a/b/user_logs/std_log.txt", "GET"),
    ],
)
def test_wrong_methods_of_paths_that_are_there(server, method, path, allowed):
    answer = server.send(method, path, headers=AUTH)
    assert (answer.status, answer.error["code"]) == (405, "MethodNotAllowed")
    assert allowed in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/a%0Ab", "/serverless/bot%0A/info", "/subscriptions/a%0A", "/_maas/nothing"])
def test_no_path_is_answered_by_anything_but_the_server_itself(server, path):
    answer = server.send("GET", path, headers=AUTH)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("query", ["isDefault=perhaps", "orderByAsc=1", "count=many"])
def test_bad_queries_of_datastores(space, query):
    answer = space.call("GET", "/datastores", query=f"&{query}")
    assert (answer.status, answer.error["target"]) == (400, query.partition("=")[0])
