"""The retry table, value by value."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from maas_client.core import stepping
from maas_client.core.retry import (
    FARTHEST_HINT_SECONDS,
    RetryBudget,
    RetryPolicy,
    backoff_seconds,
    parse_retry_after,
)
from maas_client.errors import (
    AuthenticationError,
    BadRequestError,
    BrokenResponseError,
    ConflictError,
    ConnectError,
    CredentialError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    StatusError,
    TransportError,
)
from tests.unit.core.scripted import BEGIN, SCOPE, ScriptedIO, Slow, answer, caller, error_from, request

ALWAYS = {425, 429}
IF_IDEMPOTENT = {408, 500, 502, 503, 504}
OTHERS = [302, 400, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 418, 422, 423, 424, 426, 428, 431]
STATUSES = sorted({*ALWAYS, *IF_IDEMPOTENT, *OTHERS, 451, 501, 505, 506, 507, 508, 511, 599})

DATE = format_datetime(BEGIN, usegmt=True)
SKEWED = format_datetime(BEGIN - timedelta(hours=5), usegmt=True)


def in_(seconds: float, base: datetime = BEGIN) -> str:
    return format_datetime(base + timedelta(seconds=seconds), usegmt=True)


HINTS = [
    ({}, None),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": "2"}, 2.0),
    ({"retry-after": "2.5"}, 2.5),
    ({"retry-after": "-1"}, None),
    ({"retry-after": "abc"}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "1e9"}, 1e9),
    ({"retry-after": "1e300"}, FARTHEST_HINT_SECONDS),
    ({"retry-after": in_(-60), "date": DATE}, 0.0),
    ({"retry-after": in_(30), "date": DATE}, 30.0),
    ({"retry-after": in_(30, BEGIN - timedelta(hours=5)), "date": SKEWED}, 30.0),
    ({"retry-after": in_(30)}, None),
    ({"retry-after": in_(30), "date": "yesterday"}, None),
    ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": DATE}, FARTHEST_HINT_SECONDS),
    ({"retry-after": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT", "date": DATE}, None),
    ({"retry-after": "Sun, 01 Nov 2026 12:00:30 -0000", "date": DATE}, None),
    ({"retry-after-ms": "1500"}, 1.5),
    ({"x-ms-retry-after-ms": "250"}, 0.25),
    ({"retry-after-ms": "1e300"}, FARTHEST_HINT_SECONDS),
    ({"retry-after-ms": "100", "x-ms-retry-after-ms": "200", "retry-after": "3"}, 0.1),
    ({"retry-after-ms": "-5", "x-ms-retry-after-ms": "200", "retry-after": "3"}, 0.2),
    ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
    ({"retry-after": "2, 5"}, None),  # sent twice, joined by the HTTP library
]


@pytest.mark.parametrize(("headers", "seconds"), HINTS)
def test_hint(headers, seconds):
    assert parse_retry_after(headers) == seconds


@pytest.mark.parametrize("idempotent", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_status_without_hint(status, idempotent):
    io = ScriptedIO([answer(status, b"no"), answer()])
    repeated = status in ALWAYS or (idempotent and status in IF_IDEMPOTENT)
    if repeated:
        assert stepping.run(caller(io).send(request(idempotent=idempotent))).status == 200
    else:
        with pytest.raises(StatusError, match="no") as caught:
            stepping.run(caller(io).send(request(idempotent=idempotent)))
        assert caught.value.status == status
        assert caught.value.retry_at is None
    assert len(io.sent) == (2 if repeated else 1)


@pytest.mark.parametrize("status", STATUSES)
def test_status_with_hint(status):
    for headers, seconds in HINTS:
        check_hint(status, headers, seconds)


def check_hint(status, headers, seconds):
    io = ScriptedIO([answer(status, b"no", **headers), answer()])
    wait = seconds or 0.0
    if (status in ALWAYS or status in IF_IDEMPOTENT) and wait < 100:
        stepping.run(caller(io).send(request()))
        assert len(io.sleeps) == 1
        assert io.sleeps[0] >= wait
        assert io.sleeps[0] <= max(1.1 * wait, 1.0)
    else:
        with pytest.raises(StatusError) as caught:
            stepping.run(caller(io).send(request()))
        assert io.sleeps == []
        assert caught.value.retry_after == seconds
        at = None if seconds is None else BEGIN + timedelta(seconds=wait)
        assert caught.value.retry_at == at


async def test_hint_too_long_to_wait_for_says_when():
    io = ScriptedIO([answer(503, retry_after="300")])
    with pytest.raises(ServerError) as caught:
        await caller(io).send(request())
    assert caught.value.retry_at == datetime(2026, 11, 1, 12, 5, tzinfo=UTC)


async def test_hint_that_ends_beyond_the_whole_call_is_not_waited_for():
    io = ScriptedIO([answer(429, retry_after="119.5")])
    with pytest.raises(RateLimitError):
        await caller(io).send(request())
    assert io.sleeps == []


@pytest.mark.parametrize("code", ["AnotherOperationInProgress", "OperationInProgress", "TransientConflict", "Exists"])
@pytest.mark.parametrize("idempotent", [True, False])
async def test_conflicts_that_pass(code, idempotent):
    def conflict(asked, response):
        error = error_from(asked, response)
        error.code = code
        return error

    io = ScriptedIO([answer(409), answer()])
    sending = caller(io, error_from=conflict).send(request(idempotent=idempotent))
    if idempotent and code != "Exists":
        await sending
    else:
        with pytest.raises(ConflictError):
            await sending


FAULTS = [
    (ConnectError("refused"), True, True),
    (RequestTimeoutError("late"), True, False),
    (BrokenResponseError("cut"), True, False),
    (TransportError("odd"), False, False),
    (CredentialError("none"), False, False),
    (ValueError("ours"), False, False),
]


@pytest.mark.parametrize("idempotent", [True, False])
@pytest.mark.parametrize(("fault", "repeated", "repeated_if_not_idempotent"), FAULTS)
async def test_fault(fault, repeated, repeated_if_not_idempotent, idempotent):
    io = ScriptedIO([fault, answer()])
    sending = caller(io).send(request(idempotent=idempotent))
    if repeated if idempotent else repeated_if_not_idempotent:
        await sending
        assert len(io.sleeps) == 1
    else:
        with pytest.raises(type(fault)):
            await sending
        assert io.sleeps == []


async def test_permanent_connect_error_is_not_repeated():
    error = ConnectError("certificate")
    error.permanent = True
    io = ScriptedIO([error])
    with pytest.raises(ConnectError):
        await caller(io).send(request())
    assert error.attempts == 1


async def test_attempts_are_counted_and_bounded():
    io = ScriptedIO([ConnectError("refused", operation="Jobs_Get") for _ in range(9)])
    with pytest.raises(ConnectError) as caught:
        await caller(io).send(request())
    assert caught.value.attempts == len(io.sent) == 4


async def test_transient_then_fatal_stops():
    io = ScriptedIO([answer(500), answer(400, b"bad"), answer()])
    with pytest.raises(BadRequestError, match="bad"):
        await caller(io).send(request())
    assert len(io.sent) == 2


async def test_throttled_for_ever_ends_in_time():
    io = ScriptedIO([answer(429, retry_after="50") for _ in range(9)])
    with pytest.raises(RateLimitError):
        await caller(io).send(request())
    assert io.clock <= 120
    assert len(io.sent) == 3


async def test_last_attempt_gets_only_the_time_that_is_left():
    timeouts = [Slow(1000, RequestTimeoutError("late")) for _ in range(9)]
    io = ScriptedIO(list(timeouts))
    with pytest.raises(RequestTimeoutError):
        await caller(io).send(request())
    first, second = (timeout for _, _, timeout in io.sent)
    assert first == 60
    assert second == pytest.approx(60 - io.sleeps[0])
    assert io.clock == pytest.approx(120)


async def test_slow_sign_in_leaves_no_time_to_send():
    io = ScriptedIO(token_seconds=130)
    with pytest.raises(RequestTimeoutError, match="No time was left for Jobs_Get"):
        await caller(io).send(request(scope=SCOPE))
    assert io.sent == []


@pytest.mark.parametrize(("status", "cap", "base"), [(429, 30.0, 1.0), (503, 8.0, 0.5)])
def test_backoff_grows_to_its_cap(monkeypatch, status, cap, base):
    monkeypatch.setattr("maas_client.core.retry.random.uniform", lambda _low, high: high)
    error = error_from(request(), answer(status))
    waits = [backoff_seconds(RetryPolicy(), attempt, error) for attempt in range(40)]
    assert waits == [min(cap, base * 2**attempt) for attempt in range(40)]


def test_hint_lengthens_but_never_shortens(monkeypatch):
    monkeypatch.setattr("maas_client.core.retry.random.uniform", lambda _low, high: high)
    assert backoff_seconds(RetryPolicy(), 5, error_from(request(), answer(503, retry_after="1"))) == 8.0
    assert backoff_seconds(RetryPolicy(), 0, error_from(request(), answer(503, retry_after="20"))) == pytest.approx(22)


async def test_budget_stops_repeating_for_the_whole_client():
    budget = RetryBudget(capacity=20, left=14)
    io = ScriptedIO([ConnectError("refused") for _ in range(9)])
    with pytest.raises(ConnectError):
        await caller(io, budget=budget).send(request())
    assert len(io.sent) == 3
    assert budget.left == 4


def test_budget_prices():
    budget = RetryBudget(capacity=500, left=25)
    assert budget.spend(RequestTimeoutError("late"))
    assert budget.left == 15
    assert budget.spend(ConnectError("refused"))
    assert budget.spend(None)
    assert budget.left == 5
    assert not budget.spend(RequestTimeoutError("late"))
    assert budget.left == 5


async def test_success_gives_back_up_to_the_capacity():
    budget = RetryBudget(capacity=500, left=499)
    io = ScriptedIO([answer(), answer()])
    sender = caller(io, budget=budget)
    await sender.send(request())
    await sender.send(request())
    assert budget.left == 500


async def test_401_is_no_retry_matter():
    io = ScriptedIO([answer(401, b"who")])
    with pytest.raises(AuthenticationError):
        await caller(io).send(request())
    assert len(io.sent) == 1
