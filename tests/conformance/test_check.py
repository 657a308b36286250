"""What is broken on purpose is found, where it is broken, and without a value of it in the words."""

import copy
import json
from typing import Any

import pytest

from maas_client.core.io import Request, Response
from maas_client.server.conformance.exchange import Exchange
from tests.conformance.scripted import examiner, exchange_of
from tests.unit.backends.exchanges import Exchange as Golden
from tests.unit.backends.exchanges import all_names, encode, load

WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws-1"
JOB, VERSION = f"{WORKSPACE}/jobs/a", "api-version=2024-10-01-preview"
JSON = {"content-type": "application/json"}
BLOB = "/acct.blob.core.windows.net/con/folder/file.jsonl"
XML = {"content-type": "application/xml"}
ERROR = b"<Error><Code>BlobNotFound</Code></Error>"
STORED = {"etag": '"1"', "last-modified": "Wed, 21 May 2025 00:20:48 GMT"}


def request_of(golden: Golden) -> Request:
    return Request(
        operation="", method=golden.request["method"], url=golden.request["url"], headers=golden.request["headers"],
        body=golden.body,
    )  # fmt: skip


def found(exchange, side=None):
    finding = examiner().examine(exchange, strict_request=side == "request")
    return {(each.deviation.where, each.deviation.keyword) for each in finding.unexplained(side)}


def paths_of(value, path=()):
    """Yield where each member of an object is."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield (*path, key)
        yield from paths_of(inner, (*path, key))


def changed(value, path, to):
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return value


@pytest.mark.parametrize("name", all_names())
def test_golden_exchanges_are_as_described(name):
    golden = load(name)
    assert found(exchange_of(request_of(golden), golden.response), "request") == set()
    assert bool(found(exchange_of(request_of(golden), golden.response))) is bool(golden.odd)


OF_MAPS = ("tags", "properties", "hyperParameters", "outputs", "services", "logFiles", "headers", "messageParameters")
OPEN = ("info", "correlation", "maas_simulated", "input", "identity", "runDefinition", "debugInfo", "additionalInfo")


def one_of_each_operation():
    """Return the name of the last golden answer of each operation that is a JSON object."""
    names = {}
    for name in all_names():
        golden = load(name)
        if not golden.odd and golden.response.status < 300 and golden.response.body.startswith(b"{"):
            names[examiner().examine(exchange_of(request_of(golden))).operation] = name
    return sorted(names.values())


@pytest.mark.parametrize("name", one_of_each_operation())
def test_an_answer_with_any_field_of_a_wrong_type_is_found(name):
    golden = load(name)
    body = json.loads(golden.response.body)
    missed = []
    for path in paths_of(body):
        broken = encode(changed(body, path, {"of no": ["such", "type"]}))
        answer = Response(golden.response.status, golden.response.headers, broken, golden.request["url"])
        if not found(exchange_of(request_of(golden), answer), "response"):
            missed.append(path)
    tolerated = [path for path in missed if not {*OPEN, *OF_MAPS} & set(map(str, path))]
    assert tolerated == []


@pytest.mark.parametrize(
    "name", [name for name in all_names() if name.startswith(("job_create_2", "endpoint_create_2"))]
)
def test_a_request_with_a_field_that_nobody_knows_is_found(name):
    golden = load(name)
    body = json.loads(golden.body or b"{}")
    body["properties"]["trainig"] = 1
    wrong = Request(operation="", method="PUT", url=golden.request["url"], headers=JSON, body=encode(body))
    assert ("$.properties.trainig", "additionalProperties") in found(exchange_of(wrong), "request")


def test_deviations_are_told_at_the_place_that_is_meant():
    golden = load("job_create_201")
    body = json.loads(golden.body or b"{}")
    del body["properties"]["fineTuningDetails"]["trainingData"]["uri"]
    body["properties"]["fineTuningDetails"]["taskType"] = "ChatKompletion"
    wrong = Request(operation="", method="PUT", url=golden.request["url"], headers=JSON, body=encode(body))
    places = found(exchange_of(wrong), "request")
    assert ("$.properties.fineTuningDetails.taskType", "pattern") in places
    assert ("$.properties.fineTuningDetails.trainingData", "required") in places
    # The published document says it by alternatives; the one that is meant is chosen, not all of them listed.
    assert places <= {
        ("$.properties.fineTuningDetails.taskType", "pattern"),
        ("$.properties.fineTuningDetails.trainingData", "required"),
    }


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"query": "api-version=soon"}, ("query api-version", "pattern")),
        ({"query": ""}, ("query api-version", "required")),
        ({"query": f"{VERSION}&verbose=1"}, ("query verbose", "additionalProperties")),
        ({"status": 302}, ("status", "status")),
        ({"answer_headers": {"content-type": "text/html"}}, ("content-type", "content-type")),
        ({"answer": b'{"name": NaN}'}, ("$", "format")),
        ({"answer": b'{"name"'}, ("$", "format")),
        ({"answer": b"\xff"}, ("$", "format")),
        ({"answer": b"[" * 100_000}, ("$", "format")),
        ({"path": f"{WORKSPACE}/jobz/a"}, ("path", "operation")),
        ({"body": b"{}"}, ("body", "body")),
        ({"path": WORKSPACE.replace("ws-1", "w")}, ("path workspaceName", "pattern")),
    ],
)
def test_everything_else_of_an_exchange_is_looked_at(changes, place):
    whole = load("job_get_running_200").response.body
    fields: dict[str, Any] = {
        "method": "GET",
        "path": JOB,
        "query": VERSION,
        "headers": {},
        "status": 200,
        "answer_headers": JSON,
    }
    good = Exchange(**{**fields, "answer": whole})
    assert found(good) == set()
    assert place in found(Exchange(**{**fields, "answer": whole, **changes}))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, None),
        ({"headers": {}}, ("header x-ms-blob-type", "required")),
        ({"headers": {"x-ms-blob-type": "PageBlob"}}, ("header x-ms-blob-type", "const")),
        ({"answer_headers": {"etag": '"1"'}}, ("header Last-Modified", "required")),
        ({"query": "sv=2022-11-02&sig=s&comp=lease"}, ("query comp", "additionalProperties")),
        ({"status": 404, "answer_headers": XML, "answer": ERROR}, ("header x-ms-error-code", "required")),
    ],
)
def test_blobs(changes, place):
    sent = {"x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream"}
    fields: dict[str, Any] = {
        "method": "PUT",
        "path": BLOB,
        "query": "sv=2022-11-02&sig=s",
        "headers": sent,
        "status": 201,
    }
    result = found(Exchange(**{**fields, "answer_headers": STORED, "answer": b"", **changes}))
    assert result == ({place} if place else set())


LIST = (
    "<EnumerationResults ContainerName='con'><Prefix/><Blobs><Blob><Name>a</Name><Properties>"
    "<Last-Modified>x</Last-Modified><Etag>1</Etag><Content-Length>{length}</Content-Length><BlobType>BlockBlob</BlobType></Properties><Metadata><k>v</k>"
    "</Metadata></Blob>{more}</Blobs><NextMarker/></EnumerationResults>"
)
LISTED = "restype=container&comp=list"
LENGTH = "$.Blobs.Blob.0.Properties.Content-Length"
BLOCKS = (
    "<BlockList><CommittedBlocks><Block><Name>QQ==</Name><Size>{size}</Size></Block></CommittedBlocks>"
    "<UncommittedBlocks/></BlockList>"
)


@pytest.mark.parametrize(
    ("query", "text", "place"),
    [
        (LISTED, LIST.format(length=4, more=""), None),
        (LISTED, LIST.format(length="four", more=""), (LENGTH, "type")),
        (LISTED, LIST.format(length=4, more="<Blob><Name>b</Name></Blob>"), ("$.Blobs.Blob.1", "required")),
        (LISTED, LIST.format(length=4, more="<Lease/>"), ("$.Blobs.Lease", "additionalProperties")),
        (LISTED, "<Blobs/>", ("$", "format")),
        (LISTED, "<Blobs>", ("$", "format")),
        ("comp=blocklist", BLOCKS.format(size=4), None),
        ("comp=blocklist", BLOCKS.format(size="big"), ("$.CommittedBlocks.0.Size", "type")),
    ],
)  # fmt: skip
def test_xml_is_read_by_its_schema(query, text, place):
    path = "/acct.blob.core.windows.net/con" + ("/a" if "blocklist" in query else "")
    headers = {"content-type": "application/xml"}
    exchange = Exchange("GET", path, query, {}, None, 200, headers, text.encode())
    assert found(exchange) == ({place} if place else set())


EVENT = 'data: {{"id":"1","object":"{kind}","created":1,"model":"m","choices":[]}}\n\n'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (EVENT.format(kind="chat.completion.chunk") + "data: [DONE]\n\n", None),
        (EVENT.format(kind="chat.completion.chunk"), ("$", "format")),
        (EVENT.format(kind="chat.completion") + "data: [DONE]\n\n", ("$.object", "const")),
    ],
)
def test_every_event_is_looked_at(text, place):
    headers = {"content-type": "text/event-stream"}
    body = encode({"messages": [{"role": "user", "content": "x"}], "stream": True})
    exchange = Exchange("POST", "/serverless/ep/v1/chat/completions", "", JSON, body, 200, headers, text.encode())
    assert found(exchange) == ({place} if place else set())


def test_no_value_of_an_exchange_is_in_the_words_of_a_finding():
    secret = "c2VjcmV0LW9mLWEtdGVzdA"
    body = encode({"keyType": secret, "keyValue": {"deep": secret}})
    answer = encode({"primaryKey": [secret], "secondaryKey": secret, "error": secret})
    path = f"{WORKSPACE}/serverlessEndpoints/ep/regenerateKeys"
    query = f"{VERSION}&sig={secret}"
    sent = {**JSON, "authorization": f"Bearer {secret}", "x-ms-version": secret}
    finding = examiner().examine(Exchange("POST", path, query, sent, body, 200, JSON, answer))
    assert len(finding.unexplained("request")) >= 3
    assert len(finding.unexplained("response")) >= 2
    assert secret not in json.dumps(finding.line())


def test_a_refused_request_may_be_anything_and_its_refusal_may_not():
    refused = {"error": {"code": "UserError", "message": "no"}}
    exchange = Exchange("PUT", JOB, VERSION, JSON, b"[1]", 400, JSON, encode(refused))
    assert found(exchange) == set()
    assert ("$.error", "required") in found(Exchange("PUT", JOB, VERSION, JSON, b"[1]", 400, JSON, b'{"error": {}}'))


def test_the_published_document_of_the_version_is_taken():
    if not examiner()._published:
        pytest.skip("the published specifications are not at hand")
    body = load("job_get_running_200").response.body

    def checked(version: str) -> list[str]:
        return list(
            examiner().examine(Exchange("GET", JOB, f"api-version={version}", {}, None, 200, JSON, body)).checked
        )

    assert checked("2024-01-01-preview") == ["contract", "published 2024-10-01-preview"]
    assert checked("2025-10-01-preview") == ["contract", "published 2024-10-01-preview"]
    assert checked("2026-05-15-preview") == ["contract", "published 2026-05-15-preview"]
