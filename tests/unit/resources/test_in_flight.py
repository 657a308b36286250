"""How much is in flight while the service throttles: one sign is taken for one, and what is no sign for none."""

import pytest

from maas_client.errors import ConnectError, ServerError
from maas_client.resources._in_flight import GaveWay, InFlight


def refusal(status: int) -> ServerError:
    return ServerError("busy", status=status)


def test_what_is_refused_together_narrows_once():
    width = InFlight(4)
    for _lane in range(2):
        with pytest.raises(GaveWay):
            width.failed(refusal(503))
    for _lane in range(2):
        width.failed(refusal(503))
    assert (width.lanes, width.running) == (2, 2)
    with pytest.raises(GaveWay):
        width.failed(refusal(503))
    assert (width.lanes, width.running) == (1, 1)


@pytest.mark.parametrize("error", [refusal(500), ConnectError("refused")])
def test_other_failures_leave_the_width(error):
    width = InFlight(4)
    width.failed(error)
    assert (width.lanes, width.running) == (4, 4)


def test_eight_that_come_through_make_room_for_one_and_end_what_was_refused_together():
    width = InFlight(4)
    with pytest.raises(GaveWay):
        width.failed(refusal(503))
    assert width.lanes == 2
    for lanes in (3, 4, 4, 4):
        for _call in range(8):
            width.came_through()
        assert width.lanes == lanes
    width.running = 4
    with pytest.raises(GaveWay):
        width.failed(refusal(429))
    assert width.lanes == 2


def test_what_comes_through_unhindered_changes_nothing():
    width = InFlight(4)
    width.came_through()
    assert (width.lanes, width.running, width.stopped) == (4, 4, False)
