"""The accounts of fault programs: every fault is counted once, and the same seed picks the same requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.server.faults.engine import Armed, Faults, Seen
from maas_client.server.faults.parse import read_programs

counts = st.integers(1, 5)
queues = st.lists(
    st.fixed_dictionaries({"do": st.just("status"), "status": st.integers(400, 599), "times": counts}),
    min_size=1,
    max_size=4,
)
whens = st.one_of(
    st.none(),
    st.fixed_dictionaries({"nth": st.lists(st.integers(1, 40), min_size=20, max_size=30, unique=True)}),
    st.fixed_dictionaries({"first": st.integers(20, 40)}),
    st.fixed_dictionaries({"every": counts}, optional={"limit": st.integers(20, 40)}),
    st.fixed_dictionaries(
        {"probability": st.floats(0.01, 1, allow_subnormal=False)}, optional={"limit": st.integers(20, 40)}
    ),
)


@st.composite
def programs(draw):
    program = {"actions": draw(queues), "match": {"operation": draw(st.sampled_from(["Jobs_*", "Jobs_Get", "*"]))}}
    when = draw(whens)
    return program | ({"when": when} if when else {}) | {"seed": draw(st.integers(0, 9))}


requests = st.lists(st.sampled_from(["Jobs_Get", "Jobs_List", "Blob_Get"]), max_size=200)


def armed(program):
    (read,) = read_programs(program)
    return Armed("one", read)


@given(programs(), requests)
def test_remaining_and_fired_make_the_total(program, operations):
    one = armed(program)
    total, flat = one.remaining, [action for action in one.program.queue() for _ in range(action.times)]
    seen = 0
    for operation in operations:
        request = Seen(operation=operation)
        if one.completed or not one.matches(request):
            continue
        seen += 1
        before = one.fired
        action = one.take(request)
        assert one.fired == before + (action is not None)
        if action is not None:
            assert action is flat[before % len(flat)]
        assert (one.remaining is None) == (total is None)
        if total is not None:
            assert one.remaining is not None
            assert one.remaining + one.fired == total
            assert one.completed == (one.fired == total)
    assert one.occurrences == seen


@pytest.mark.parametrize(
    ("when", "picked"),
    [
        (None, [1, 2, 3]),
        ({"nth": 4}, [4]),
        ({"nth": [2, 7]}, [2, 7]),
        ({"first": 4}, [1, 2, 3, 4]),
        ({"every": 1}, list(range(1, 13))),
        ({"every": 5}, [5, 10]),
        ({"every": 2, "limit": 3}, [2, 4, 6]),
        ({"probability": 1}, list(range(1, 13))),
        ({"probability": 0.5, "limit": 3}, [1, 4, 5]),
    ],
)
def test_which_occurrences_are_picked(when, picked):
    times = 3 if when is None else 1
    one = armed({"actions": [{"do": "pass", "times": times}], "seed": 1} | ({"when": when} if when else {}))
    assert [number for number in range(1, 13) if one.take(Seen()) is not None] == picked


def test_actions_come_in_their_order_and_begin_anew():
    actions = [{"do": "status", "status": 500, "times": 2}, {"do": "status", "status": 501}]
    one = armed({"actions": actions, "when": {"every": 1}})
    taken = [one.take(Seen()) for _ in range(7)]
    assert [getattr(action, "status", None) for action in taken] == [500, 500, 501, 500, 500, 501, 500]


@given(programs(), requests)
def test_the_same_seed_does_the_same(program, operations):
    first, second = armed(program), armed(program)
    for operation in operations:
        request = Seen(operation=operation)
        assert first.matches(request) == second.matches(request)
        if first.matches(request):
            assert first.take(request) == second.take(request)


@given(st.lists(programs(), min_size=1, max_size=3), requests)
def test_one_request_meets_one_fault(several, operations):
    faults = Faults()
    added = faults.add([read for program in several for read in read_programs(program)])
    for operation in operations:
        before = [each.fired for each in added]
        hit = faults.meet(Seen(operation=operation))
        grown = [each for each, fired in zip(added, before, strict=True) if each.fired > fired]
        assert grown == ([] if hit is None else [hit.armed])
    assert faults.idle == all(each.completed for each in added)


@given(st.integers(0, 100), st.lists(st.integers(0, 30), max_size=30))
def test_occurrences_begin_behind_so_many_bytes(after, sizes):
    one = armed({"actions": ["pass"], "after_bytes": after, "when": {"every": 1}})
    came = 0
    for size in sizes:
        came += size
        assert (one.take(Seen(size=size)) is not None) == (after == 0 or came > after)
