"""What a program's log is told of calls: one line each, and at DEBUG what goes over the wire, but nothing secret."""

import json
import logging

import pytest

from maas_client.core.io import FileBody
from maas_client.core.redact import REDACTED, redact_body
from maas_client.errors import ConnectError, NotFoundError
from tests.unit.core.scripted import ORIGIN, SCOPE, ScriptedIO, ScriptedStream, Slow, answer, caller, request

URL = f"{ORIGIN}/x?sig=s3cretsignature&comp=block"
TOLD = f"{ORIGIN}/x?sig=REDACTED&comp=block"


@pytest.fixture
def told(caplog):
    def at(level):
        caplog.set_level(level, logger="maas_client")
        return caplog

    return at


def lines(caplog):
    return [(record.name, record.levelname, record.getMessage()) for record in caplog.records]


async def test_a_call_is_one_line(told):
    caplog = told(logging.INFO)
    io = ScriptedIO([Slow(1.5, answer(202, x_ms_request_id="r-1"))])
    await caller(io).send(request(url=URL, expect=(202,)))
    assert lines(caplog) == [("maas_client.calls", "INFO", f"Jobs_Get GET {TOLD} -> 202, r-1 (1 attempt, 1.500 s)")]


async def test_a_failure_that_was_lived_through_is_told(told):
    caplog = told(logging.INFO)
    io = ScriptedIO([ConnectError("Could not connect."), answer()])
    await caller(io).send(request())
    (_, _, again), (_, _, ended) = lines(caplog)
    assert again == f"Jobs_Get: next attempt in {io.sleeps[0]:.2f} s. Could not connect."
    assert ended == f"Jobs_Get GET {ORIGIN}/jobs/a -> 200, no request id (2 attempts, {io.sleeps[0]:.3f} s)"


async def test_what_has_failed_is_told_without_its_words(told):
    caplog = told(logging.INFO)
    with pytest.raises(NotFoundError):
        await caller(ScriptedIO([answer(404, b"gone", x_ms_request_id="r-2")])).send(request())
    with pytest.raises(ConnectError):
        await caller(ScriptedIO([ConnectError("no")] * 4)).send(request(operation="Jobs_List"))
    assert [line for _, _, line in lines(caplog) if "next attempt" not in line] == [
        f"Jobs_Get GET {ORIGIN}/jobs/a -> 404, r-2, NotFoundError (1 attempt, 0.000 s)",
        f"Jobs_List GET {ORIGIN}/jobs/a -> ConnectError (4 attempts, {sum_of_waits(caplog):.3f} s)",
    ]


def sum_of_waits(caplog):
    return sum(record.args[1] for record in caplog.records if "next attempt" in record.msg)


async def test_a_stream_is_told_when_it_opens_or_fails(told):
    caplog = told(logging.DEBUG)
    io = ScriptedIO(streams=[ScriptedStream(200, {}, [b"a"]), ScriptedStream(404, {}, [b"{}"])])
    async with caller(io).stream(request()):
        assert lines(caplog)[-1][2].endswith("-> 200, no request id (1 attempt, 0.000 s)")
    with pytest.raises(NotFoundError):
        async with caller(io).stream(request()):
            pass
    wire = [line for name, _, line in lines(caplog) if name == "maas_client.wire"]
    assert [line.rpartition(" ")[2] for line in wire if line.startswith("<")] == ["<streamed>", "{}"]
    assert "404, no request id, NotFoundError" in lines(caplog)[-1][2]


async def test_the_wire_is_shown_without_what_opens_something(told):
    caplog = told(logging.DEBUG)
    body = json.dumps(
        {"token": "tok3n-in-the-body", "status": "Running", "message": "refused tok-of-the-test"}
    ).encode()
    headers = {"set_cookie": "s3cret", "location": f"{URL}&x=1", "x_ms_error_code": "tok-of-the-test"}
    io = ScriptedIO([answer(200, body, **headers)])
    io.tokens = [type(await io.token(SCOPE, None))("tok-of-the-test", 1e12)]
    await caller(io).send(request(url=URL, scope=SCOPE, body=b'{"n_epochs": 3, "text": "training"}'))
    sent, came = (line for name, _, line in lines(caplog) if name == "maas_client.wire")
    assert sent.startswith(f"> GET {TOLD} ")
    assert "'authorization': 'REDACTED'" in sent
    assert sent.endswith('{"n_epochs": 3, "text": "REDACTED"}')
    assert came.startswith("< Jobs_Get 200 in 0.000 s, attempt 1: ")
    assert '{"token": "REDACTED", "status": "Running", "message": "refused REDACTED"}' in came
    assert all(secret not in caplog.text for secret in ("tok-of", "tok3n", "s3cret", "training"))


async def test_a_file_is_told_by_its_size(told):
    caplog = told(logging.DEBUG)
    await caller(ScriptedIO([answer(201)])).send(
        request(body=FileBody(source=None, length=70), expect=(201,))  # type: ignore[arg-type]
    )
    assert lines(caplog)[0][2].endswith(" <70 bytes of a file>")


async def test_a_program_that_asked_for_nothing_hears_nothing(caplog):
    await caller(ScriptedIO([ConnectError("no"), answer()])).send(request())
    assert caplog.records == []


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            {"name": "job", "tags": {"name": "mine", "empty": ""}},
            {"name": "job", "tags": {"name": REDACTED, "empty": ""}},
        ),
        ({"properties": {"status": "Failed"}}, {"properties": {"status": "Failed"}}),
        ({"properties": {"properties": {"status": "mine"}}}, {"properties": {"properties": {"status": REDACTED}}}),
        ({"nextLink": "https://h/x?sig=s3cret&comp=list"}, {"nextLink": "https://h/x?sig=REDACTED&comp=list"}),
        ({"error": {"code": "Bad", "message": "sig=s3cret"}}, {"error": {"code": "Bad", "message": "sig=REDACTED"}}),
        ([{"role": "user", "content": "hello"}], [{"role": "user", "content": REDACTED}]),
        ({"a": 1.5, "b": True, "c": None, "content": ""}, {"a": 1.5, "b": True, "c": None, "content": ""}),
        ({"name": ["a", "b"], "words": ["a"]}, {"name": ["a", "b"], "words": [REDACTED]}),
    ],
)
def test_the_shape_of_a_body(body, shown):
    assert json.loads(redact_body(json.dumps(body).encode())) == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", ""),
        (b"<Blob/>", "<7 bytes>"),
        (b"\xff\xfe", "<2 bytes>"),
        (b"[" * 60_000, "<60000 bytes>"),
        (b"[" + b"1," * 40_000 + b"1]", "<80003 bytes>"),
    ],
)
def test_what_is_no_json_or_too_long_is_told_by_its_size(body, shown):
    assert redact_body(body) == shown


def test_a_long_body_is_cut():
    assert redact_body(json.dumps([1] * 5000).encode()) == f"{json.dumps([1] * 5000)[:4000]}..."
