"""The edges of the retry policy: what a mutation of `core/retry.py` by one step must turn red."""

from datetime import UTC

import pytest

from maas_client.core.retry import Patience, RetryBudget, RetryPolicy, backoff_seconds, call_with_retries, is_repeatable
from maas_client.errors import ConnectError, MaaSError, RequestTimeoutError, StatusError
from tests.unit.core.scripted import ScriptedIO, answer, caller, error_from, request


def refusal(**headers):
    return error_from(request(), answer(503, **headers))


@pytest.fixture
def longest(monkeypatch):
    monkeypatch.setattr("maas_client.core.retry.random.uniform", lambda _low, high: high)


def test_a_budget_is_spent_to_its_last():
    budget = RetryBudget(left=5)
    assert budget.spend(ConnectError("refused"))
    assert budget.left == 0
    assert not budget.spend(ConnectError("refused"))


def test_parts_that_came_through_are_counted():
    patience = Patience(RetryPolicy(), RetryBudget(left=3))
    patience.renew()
    patience.renew()
    assert patience.progress == 2
    assert patience.budget.left == 500


def test_the_longest_hint_is_waited_for_and_one_beyond_it_never():
    assert is_repeatable(refusal(retry_after="120"), request())
    assert not is_repeatable(refusal(retry_after="121"), request())


def test_waits_begin_at_nothing_but_a_hint_is_kept(monkeypatch):
    monkeypatch.setattr("maas_client.core.retry.random.uniform", lambda low, _high: low)
    assert backoff_seconds(RetryPolicy(), 3, refusal()) == 0
    assert backoff_seconds(RetryPolicy(), 3, refusal(retry_after="20")) == 20


async def test_waits_of_one_call_double(longest):
    io = ScriptedIO([answer(503) for _ in range(4)])
    with pytest.raises(StatusError):
        await caller(io).send(request())
    assert io.sleeps == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(("total", "attempts"), [(1.5, 2), (1.4, 1)])
async def test_another_attempt_needs_a_second(longest, total, attempts):
    io = ScriptedIO([answer(503), answer(400)])
    with pytest.raises(StatusError):
        await caller(io, policy=RetryPolicy(total_seconds=total)).send(request())
    assert len(io.sent) == attempts


@pytest.mark.parametrize(
    ("script", "may_have_happened"),
    [
        ([answer(400)], False),
        ([answer(429), answer(400)], False),
        ([ConnectError("refused"), answer(400)], False),
        ([answer(503), answer(400)], True),
        ([RequestTimeoutError("late"), answer(429), answer(400)], True),
        ([answer(400, retry_after="1")], False),
    ],
)
async def test_an_error_tells_whether_any_attempt_may_have_been_carried_out(script, may_have_happened):
    with pytest.raises(StatusError) as caught:
        await caller(ScriptedIO(list(script))).send(request())
    assert caught.value.status == 400
    assert caught.value.may_have_happened is may_have_happened


async def test_a_late_answer_costs_the_budget_more():
    budget = RetryBudget()
    await caller(ScriptedIO([RequestTimeoutError("late"), answer()]), budget=budget).send(request())
    assert budget.left == 500 - 10 + 1


async def test_when_to_come_back_is_told_in_utc():
    with pytest.raises(StatusError) as caught:
        await caller(ScriptedIO([answer(503, retry_after="300")])).send(request())
    assert caught.value.retry_at is not None
    assert caught.value.retry_at.tzinfo is UTC


async def test_each_failure_is_told_before_it_is_waited_for():
    failures = [ConnectError("first"), ConnectError("second"), ConnectError("third")]
    told: list[MaaSError] = []
    patience = Patience(RetryPolicy(max_attempts=3), RetryBudget(), before_next=told.append)

    async def attempt():
        raise failures[len(told)]

    with pytest.raises(ConnectError, match="third"):
        await call_with_retries(ScriptedIO(), patience, request(), attempt)
    assert told == failures[:2]


async def test_a_part_that_comes_through_gives_the_others_all_their_attempts():
    patience = Patience(RetryPolicy(max_attempts=3), RetryBudget())
    made = 0

    async def attempt():
        nonlocal made
        made += 1
        if made == 2:
            patience.renew()
        raise ConnectError("refused")

    with pytest.raises(ConnectError):
        await call_with_retries(ScriptedIO(), patience, request(), attempt)
    assert made == 4
