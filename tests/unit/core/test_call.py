"""Flows, streams, trust, error classes and what a call sends."""

import uuid
from typing import cast

import pytest

from maas_client.core import stepping
from maas_client.core.call import LARGEST_ERROR_BODY_BYTES
from maas_client.core.error_map import ErrorFacts, build_error, request_id_of
from maas_client.core.io import FileBody, SourceFile
from maas_client.core.trust import KEY, NONE, SIGNED, Trust, is_loopback, origin_of
from maas_client.errors import (
    AuthenticationError,
    BadRequestError,
    BrokenResponseError,
    ConflictError,
    ConnectError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
    RateLimitError,
    ResponseError,
    ServerError,
    StatusError,
    UnprocessableError,
    UsageError,
)
from tests.unit.core.scripted import ORIGIN, SCOPE, ScriptedIO, ScriptedStream, answer, caller, request

JSON = {"content-type": "application/json"}


def two_calls():
    first = yield request()
    second = yield request(operation="Jobs_List")
    return first.body + second.body


def create_or_adopt():
    try:
        response = yield request(operation="Jobs_Create", method="PUT")
    except ConflictError:
        response = yield request()
    return response.body


def no_call():
    yield from ()
    return 7


async def test_a_flow_is_sent_its_answers():
    io = ScriptedIO([answer(body=b"1"), answer(body=b"2")])
    assert await caller(io).run(two_calls()) == b"12"
    assert [sent.operation for sent, _, _ in io.sent] == ["Jobs_Get", "Jobs_List"]


async def test_a_failed_call_is_thrown_into_the_flow():
    io = ScriptedIO([answer(409), answer(body=b"there")])
    assert await caller(io).run(create_or_adopt()) == b"there"


async def test_what_a_flow_does_not_catch_reaches_the_caller():
    with pytest.raises(NotFoundError):
        await caller(ScriptedIO([answer(404)])).run(create_or_adopt())


async def test_a_flow_without_calls():
    assert await caller(ScriptedIO()).run(no_call()) == 7


def test_the_same_runs_without_an_event_loop():
    io = ScriptedIO([answer(body=b"1"), answer(503), answer(body=b"2")])
    assert stepping.run(caller(io).run(two_calls())) == b"12"


async def test_headers_of_every_call():
    io = ScriptedIO([answer(), answer()])
    sender = caller(io)
    await sender.send(request(headers={"accept": "*/*", "x-ms-version": "1"}))
    await sender.send(request())
    first, second = (headers for _, headers, _ in io.sent)
    assert first["accept"] == "*/*"
    assert second["accept"] == "application/json"
    assert first["user-agent"] == "tests"
    assert uuid.UUID(first["x-ms-client-request-id"]) != uuid.UUID(second["x-ms-client-request-id"])
    assert "authorization" not in first


async def test_a_retry_keeps_its_request_id():
    io = ScriptedIO([answer(503), answer()])
    await caller(io).send(request())
    assert io.sent[0][1] == io.sent[1][1]


class Stamp:
    def sign(self, request, headers, now):
        return {"authorization": f"SharedKey a:{request.method}", "x-ms-date": str(now), "seen": headers["accept"]}


async def test_every_attempt_is_signed_anew():
    io = ScriptedIO([answer(503), answer()])
    await caller(io).send(request(signer=Stamp()))
    first, second = (headers for _, headers, _ in io.sent)
    assert (first["authorization"], first["seen"]) == ("SharedKey a:GET", "application/json")
    assert first["x-ms-date"] < second["x-ms-date"]
    assert first["x-ms-client-request-id"] == second["x-ms-client-request-id"]
    assert "SharedKey" not in repr(io.sent[0][0])
    assert io.asked == []


async def test_an_upload_gets_time_by_its_size():
    io = ScriptedIO([answer()])
    await caller(io).send(request(body=FileBody(source=cast("SourceFile", None), length=64 * 1024 * 100)))
    assert io.sent[0][2] == 160


async def test_a_closed_client_is_a_usage_error():
    sender = caller(ScriptedIO(), closed=True)
    with pytest.raises(UsageError):
        await sender.send(request())
    with pytest.raises(UsageError):
        async with sender.stream(request()):
            pass


# Streams


# Streams


async def test_stream_open_is_retried():
    io = ScriptedIO(
        streams=[ConnectError("refused"), ScriptedStream(503, {}, [b"busy"]), ScriptedStream(200, {}, [b"a", b"b"])]
    )
    async with caller(io).stream(request()) as stream:
        assert [piece async for piece in stream.iter_bytes()] == [b"a", b"b"]
    assert len(io.sleeps) == 2
    assert io.closed_streams == [None, None]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([b"not ", b"so"], "not so"),
        ([], ""),
        ([b"not ", BrokenResponseError("cut")], "not "),
        ([b"x" * (LARGEST_ERROR_BODY_BYTES - 1), b"yyy", b"zzz"], "x" * (LARGEST_ERROR_BODY_BYTES - 1) + "y"),
    ],
)
async def test_stream_refused_reads_the_reason(pieces, message):
    io = ScriptedIO(streams=[ScriptedStream(422, {"x-ms-request-id": "r1"}, pieces)])
    with pytest.raises(UnprocessableError) as caught:
        async with caller(io).stream(request()):
            pass
    assert caught.value.message == message
    assert caught.value.request_id == "r1"
    assert len(io.closed_streams) == 1


async def test_stream_cut_off_is_not_retried():
    io = ScriptedIO(streams=[ScriptedStream(200, {}, [b"a", BrokenResponseError("cut")])])
    async with caller(io).stream(request()) as stream:
        with pytest.raises(BrokenResponseError):
            assert [piece async for piece in stream.iter_bytes()] == []
    assert len(io.sent) == 1


async def test_stream_left_by_an_error_tells_its_context():
    io = ScriptedIO(streams=[ScriptedStream(200, {}, [b"a"])])
    with pytest.raises(ZeroDivisionError):
        async with caller(io).stream(request()):
            raise ZeroDivisionError
    assert isinstance(io.closed_streams[0], ZeroDivisionError)


async def test_stream_of_a_post_is_not_repeated_after_500():
    io = ScriptedIO(streams=[ScriptedStream(500, {}, [])])
    with pytest.raises(ServerError):
        async with caller(io).stream(request(idempotent=False)):
            pass
    assert len(io.sent) == 1


# Trust

SERVICE = Trust(
    frozenset({ORIGIN}),
    {
        SCOPE: (".api.azureml.ms",),
        KEY: (".inference.ai.azure.com",),
        SIGNED: (".blob.core.windows.net",),
        NONE: (".blob.core.windows.net", ".api.azureml.ms"),
    },
)
EMULATOR = Trust(frozenset({"http://127.0.0.1:8080"}), {SCOPE: (".api.azureml.ms",)}, emulator=True)


@pytest.mark.parametrize(
    ("trust", "changes"),
    [
        (SERVICE, {"url": f"{ORIGIN}/a"}),
        (SERVICE, {"url": "HTTPS://Management.Azure.com:443/a", "scope": SCOPE}),
        (SERVICE, {"url": "https://eastus2.api.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://EASTUS2.API.AZUREML.MS/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://e.eastus2.inference.ai.azure.com/x", "key": "k"}),
        (SERVICE, {"url": "https://acct.blob.core.windows.net/c/b?sig=x"}),
        (SERVICE, {"url": "https://acct.blob.core.windows.net/c/b", "signer": Stamp()}),
        (EMULATOR, {"url": "http://127.0.0.1:8080/x", "scope": SCOPE}),
    ],
)
def test_trusted(trust, changes):
    trust.check(request(**changes))


@pytest.mark.parametrize(
    ("trust", "changes"),
    [
        (SERVICE, {"url": "https://evil.example/a"}),
        (SERVICE, {"url": "http://management.azure.com/a"}),
        (SERVICE, {"url": "https://management.azure.com:8443/a"}),
        (SERVICE, {"url": "https://user@management.azure.com/a"}),
        (SERVICE, {"url": "https://@management.azure.com/a"}),
        (SERVICE, {"url": "https://management.azure.com@evil.example/a"}),
        (SERVICE, {"url": "http://eastus2.api.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://u:p@eastus2.api.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://api.azureml.ms.evil.example/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://evilapi.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://eastus2.api.azureml.de/x"}),
        (SERVICE, {"url": "https://eastus2.api.azureml.ms/x", "signer": Stamp()}),
        (SERVICE, {"url": "https://eastus2.api.azureml.ms/x", "key": "k"}),
        (SERVICE, {"url": "https://acct.blob.core.windows.net/c/b", "scope": SCOPE}),
        (SERVICE, {"url": "https://evil.example\\.api.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://evil.example%2f.api.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://a\t.api.azureml.ms/x", "scope": SCOPE}),
        (SERVICE, {"url": "https://[::1/x"}),
        (SERVICE, {"url": "https://management.azure.com:99999/x"}),
        (SERVICE, {"url": "https://management.azure.com:x/x"}),
        (SERVICE, {"url": "file:///etc/passwd"}),
        (SERVICE, {"url": "http://169.254.169.254/metadata"}),
        (SERVICE, {"url": "/jobs"}),
        (SERVICE, {"url": ""}),
        (EMULATOR, {"url": "http://127.0.0.1:8081/x"}),
        (EMULATOR, {"url": "http://localhost:8080/x"}),
        (EMULATOR, {"url": "https://eastus2.api.azureml.ms/x", "scope": SCOPE}),
    ],
)
async def test_not_trusted(trust, changes):
    io = ScriptedIO()
    with pytest.raises(ResponseError, match="where this client sends nothing"):
        await caller(io, trust=trust).send(request(**changes))
    assert io.sent == []
    assert io.asked == []


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.b/c", "https://a.b"),
        ("https://a:443/", "https://a"),
        ("http://a:80", "http://a"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("ftp://a", "ftp://a"),
        ("https://u@a", "https://user@a"),
        ("nothing", "://"),
    ],
)
def test_origin(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://[::1]/", True),
        ("http://LocalHost", True),
        ("http://a", False),
        ("", False),
    ],
)
def test_loopback(url, expected):
    assert is_loopback(url) is expected


# Error classes


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (412, PreconditionFailedError),
        (422, UnprocessableError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
        (302, StatusError),
        (410, StatusError),
        (418, StatusError),
    ],
)
def test_error_class(status, cls):
    error = build_error(request(), answer(status), ErrorFacts(message="m"))
    assert type(error) is cls
    assert (error.status, error.operation) == (status, "Jobs_Get")


def test_error_facts_and_redaction():
    facts = ErrorFacts(
        message="bad api-key: abcdef", code="UserError", target="t", details=[("Inner", "sig=s3cret")], is_conflict=True
    )
    error = build_error(request(), answer(400, retry_after="7", x_request_id="r"), facts)
    assert type(error) is ConflictError
    assert error.message == "bad api-key: REDACTED"
    assert error.details == (("Inner", "sig=REDACTED"),)
    assert (error.code, error.target, error.retry_after, error.request_id, error.hint) == (
        "UserError",
        "t",
        7,
        "r",
        None,
    )


def test_error_hints():
    assert "az login" in (build_error(request(), answer(401), ErrorFacts("m")).hint or "")
    assert build_error(request(), answer(401), ErrorFacts("m", hint="own")).hint == "own"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-ms-request-id": "a", "x-request-id": "b"}, "a"),
        ({"x-request-id": "b", "apim-request-id": "c"}, "b"),
        ({"apim-request-id": "c", "x-ms-request-id": ""}, "c"),
    ],
)
def test_request_id(headers, expected):
    assert request_id_of(answer(**headers).headers) == expected


@pytest.mark.parametrize("body", [b'{"a": 1', b'{"a": "\xff"}', b"\xef\xbb\xbf{", b"{} {}", b"nul"])
async def test_an_answer_that_is_broken_as_json_is_asked_for_again(body):
    io = ScriptedIO([answer(200, body, **JSON), answer(200, b"{}", **JSON)])
    assert (await caller(io).send(request())).body == b"{}"
    io = ScriptedIO([answer(200, body, **JSON)])
    with pytest.raises(BrokenResponseError, match="JSON is cut off or damaged") as caught:
        await caller(io).send(request(method="POST", idempotent=False))
    assert caught.value.may_have_happened
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind", "accept"),
    [
        (b'\xef\xbb\xbf{"a": 1}', "application/json; charset=utf-8", "application/json"),
        (b"", "application/json", "application/json"),
        (b"<html>", "text/html", "application/json"),
        (b'{"a": 1}\n{"a', "application/json", "*/*"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", "application/json"),
    ],
)
async def test_what_is_whole_or_no_json_at_all_is_passed_on(body, kind, accept):
    io = ScriptedIO([answer(200, body, **{"content-type": kind})])
    assert (await caller(io).send(request(headers={"accept": accept}))).body == body
