"""One server for many sessions: each has a workspace, does the same under the same names, and sees itself alone."""

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

AUTH = {"Authorization": "Bearer x"}
ADVANCE_SECONDS = 400_000.0


def a_session(space, number, together):
    """Do what every other session does, in step with them; return what was seen that is not its own."""
    server = space.server
    token = {"x-maas-admin-token": server.ready["admin_token"]}
    seen = []

    def expect(what, found, wanted):
        if found != wanted:
            seen.append((number, what, found, wanted))

    lines = space.rows(20 + number)
    together()
    training = space.upload("data/train.jsonl", lines)
    expect("blob", server.send("GET", f"{space.blob_url('data/train.jsonl')}?{space.sas()}").content, lines)
    asset = {"properties": {"dataType": "uri_file", "dataUri": training}}
    together()
    expect("asset", space.call("PUT", "/data/train/versions/1", asset).status, 201)
    expect("job", space.submit("tune", training, displayName=f"session {number}").status, 201)
    together()
    # Only some move on: the others' jobs must not.
    moved = number % 2 == 0
    if moved:
        body = {"advance_seconds": ADVANCE_SECONDS, "workspace": space.name}
        expect("clock", server.send("POST", "/_maas/clock", body, token).json["ahead_seconds"], ADVANCE_SECONDS)
    together()
    jobs = space.call("GET", "/jobs").json["value"]
    expect("jobs", [job["properties"]["displayName"] for job in jobs], [f"session {number}"])
    expect("status", space.status("tune"), "Completed" if moved else "NotStarted")
    models = space.call("GET", "/models").json["value"]
    expect("models", [model["name"] for model in models], ["my-model"] if moved else [])
    together()
    name = "support-bot"
    model = "azureml://registries/azureml/models/Phi-4"
    if moved:
        guid = space.call("GET", "").json["properties"]["workspaceId"]
        model = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    body = {
        "location": "eastus2",
        "tags": {"session": str(number)},
        "properties": {"modelSettings": {"modelId": model}},
    }
    created = space.call("PUT", f"/serverlessEndpoints/{name}", body)
    expect("endpoint", created.status, 201)
    server.send("POST", "/_maas/clock", {"advance_seconds": 60, "workspace": space.name}, token)
    polled = server.send("GET", created.headers["Azure-AsyncOperation"], headers=AUTH).json
    expect("operation", polled["status"], "Succeeded")
    together()
    endpoint = space.call("GET", f"/serverlessEndpoints/{name}").json
    expect("tags", endpoint["tags"], {"session": str(number)})
    keys = space.call("POST", f"/serverlessEndpoints/{name}/listKeys").json
    uri = endpoint["properties"]["inferenceEndpoint"]["uri"]
    ask = {"messages": [{"role": "user", "content": "How do I reset device number 3?"}]}
    answered = server.send("POST", f"{uri}/chat/completions", ask, {"api-key": keys["primaryKey"]})
    expect("chat", (answered.status, answered.json.get("model")), (200, "my-model" if moved else "Phi-4"))
    together()
    # Half of them take theirs down, the others' stay.
    if number % 4 < 2:
        expect("delete", space.call("DELETE", f"/serverlessEndpoints/{name}").status, 202)
        server.send("POST", "/_maas/clock", {"advance_seconds": 60, "workspace": space.name}, token)
    together()
    left = space.call("GET", "/serverlessEndpoints").json["value"]
    expect("endpoints", [each["name"] for each in left], [] if number % 4 < 2 else [name])
    answered = server.send("POST", f"{uri}/chat/completions", ask, {"api-key": keys["primaryKey"]})
    expect("chat after", answered.status, 404 if number % 4 < 2 else 200)
    together()
    # Some begin anew, and the others go on.
    if number % 4 < 2:
        expect("reset", server.send("POST", "/_maas/reset", {"workspace": space.name}, token).status, 200)
    together()
    left = len(space.call("GET", "/jobs").json["value"])
    expect("jobs after", left, 0 if number % 4 < 2 else 1)
    kept = server.send("GET", f"{space.blob_url('data/train.jsonl')}?{space.sas()}").content
    expect("blob after", kept == lines, number % 4 >= 2)
    return seen


def test_sessions_in_threads_never_see_each_other(server, space_of):
    count = 4
    barrier = threading.Barrier(count, timeout=50)
    before = the_clock(server)
    with ThreadPoolExecutor(count) as pool:
        sessions = [pool.submit(a_session, space_of(server), number, barrier.wait) for number in range(count)]
        seen = [found for session in sessions for found in session.result()]
    assert seen == []
    assert the_clock(server) == before


def test_sessions_in_processes_never_see_each_other(server, space_of):
    # As the workers of pytest-xdist are: processes that share nothing but the address of the server.
    count = 2
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(count), context.Queue()
    address = replace(server, process=None)
    workers = [
        context.Process(target=_worker, args=(space_of(address), number, barrier, results), daemon=True)
        for number in range(count)
    ]
    for worker in workers:
        worker.start()
    seen = [results.get(timeout=50) for _ in workers]
    for worker in workers:
        worker.join(timeout=10)
    assert seen == ["[]"] * count


def test_an_address_without_its_workspace_reaches_no_endpoint(server, space):
    body = {
        "location": "eastus2",
        "properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"}},
    }
    assert space.call("PUT", "/serverlessEndpoints/mine", body).status == 201
    token = {"x-maas-admin-token": server.ready["admin_token"]}
    server.send("POST", "/_maas/clock", {"advance_seconds": 60, "workspace": space.name}, token)
    keys = space.call("POST", "/serverlessEndpoints/mine/listKeys").json
    label = space.call("GET", "").json["properties"]["workspaceId"].replace("-", "")[:12]
    for segment, status in (("mine", 404), ("mine.000000000000", 404), (f"other.{label}", 404), (f"mine.{label}", 200)):
        assert (
            server.send("GET", f"/serverless/{segment}/info", headers={"api-key": keys["primaryKey"]}).status == status
        )


def the_clock(server):
    return server.send("GET", "/_maas/clock", headers={"x-maas-admin-token": server.ready["admin_token"]}).json[
        "now_seconds"
    ]


def _worker(space, number, barrier, results):
    results.put(json.dumps(a_session(space, number, lambda: barrier.wait(50))))
