"""The patience of an upload: longer than that of other calls, and renewed by whatever comes through."""

from typing import Any

import pytest

from maas_client.core.flow import Flow
from maas_client.core.io import FileBody, Response
from maas_client.core.retry import Patience, RetryBudget, RetryPolicy
from maas_client.errors import ConnectError, RateLimitError, ServerError
from tests.unit.core.scripted import ScriptedIO, Slow, Step, answer, caller, request

BUSY = answer(503)
REFUSED: Step = ConnectError("no")
THROTTLED: Step = answer(429)


def patience() -> Patience:
    return Patience(RetryPolicy().for_parts(), RetryBudget())


def test_who_wants_nothing_tried_again_is_obeyed():
    assert RetryPolicy(max_attempts=1).for_parts().max_attempts == 1
    assert RetryPolicy(max_attempts=2).for_parts().max_attempts == 20
    assert RetryPolicy(max_attempts=21).for_parts().max_attempts == 21


async def test_a_part_is_tried_twenty_times_with_waits_up_to_a_minute():
    io = ScriptedIO([*[BUSY] * 20])
    with pytest.raises(ServerError):
        await caller(io).send(request(), patience())
    assert len(io.sent) == 20
    assert max(io.sleeps) <= 60
    assert sum(io.sleeps) > 8 * 19  # beyond what other calls wait between two attempts


async def test_no_part_is_tried_for_longer_than_a_quarter_of_an_hour():
    io = ScriptedIO([*[Slow(100, BUSY)] * 20])
    with pytest.raises(ServerError):
        await caller(io, timeout_seconds=200).send(request(), patience())
    assert 700 < io.clock <= 1000


async def test_what_comes_through_elsewhere_renews_attempts_time_and_budget():
    shared = patience()
    shared.budget.left = 60  # enough for eleven more attempts

    class Renewing(ScriptedIO):
        async def send(self, *args: Any, **options: Any) -> Response:
            if len(self.sent) % 10 == 9:
                shared.renew()
            return await super().send(*args, **options)

    io = Renewing([*[Slow(40, BUSY)] * 50, answer()])
    block = FileBody(source=None, length=1)  # type: ignore[arg-type] # nobody reads it
    await caller(io).send(request(body=block), shared)
    assert len(io.sent) == 51
    assert io.clock > 1800


async def test_without_progress_the_calls_of_an_upload_spend_one_budget():
    shared = patience()
    shared.budget.left = 12
    io = ScriptedIO([REFUSED] * 5)
    with pytest.raises(ConnectError):
        await caller(io).send(request(), shared)
    with pytest.raises(ConnectError):
        await caller(io).send(request(), shared)
    assert len(io.sent) == 4


async def test_a_flow_hands_its_patience_to_every_call():
    def flow() -> Flow[int]:
        yield request(operation="A")
        yield request(operation="B")
        return 1

    io = ScriptedIO([THROTTLED] * 10 + [answer()] + [THROTTLED] * 10 + [answer()])
    assert await caller(io).run(flow(), patience()) == 1
    with pytest.raises(RateLimitError):
        await caller(ScriptedIO([THROTTLED] * 4)).run(flow())
