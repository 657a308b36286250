"""One bound on the looks of all that one client follows, and on what the looks ask."""

import heapq
from concurrent.futures import ThreadPoolExecutor

import pytest

from maas_client.errors import WaitTimeoutError
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.watch import Turns
from tests.unit.resources.world import World, job, world


def test_a_few_go_at_once_and_a_thousand_wait_in_line():
    turns = Turns(10.0, at_once=20)
    waits = [turns.take(1000.0).wait(1000.0) for _ in range(1000)]
    assert waits[:20] == pytest.approx([0.0] * 20, abs=1e-6)
    assert waits[20:] == pytest.approx([(place + 1) / 10 for place in range(980)])


def test_what_a_quiet_time_saves_is_bounded():
    turns = Turns(10.0, at_once=5)
    assert [turns.take(0.0).wait(0.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.1], abs=1e-6)
    assert turns.take(0.3).wait(0.3) == 0.0
    assert [turns.take(9999.0).wait(9999.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.1], abs=1e-6)


def test_who_comes_as_often_as_is_allowed_never_waits():
    turns = Turns(10.0, at_once=1)
    assert max(turns.take(look * 0.1001).wait(look * 0.1001) for look in range(500)) == pytest.approx(0.0, abs=1e-6)


def test_no_turn_is_given_twice_to_threads():
    turns = Turns(10.0, at_once=1)
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(pool.map(lambda _: turns.take(5.0).wait(5.0), range(400)))
    assert waits == pytest.approx([place / 10 for place in range(400)])


def test_a_watch_waits_for_its_turn_but_not_beyond_its_time():
    asked = world().on("Jobs_Get", job("Running"), job("Canceled"))
    session = asked.session()
    for _ in range(520):
        session.turns.take(0.0)
    events = list(Jobs(AsyncJobs(session)).watch("bot"))
    assert [event.status.value for event in events] == ["running", "cancelled"]
    assert asked.sleeps[0] == pytest.approx(50.1)
    late = world().on("Jobs_Get", job("Running"))
    session = late.session()
    for _ in range(520):
        session.turns.take(0.0)
    with pytest.raises(WaitTimeoutError, match="running"):
        Jobs(AsyncJobs(session)).wait("bot", timeout=20)
    assert late.clock == pytest.approx(20)


def test_what_a_look_asks_beyond_its_turn_puts_off_whoever_waits_and_whoever_comes():
    turns = Turns(10.0, at_once=1)
    dear, waiting, behind = turns.take(0.0), turns.take(0.0), turns.take(0.0)
    assert [turn.wait(0.0) for turn in (dear, waiting, behind)] == pytest.approx([0.0, 0.1, 0.2])
    for _ in range(2):
        dear.spend()
    assert waiting.wait(0.0) == pytest.approx(0.1)
    for _ in range(10):
        dear.spend()
    assert [turn.wait(0.0) for turn in (waiting, behind)] == pytest.approx([0.6, 0.7])
    assert waiting.wait(0.55) == pytest.approx(0.05)
    assert turns.take(0.0).wait(0.0) == pytest.approx(0.8)


def test_debts_are_forgotten_where_nobody_has_looked_for_long():
    turns = Turns(10.0, at_once=1)
    first = turns.take(0.0)
    for _ in range(12):
        first.spend()
    assert turns.take(60.0).wait(60.0) == 0.0


@pytest.mark.parametrize("cost", [1, 2, 12])
def test_however_dear_the_looks_are_the_requests_keep_to_the_bound_and_all_have_their_turn(cost):
    turns = Turns(10.0, at_once=20)
    line = [(0.0, number, turns.take(0.0)) for number in range(300)]
    asked: list[tuple[float, int]] = []
    while line:
        now, number, turn = heapq.heappop(line)
        if (wait := turn.wait(now)) > 1e-6:
            heapq.heappush(line, (now + wait, number, turn))
            continue
        for _ in range(cost):
            turn.spend()
        asked.append((now, number))
    assert [number for _, number in asked] == list(range(300))
    moments = [at for at, _ in asked]
    for begin in moments:
        within = sum(cost for at in moments if begin <= at < begin + 10)
        # Twenty a second, what was saved up, and the look in hand.
        assert within <= (10 * 10 + 20) * min(cost, 2) + cost
    assert moments[-1] == pytest.approx(280 / 10 + 299 * max(cost - 2, 0) / 20)


def ended_with(count: int) -> World:
    """A world in which the job has ended and tells a history under each of so many names."""
    keys = [f"metric-{number}" for number in range(count)]
    asked = world().on("Jobs_Get", job("Completed")).on("ModelVersions_List", {"value": []})
    data = {"metrics": [{"key": key, "value": 1.0, "timestamp": 0, "step": 1} for key in keys]}
    asked.on("MLflow_GetRun", {"run": {"data": data}})
    return asked.on("MLflow_GetMetricHistory", {"metrics": [{"key": keys[0], "value": 1.0, "timestamp": 0, "step": 1}]})


def test_the_look_that_finds_the_end_is_paid_for_by_those_that_wait():
    asked = ended_with(5)
    session = asked.session()
    list(Jobs(AsyncJobs(session)).watch("bot"))
    assert len(asked.sent) >= 9
    assert session.turns.put_off == pytest.approx((len(asked.sent) - 2) / 20)


def test_a_turn_that_is_put_off_while_it_is_waited_for_is_waited_for():
    asked = world().on("Jobs_Get", job("Canceled"))
    session = asked.session()
    turns = [session.turns.take(0.0) for _ in range(520)]
    sleep = asked.sleep

    async def sleep_while_others_ask(seconds: float) -> None:
        await sleep(seconds)
        for _ in range(22 if len(asked.sleeps) == 1 else 0):
            turns[0].spend()

    asked.sleep = sleep_while_others_ask  # type: ignore[method-assign]
    list(Jobs(AsyncJobs(session)).watch("bot"))
    assert asked.sleeps == pytest.approx([50.1, 1.0])
