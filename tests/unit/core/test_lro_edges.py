"""Following an operation, at its edges: what a mutation of `core/lro.py` by one word must turn red."""

import json
from dataclasses import replace
from typing import Any

import pytest

from maas_client.core import lro
from maas_client.core.io import Response
from maas_client.core.lro import Lro
from maas_client.errors import ConfigurationError, ResponseError
from tests.unit.core.scripted import ORIGIN, request

RESOURCE = f"{ORIGIN}/endpoints/bot"
OTHER = f"{ORIGIN}/endpoints/other"
STATUS = f"{ORIGIN}/status/1"
WAYS = ("operation", "location", "resource")
UNDER_WAY = Lro("Endpoints_Create", "PUT", RESOURCE, RESOURCE, "resource")


def following(way: Any) -> Lro:
    return replace(UNDER_WAY, way=way, poll_url=RESOURCE if way == "resource" else STATUS)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_survives_its_token(way):
    assert Lro.from_token(following(way).to_token()) == following(way)


def test_a_token_has_no_spaces():
    assert " " not in UNDER_WAY.to_token()


def test_a_token_whose_request_id_is_none_of_text_is_refused():
    fields = json.loads(UNDER_WAY.to_token()) | {"client_request_id": 5}
    with pytest.raises(ConfigurationError, match=r"^This is not a resume token of an operation\."):
        Lro.from_token(json.dumps(fields))


@pytest.mark.parametrize(
    ("way", "expect"),
    [("operation", (200, 201, 202)), ("location", (200, 201, 202, 204)), ("resource", (200, 201, 202))],
)
def test_what_a_look_may_be_answered(way, expect):
    assert lro.poll(following(way)).expect == expect


@pytest.mark.parametrize("way", WAYS)
def test_another_resource_tells_how_it_went(way):
    told = following(way).told_by(OTHER)
    assert told == replace(following(way), resource_url=OTHER, poll_url=OTHER if way == "resource" else STATUS)


def test_a_resource_that_failed_says_why():
    error = {"code": "OutOfCapacity", "message": "No room."}
    answered = {"properties": {"provisioningState": "Failed"}, "error": error}
    ended = lro.advance(UNDER_WAY, Response(200, {}, json.dumps(answered).encode()))
    assert (ended.status, ended.error_code, ended.error_message) == ("failed", "OutOfCapacity", "No room.")


def test_a_resource_that_is_gone_is_told_in_words():
    assert lro.on_missing(UNDER_WAY).error_message == "The resource is gone."


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(200, {}, b"{}"), r"^The operation's status document has no status\."),
        (Response(200, {}, b"<html>"), r"^The operation's answer is not JSON\."),
    ],
)
def test_an_answer_that_tells_nothing_is_told_in_words(response, message):
    with pytest.raises(ResponseError, match=message):
        lro.advance(following("operation"), response)


def test_the_operation_whose_answers_are_wrong_is_named():
    with pytest.raises(ResponseError) as caught:
        lro.advance(following("operation"), Response(200, {}, b"{}"))
    assert caught.value.operation == "Endpoints_Create"
    with pytest.raises(ResponseError, match=r"^The answer names no valid URL to follow\.") as caught:
        lro.advance(following("location"), Response(202, {"location": "http://[bad"}, b""))
    assert caught.value.operation == "Endpoints_Create"


def test_the_signature_of_where_it_looks_is_not_shown():
    shown = repr(replace(UNDER_WAY, poll_url=f"{STATUS}?sig=c2VjcmV0"))
    assert shown == f"<Lro Endpoints_Create running {STATUS}?sig=REDACTED>"


@pytest.mark.parametrize("known", [{"time_limit": 60.0}, {"begun_at": 0.0}])
def test_half_a_time_is_no_time(known):
    assert not replace(UNDER_WAY, **known).is_overdue(1e9)


def test_a_date_beyond_all_dates_is_none():
    date = "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"
    begun = lro.begin(
        request(operation="Endpoints_Create", method="PUT", url=RESOURCE), Response(201, {"date": date}, b"{}")
    )
    assert begun.begun_at is None
