"""Long-running operations, three ways."""

import json

import pytest

from maas_client.core import lro
from maas_client.core.io import Response
from maas_client.core.lro import Lro
from maas_client.errors import ConfigurationError, ResponseError
from tests.unit.core.scripted import ORIGIN, SCOPE, request

URL = f"{ORIGIN}/serverlessEndpoints/e?api-version=1"
STATUS = f"{ORIGIN}/mfeOperationsStatus/1?api-version=1"
RESULT = f"{ORIGIN}/mfeOperationResults/1?api-version=1"


def said(status: int, document: object = None, **headers: str) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def state(word: str, **more: object) -> dict[str, object]:
    return {"properties": {"provisioningState": word}, **more}


def start(response: Response, method: str = "PUT") -> Lro:
    asked = request(operation="Endpoints_Create", method=method, url=URL, scope=SCOPE)
    return lro.begin(asked, response)


def test_operation_url_comes_first():
    begun = start(said(201, azure_asyncoperation=STATUS, location=RESULT, retry_after="7", x_ms_client_request_id="c"))
    assert (begun.way, begun.poll_url, begun.status, begun.retry_after) == ("operation", STATUS, "running", 7)
    asked = lro.poll(begun)
    assert (asked.method, asked.url, asked.scope, asked.operation) == ("GET", STATUS, SCOPE, "Endpoints_Create_Poll")
    assert asked.headers == {"x-ms-client-request-id": "c"}
    assert 204 not in asked.expect
    going = lro.advance(begun, said(200, {"status": "InProgress"}, retry_after="0"))
    assert (going.is_done, going.retry_after) == (False, 0)
    done = lro.advance(going, said(200, {"status": "SUCCEEDED"}))
    assert (done.is_done, done.status, done.retry_after) == (True, "succeeded", None)


@pytest.mark.parametrize(
    ("word", "status"),
    [("Failed", "failed"), ("canceled", "canceled"), ("Cancelled", "canceled"), ("Updating", "running")],
)
def test_operation_words(word, status):
    begun = start(said(201, azure_asyncoperation=STATUS))
    failed = lro.advance(begun, said(200, {"status": word, "error": {"code": "C", "message": "m sig=s3cret"}}))
    assert (failed.status, failed.error_code, failed.error_message) == (status, "C", "m sig=REDACTED")


@pytest.mark.parametrize("error", [None, "text", {"code": None}, []])
def test_failed_without_a_reason(error):
    begun = start(said(201, azure_asyncoperation=STATUS))
    failed = lro.advance(begun, said(200, {"status": "Failed", "error": error}))
    assert (failed.status, failed.error_code, failed.error_message) == ("failed", "", "")


@pytest.mark.parametrize("document", [None, {}, [], {"status": ""}, {"status": 3}, "Succeeded"])
def test_status_document_without_status(document):
    begun = start(said(201, azure_asyncoperation=STATUS))
    with pytest.raises(ResponseError, match="no status") as caught:
        lro.advance(begun, said(200, document))
    assert caught.value.path == "$.status"


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"[" * 100_000])
def test_answer_that_is_not_json(body):
    begun = start(said(201, azure_asyncoperation=STATUS))
    with pytest.raises(ResponseError, match="not JSON"):
        lro.advance(begun, Response(200, {}, body))


def test_location_way():
    begun = start(said(202, location="../mfeOperationResults/1?api-version=1"), "DELETE")
    assert (begun.way, begun.poll_url) == ("location", RESULT)
    assert 204 in lro.poll(begun).expect
    assert lro.poll(begun).headers == {}
    again = lro.advance(begun, said(202, location=RESULT + "&n=2", retry_after="3"))
    assert (again.poll_url, again.status, again.retry_after) == (RESULT + "&n=2", "running", 3)
    same = lro.advance(again, said(202))
    assert same.poll_url == again.poll_url
    for status in (200, 201, 204):
        assert lro.advance(same, said(status)).status == "succeeded"


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (said(200, state("Succeeded")), "succeeded"),
        (said(200, state("Creating")), "running"),
        (said(201, state("Failed", error={"code": "C", "message": "m"})), "failed"),
        (said(200, {"properties": {}}), "succeeded"),
        (said(200, {"properties": None}), "succeeded"),
        (said(200), "succeeded"),
        (said(201, {}), "running"),
        (said(202), "running"),
        (said(204), "succeeded"),
        (said(200, state("")), "succeeded"),
    ],
)
def test_headerless_put(response, status):
    begun = start(response)
    assert (begun.way, begun.status) == ("resource", status)
    if begun.is_done:
        return
    assert lro.poll(begun).url == URL
    assert lro.advance(begun, said(200, state("Succeeded"))).status == "succeeded"


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (said(200), "succeeded"),
        (said(200, state("Succeeded")), "succeeded"),
        (said(204), "succeeded"),
        (said(202), "running"),
    ],
)
def test_headerless_delete(response, status):
    assert start(response, "DELETE").status == status


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (state("Succeeded"), "running"),
        (state("Deleting"), "running"),
        ({"name": "e"}, "running"),
        (state("Failed"), "failed"),
    ],
)
def test_a_resource_that_is_still_there_is_not_deleted(seen, status):
    begun = start(said(202), "DELETE")
    assert lro.advance(begun, said(200, seen)).status == status
    assert lro.on_missing(begun).status == "succeeded"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("header", ["azure_asyncoperation", "location"])
def test_a_forgotten_operation_is_told_by_its_resource(method, header):
    begun = start(said(202, **{header: STATUS}), method)
    fallen_back = lro.on_missing(begun)
    assert (fallen_back.way, fallen_back.poll_url, fallen_back.status) == ("resource", URL, "running")


def test_a_missing_resource_has_failed():
    gone = lro.on_missing(start(said(201, {})))
    assert (gone.status, gone.error_code) == ("failed", "ResourceNotFound")


def test_a_broken_url_is_the_service_s_fault():
    with pytest.raises(ResponseError, match="no valid URL"):
        start(said(202, location="http://[bad"))


def test_token_round_trip():
    begun = start(said(201, azure_asyncoperation=STATUS, retry_after="2.5", x_ms_client_request_id="c"))
    assert Lro.from_token(begun.to_token()) == begun


GOOD = json.loads(start(said(201, azure_asyncoperation=STATUS)).to_token())


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "[]", "5", "null", "{}", '{"v":1}', "[" * 100_000,
        json.dumps({**GOOD, "way": "other"}),
        json.dumps({**GOOD, "poll_url": 5}),
        json.dumps({**GOOD, "more": 5}),
    ],
)  # fmt: skip
def test_bad_token(token):
    with pytest.raises(ConfigurationError, match="not a resume token"):
        Lro.from_token(token)


def test_token_of_a_later_version():
    with pytest.raises(ConfigurationError, match="version 2"):
        Lro.from_token(json.dumps({**GOOD, "v": 2}))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H", 3600), ("PT5M", 300), ("PT90S", 90), ("P1DT1H1M1.5S", 90061), ("P2D", 172800), (" PT1H ", 3600),
        ("", None), ("P", None), ("PT", None), ("PT0S", None), ("1H", None), ("PT-1H", None), ("P1M", None),
    ],
)  # fmt: skip
def test_the_time_that_an_operation_is_given(text, seconds):
    begun = start(said(201, azure_asyncoperation=STATUS, x_ms_async_operation_timeout=text))
    assert begun.time_limit == seconds
    assert Lro.from_token(begun.to_token()) == begun


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Nov 2026 12:00:00 GMT"])
def test_a_date_that_is_none_is_none(date):
    assert start(said(201, azure_asyncoperation=STATUS, date=date)).begun_at is None


def test_an_operation_is_overdue_a_minute_after_its_time():
    headers = {"x_ms_async_operation_timeout": "PT1H", "date": "Thu, 01 Jan 1970 00:00:10 GMT"}
    begun = start(said(201, azure_asyncoperation=STATUS, **headers))
    assert [begun.is_overdue(at) for at in (10, 3610, 3670, 3671)] == [False, False, False, True]
    assert not lro.advance(begun, said(200, {"status": "Succeeded"})).is_overdue(9999)
    assert not start(said(201, azure_asyncoperation=STATUS)).is_overdue(9e9)


@pytest.mark.parametrize("field", ["time_limit", "begun_at"])
def test_a_token_with_a_time_of_another_kind_is_refused(field):
    document = json.loads(start(said(201, azure_asyncoperation=STATUS)).to_token())
    with pytest.raises(ConfigurationError, match="not a resume token"):
        Lro.from_token(json.dumps({**document, field: "soon"}))
