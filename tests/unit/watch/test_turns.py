"""One bound on the looks of all that one client follows."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from maas_client.errors import WaitTimeoutError
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.watch import Turns
from tests.unit.resources.world import job, world


def test_a_few_go_at_once_and_a_thousand_wait_in_line():
    turns = Turns(10.0, at_once=20)
    waits = [turns.take(1000.0) for _ in range(1000)]
    assert waits[:20] == pytest.approx([0.0] * 20, abs=1e-6)
    assert waits[20:] == pytest.approx([(place + 1) / 10 for place in range(980)])


def test_what_a_quiet_time_saves_is_bounded():
    turns = Turns(10.0, at_once=5)
    assert [turns.take(0.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.1], abs=1e-6)
    assert turns.take(0.3) == 0.0
    assert [turns.take(9999.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.1], abs=1e-6)


def test_who_comes_as_often_as_is_allowed_never_waits():
    turns = Turns(10.0, at_once=1)
    assert max(turns.take(look * 0.1001) for look in range(500)) == pytest.approx(0.0, abs=1e-6)


def test_no_turn_is_given_twice_to_threads():
    turns = Turns(10.0, at_once=1)
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(pool.map(lambda _: turns.take(5.0), range(400)))
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
