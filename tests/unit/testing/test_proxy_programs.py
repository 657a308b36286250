"""Programs of the proxy: what they take for one, whom they select, and that their account adds up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas_client.errors import ConfigurationError
from maas_client.testing.proxy.actions import KINDS
from maas_client.testing.proxy.program import read_program

PAGE = Path(__file__).parents[3] / "docs" / "pages" / "how-to" / "fault-proxy.md"
BELOW = """
In brackets: what is taken when nothing is said. Actions that read HTTP do nothing good where the line is encrypted.
"""


@pytest.mark.parametrize(
    ("wrong", "text", "hint"),
    [
        ("rest", "no action 'rest'", "reset"),
        ({"do": "reset", "upp": 1}, "'upp' is unknown", "up"),
        ({"do": "latency", "down": 3}, "'down' is unknown", "Known: do, times, seconds."),
        ({"do": "reset", "up": 1, "down": 1}, "two places", ""),
        ({"do": "reset", "up": -1}, "at least 0", ""),
        ({"do": "reset", "up": 1.5}, "an integer", ""),
        ({"do": "reset", "up": True}, "an integer", ""),
        ({"do": "drip", "bytes_per_second": 0}, "at least 0.1", ""),
        ({"do": "drip", "bytes_per_second": float("inf")}, "at least", ""),
        ({"do": "drip", "bytes_per_second": None}, "a number", ""),
        ({"do": "status", "status": 1000}, "at most 999", ""),
        ({"do": "early", "status": 600}, "at most 599", ""),
        ({"do": "early", "down": 1}, "'down' is unknown", "up"),
        ({"do": "reset", "times": 0}, "times must be", ""),
        ({"do": 5}, "no action 5", "Known"),
        ([], "at least one", ""),
        ({"actions": "reset"}, "at least one", ""),
        ({"actoins": ["reset"]}, "no field 'actoins'", "actions"),
        ({"actions": ["reset"], "name": 5}, "must be a string", ""),
        ({"actions": ["reset"], "when": "nth"}, "when must have one", "nth"),
        ({"actions": ["reset"], "when": {"nth": 1, "first": 2}}, "when must have one", ""),
        ({"actions": ["reset"], "when": {"nth": 0}}, "integer of at least 1", ""),
        ({"actions": ["reset"], "when": {"nth": []}}, "integer of at least 1", ""),
        ({"actions": ["reset", "reset"], "when": {"nth": [2, 2]}}, "never be completed", "Take actions away"),
        ({"actions": [{"do": "reset", "times": 3}], "when": {"first": 2}}, "never be completed", ""),
    ],
)
def test_what_is_no_program_is_refused_with_a_way_on(wrong: Any, text: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        read_program(wrong)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("name", KINDS)
def test_every_action_can_be_asked_for_by_its_name_alone(name: str) -> None:
    program = read_program(name)
    assert program.remaining == 1
    taken = program.take()
    assert taken is not None
    assert taken[1].do == name


@pytest.mark.parametrize(
    ("when", "selected"),
    [
        ({"nth": 2}, [2]),
        ({"nth": [4, 1]}, [1, 4]),
        ({"first": 3}, [1, 2, 3]),
        ({"every": 3}, [3, 6, 9]),
        ({"every": 1}, list(range(1, 10))),
    ],
)
def test_whom_a_program_selects(when: Any, selected: list[int]) -> None:
    program = read_program({"when": when, "actions": [{"do": "reset", "times": None}]})
    assert [number for number in range(1, 10) if program.take() is not None] == selected
    assert program.remaining is None
    assert not program.completed


ACTIONS = st.lists(
    st.fixed_dictionaries(
        {"do": st.sampled_from(["reset", "close", "pass"])}, optional={"times": st.integers(min_value=1, max_value=3)}
    ),
    min_size=1,
    max_size=4,
)


@given(actions=ACTIONS, every=st.integers(1, 3), outcomes=st.lists(st.sampled_from([True, False, None]), max_size=40))
def test_the_account_adds_up(actions: list[Any], every: int, outcomes: list[bool | None]) -> None:
    """`None`: a connection that another program has."""
    program = read_program({"when": {"every": every}, "actions": actions})
    queue = [action["do"] for action in actions for _ in range(action.get("times", 1))]
    taken = []
    for number, outcome in enumerate(outcomes, 1):
        if outcome is None:
            program.pass_by()
            continue
        found = program.take()
        if found is not None:
            taken.append(found[1].do)
            assert found[0] == number
            program.note(*found, happened=outcome)
    assert taken == queue[: len(taken)]
    assert program.remaining == len(queue) - len(taken)
    assert len(program.fired) + len(program.missed) == len(taken)
    assert program.completed == (len(program.fired) == len(queue))
    account = program.account()
    assert [event["action"] for event in account["fired"]] == [event.action for event in program.fired]
    assert account["remaining"] == program.remaining


def test_the_documented_table_is_that_of_the_proxy(generated: Callable[[Path, str], None]) -> None:
    rows = []
    for name, kind in KINDS.items():
        taken = [
            f"`{key}`: {each.does} ({'null' if each.default is None else f'{each.default:g}'})"
            for key, each in kind.parameters.items()
        ]
        if kind.places:
            taken.append(f"{', '.join(f'`{place}`' for place in kind.places)} (`{kind.place[0]}`: {kind.place[1]})")
        reads = "; reads HTTP" if kind.reads_http else ""
        rows.append(f"| `{name}` | {kind.does}{reads} | {'; '.join(taken)} |\n")
    above, mark, _ = PAGE.read_text(encoding="utf-8").partition("| `do` | what happens | parameters |\n|---|---|---|\n")
    generated(PAGE, above + mark + "".join(rows) + BELOW)
