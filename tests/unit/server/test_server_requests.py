"""The journal of requests: what it tells, what it never tells, and what is asserted of it."""

import hashlib
import http.client
import json
import socket
from string import ascii_letters, digits
from urllib.parse import urlencode

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.server.requests import RequestJournal, RequestLine

PHI = "azureml://registries/azureml/models/Phi-4"


@pytest.fixture
def control(server):
    def ask(method, path, body=None, of=server):
        return of.send(method, f"/_maas/{path}", body, {"x-maas-admin-token": of.ready["admin_token"]})

    return ask


@pytest.fixture
def seen(space, control):
    """Return the requests of this test's workspace, of an operation."""

    def ask(**query):
        wanted = urlencode({"workspace": space.name, **query})
        return control("GET", f"requests?{wanted}").json["requests"]

    return ask


@pytest.fixture
def verified(space, control):
    def ask(**assertion):
        answer = control("POST", "requests/verify", {"workspace": space.name, **assertion})
        assert answer.status == 200, answer.content
        return answer.json

    return ask


def test_it_tells_what_was_asked_and_what_became_of_it(space, seen):
    training = space.upload("a/train.jsonl", space.rows(20))
    definition = space.definition(training)
    headers = {
        "Authorization": "Bearer test-token",
        "x-maas-session": "s-1",
        "x-ms-client-request-id": "client-7",
        "user-agent": "me/1.0",
    }
    path = f"{space.arm_id}/jobs/tune"
    answer = space.server.send("PUT", f"{path}?api-version=2024-10-01-preview", definition, headers)
    (entry,) = seen(operation="Jobs_CreateOrUpdate")
    sent = json.dumps(definition).encode()
    assert {name: entry[name] for name in ("operation", "workspace", "session", "method", "path", "query")} == {
        "operation": "Jobs_CreateOrUpdate",
        "workspace": f"sub-1/rg-1/{space.name}",
        "session": "s-1",
        "method": "PUT",
        "path": path,
        "query": "api-version=2024-10-01-preview",
    }
    assert (entry["status"], entry["outcome"], entry["answer_size"]) == (201, "answered", len(answer.content))
    assert (entry["request_id"], entry["client_request_id"]) == (answer.headers["x-ms-request-id"], "client-7")
    assert entry["user_agent"] == "me/1.0"
    assert entry["duration_seconds"] > 0
    assert (entry["body"]["size"], entry["body"]["sha256"]) == (len(sent), hashlib.sha256(sent).hexdigest())
    assert entry["body"]["fields"] == {
        "properties.jobType": "FineTuning",
        "properties.fineTuningDetails.modelProvider": "Custom",
        "properties.fineTuningDetails.taskType": "chatCompletion",
        "properties.fineTuningDetails.model.uri": definition["properties"]["fineTuningDetails"]["model"]["uri"],
    }
    (credential,) = entry["credentials"]
    assert credential["kind"] == "bearer"
    assert {tuple(each["credentials"][0].values()) for each in seen(credential="bearer")} == {
        ("bearer", credential["hash"])
    }


def test_requests_are_of_the_workspace_that_they_are_about_whatever_their_path_says(space, server, seen):
    space.train("job")
    body = {"location": "eastus2", "properties": {"modelSettings": {"modelId": PHI}}}
    created = space.call("PUT", "/serverlessEndpoints/bot", body)
    server.send("GET", created.headers["Azure-AsyncOperation"], headers={"Authorization": "Bearer x"})
    server.advance(60)
    uri = space.call("GET", "/serverlessEndpoints/bot").json["properties"]["inferenceEndpoint"]["uri"]
    server.send("GET", f"{uri}/info", headers={"api-key": "wrong"})
    log = space.data("GET", "history/v1.0", "/runs/job/details").json["logFiles"]
    server.send("GET", next(iter(log.values())))
    found = {each["operation"]: each for each in seen()}
    assert {"Blob_Put", "MfeOperationsStatus_Get", "Model_GetInfo", "Logs_Get", "RunHistory_GetDetails"} <= set(found)
    assert found["Model_GetInfo"]["status"] == 401
    assert [each["kind"] for each in found["Model_GetInfo"]["credentials"]] == ["key"]
    assert [each["kind"] for each in found["Logs_Get"]["credentials"]] == ["sas"]
    assert "sig=REDACTED" in found["Logs_Get"]["query"]
    assert "se=REDACTED" in found["Blob_Put"]["query"]
    assert "sp=racwl" in found["Blob_Put"]["query"]


def test_filters(space, control, seen):
    space.call("GET", "/jobs")
    since = control("GET", f"requests?workspace={space.name}").json["last"]
    space.call("GET", "/jobs/none")
    space.call("GET", "/models")
    space.server.send("GET", f"{space.arm_id}/jobs?api-version=2024-10-01-preview")
    assert [each["operation"] for each in seen()] == ["Jobs_List", "Jobs_Get", "ModelContainers_List", "Jobs_List"]
    assert [each["operation"] for each in seen(since=since)] == ["Jobs_Get", "ModelContainers_List", "Jobs_List"]
    for query, count in (
        ({"operation": "Jobs_*"}, 3),
        ({"status": 404}, 1),
        ({"status": "4xx"}, 2),
        ({"status": "none"}, 0),
        ({"method": "PUT"}, 0),
        ({"path": "*/JOBS/none"}, 1),
        ({"credential": "none"}, 1),
        ({"credential": "any"}, 3),
        ({"credential": "sas"}, 0),
        ({"outcome": "answered"}, 4),
        ({"session": "x"}, 0),
        ({"workspace": f"sub-1/*/{space.name.upper()}"}, 4),
        ({"workspace": space.arm_id}, 4),
        ({"workspace": "no-such"}, 0),
        ({"limit": 2}, 2),
    ):
        assert len(seen(**query)) == count, query
    repeated = control("GET", f"requests?workspace={space.name}&operation=Jobs_Get&operation=Model*").json
    assert (repeated["found"], repeated["complete"]) == (2, True)


def test_assertions(space, verified):
    training = space.upload("a/train.jsonl", space.rows(20))
    for name in ("one", "one", "two"):
        space.submit(name, training)
    job = {"operation": "Jobs_CreateOrUpdate"}
    once = verified(**job, status=201, path="*/jobs/one", times=1)
    assert (once["ok"], once["found"], once["why"], len(once["requests"])) == (True, 1, None, 1)
    twice = verified(**job, times=2)
    assert (twice["ok"], twice["found"], len(twice["requests"])) == (False, 3, 3)
    assert twice["why"] == "3 requests were found, not 2."
    for assertion, holds in (
        ({"at_least": 3}, True),
        ({"at_least": 4}, False),
        ({"at_most": 3}, True),
        ({"at_most": 2}, False),
        ({"at_least": 1, "at_most": 2}, False),
        ({"distinct": "path", "times": 2}, True),
        ({"distinct": "body", "times": 1}, True),
        ({"distinct": "workspace", "times": 1}, True),
        ({"distinct": "operation", "times": 2}, False),
        ({"credential": "none", "times": 0}, True),
        ({"credential": "any", "times": 0}, False),
    ):
        assert verified(**job, **assertion)["ok"] is holds, assertion


@pytest.mark.parametrize(
    ("method", "path", "body", "word"),
    [
        ("POST", "requests/verify", {}, "times"),
        ("POST", "requests/verify", {"times": -1}, "times"),
        ("POST", "requests/verify", {"times": 1, "operaton": "x"}, "operaton"),
        ("POST", "requests/verify", {"times": 1, "status": "ok"}, "status"),
        ("POST", "requests/verify", {"times": 1, "distinct": "secret"}, "distinct"),
        ("GET", "requests?colour=red", None, "known: operation"),
        ("GET", "requests?since=x", None, "since"),
        ("GET", "requests?limit=0", None, "limit"),
        ("DELETE", "requests?limit=3", None, "limit"),
    ],
)
def test_what_is_refused(control, method, path, body, word):
    refused = control(method, path, body)
    assert (refused.status, refused.error["code"]) == (400, "UserError")
    assert word in refused.error["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/verify")])
def test_it_asks_for_the_admin_token(server, method, path):
    assert server.send(method, f"/_maas/requests{path}", {} if method == "POST" else None).status == 401


def test_one_workspace_is_forgotten_and_no_other(space, space_of, control):
    other = space_of(space.server)
    for each in (space, other):
        each.call("GET", "/jobs")
    assert control("DELETE", f"requests?workspace={space.name}").json == {"removed": 1}
    assert control("GET", f"requests?workspace={space.name}").json["found"] == 0
    assert control("GET", f"requests?workspace={other.name}").json["found"] == 1


def test_what_was_never_answered_and_what_fault_did_it(space, control, seen):
    training = space.upload("a/train.jsonl", space.rows(20))
    program = {
        "match": {"operation": "Jobs_CreateOrUpdate", "workspace": space.name},
        "actions": ["commit-then-drop", {"do": "status", "status": 503}],
    }
    assert control("POST", "faults", program).status == 201
    with pytest.raises(http.client.RemoteDisconnected):
        space.submit("tune", training)
    assert space.submit("tune", training).status == 503
    assert space.submit("tune", training).status == 200
    lost, refused, repeated = seen(operation="Jobs_CreateOrUpdate")
    assert (lost["status"], lost["outcome"], lost["fault"]["action"]) == (None, "unanswered", "commit-then-drop")
    assert (refused["status"], refused["outcome"], refused["fault"]["action"]) == (503, "answered", "status")
    assert (repeated["status"], repeated["fault"]) == (200, None)
    assert lost["body"]["sha256"] == repeated["body"]["sha256"]


def test_a_body_that_breaks_off_has_a_size_and_no_digest(space, server, seen):
    url = f"{space.blob_url('a.bin')}?{space.sas()}".removeprefix(server.ready["url"])
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        head = f"PUT {url} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nx-ms-blob-type: BlockBlob\r\n"
        line.sendall(head.encode() + b"Content-Length: 1000\r\n\r\nabc")
        for _ in range(200):
            entries = seen(operation="Blob_Put")
            if entries and entries[0]["body"]:
                break
        (entry,) = entries
        assert (entry["outcome"], entry["status"], entry["body"]) == (
            "open",
            None,
            {"size": 3, "sha256": None, "fields": {}},
        )
    for _ in range(200):
        (entry,) = seen(operation="Blob_Put")
        if entry["outcome"] != "open":
            break
    assert (entry["outcome"], entry["body"]["sha256"]) == ("unanswered", None)


PLACES = {
    "a bearer token": lambda secret: {"authorization": f"Bearer {secret}"},
    "a key without a scheme": lambda secret: {"authorization": secret},
    "a shared key": lambda secret: {"authorization": f"SharedKey account:{secret}"},
    "another scheme": lambda secret: {"authorization": f"Digest {secret}"},
    "a key of its own header": lambda secret: {"api-key": secret},
    "an unknown header": lambda secret: {"x-anything": secret},
    "a user agent": lambda secret: {"user-agent": f"me/1 Bearer {secret}"},
    "a session": lambda secret: {"x-maas-session": f"Bearer {secret}"},
    "a client's id": lambda secret: {"x-ms-client-request-id": f"Bearer {secret}"},
    "a signature": lambda secret: f"sv=2022-11-02&sig={secret}",
    "an unknown parameter": lambda secret: f"code={secret}",
    "the name of a parameter": lambda secret: f"{secret}=1&{secret}",
    "a hidden parameter": lambda secret: f"tag={secret}&se={secret}",
    "a token in a shown parameter": lambda secret: f"prefix=eyJ{secret}.eyJ{secret}",
    "a text of the body": lambda secret: _json({"properties": {"description": secret, "tags": {"a": secret}}}),
    "a shown field": lambda secret: _json({"keyType": f"AccountKey={secret}", "location": {"a": secret}}),
    "a name in the body": lambda secret: _json({secret: 1}),
    "no JSON": lambda secret: b'{"keyType": ' + secret.encode(),
}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "application/x-www-form-urlencoded"}, b"client_id=a&client_secret=hunter2"),
        ({"content-type": "application/json"}, b'{"keyType": "Primary", "keyValue": "hunter22"}'),
    ],
)
def test_a_credential_in_a_body_cannot_be_guessed_from_its_digest(headers, body):
    told = anyio.run(_journaled, headers, "", "/x", body)
    assert f"size={len(body)}" in told
    assert hashlib.sha256(body).hexdigest() not in told
    assert hashlib.sha256(b"{}").hexdigest() in anyio.run(
        _journaled, headers | {"content-type": "a/b"}, "", "/x", b"{}"
    )


@given(secret=st.text(ascii_letters + digits, min_size=24, max_size=40), place=st.sampled_from(sorted(PLACES)))
def test_no_secret_is_told_wherever_it_stood(secret, place):
    made = PLACES[place](secret)
    headers = made if isinstance(made, dict) else {}
    query = made if isinstance(made, str) else "api-version=1"
    told = anyio.run(_journaled, headers, query, "/subscriptions/s", made if isinstance(made, bytes) else b"")
    assert secret[:12] not in told


@given(secret=st.text(ascii_letters + digits, min_size=24, max_size=40))
def test_what_looks_like_a_secret_is_hidden_in_a_path(secret):
    for path in (f"/subscriptions/eyJ{secret}.eyJ{secret}.{secret}", f"/stmaas0123456789ab/c/a?sig={secret}"):
        assert secret[:12] not in anyio.run(_journaled, {}, "", path, b"")


def _json(value):
    return json.dumps(value).encode()


async def _journaled(headers, query, path, body):
    """Return everything that the journal keeps of one request."""
    journal = RequestJournal(b"key")

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        pass

    scope = {
        "type": "http",
        "method": "PUT",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "maas.ids": {"request": "r-1"},
    }
    await RequestLine(app, journal)(scope, receive, send)
    (entry,) = journal.entries()
    assert (entry.status, entry.outcome) == (200, "answered")
    return repr(entry) + repr(entry.named)


def test_it_says_when_it_had_no_room(space, space_of, control):
    def scope(workspace, session=""):
        path = f"/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
        return {
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"x-maas-session", session.encode())],
            "maas.ids": {"request": "r-1"},
        }

    journal = RequestJournal(b"key", kept=2)
    for workspace, session in (("one", "a"), ("two", "b"), ("three", ""), ("four", "")):
        journal.begin(scope(workspace, session))
    assert [entry.number for entry in journal.entries()] == [3, 4]
    assert journal.lost(None) == 2
    assert [journal.lost({f"s/r/{name}"}) for name in ("one", "two", "three")] == [1, 2, 0]
    assert journal.lost({"session:a"}) == 1
    journal.remove(None)
    assert (journal.lost(None), journal.last) == (0, 4)
