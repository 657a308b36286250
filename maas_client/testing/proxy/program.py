"""Programs: to which connections something happens, in which order, and what has happened so far.

A program counts the connections that begin after it was added. Each one that its `when` selects takes the next action
of its queue; when several programs select one connection, the one that was added first has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import count
from typing import Any

from maas_client.errors import ConfigurationError
from maas_client.testing.proxy.actions import Action, read_action

_FIELDS = ("name", "when", "actions")
_WHENS = ("nth", "first", "every")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: the connection, counted by the program from 1, and the name of the action."""

    connection: int
    action: str


class Program:
    """A queue of actions, and the account of it. What it says is up to date when the client has its answer."""

    def __init__(self, name: str, when: tuple[str, tuple[int, ...]], actions: Sequence[Action]) -> None:
        self.name = name
        self._when, self._values = when
        self._actions = tuple(actions)
        self._seen = 0
        self._taken = 0
        self._fired: list[Event] = []
        self._missed: list[Event] = []

    @property
    def remaining(self) -> int | None:
        """How many connections it still waits for; None when it has no end."""
        total = self._total()
        return None if total is None else total - self._taken

    @property
    def fired(self) -> tuple[Event, ...]:
        """What has happened, in order."""
        return tuple(self._fired)

    @property
    def missed(self) -> tuple[Event, ...]:
        """What was to happen to a connection that ended before it came to that, such as a reset after its last byte."""
        return tuple(self._missed)

    @property
    def completed(self) -> bool:
        """True when all of it has happened; never of one without end."""
        return len(self._fired) == self._total()

    def take(self) -> tuple[int, Action] | None:
        """Count a connection; return its number and what is to happen to it, or None when nothing is."""
        self._seen += 1
        if not self._selects(self._seen):
            return None
        left = self._taken
        for action in self._actions:
            if action.times is None or left < action.times:
                self._taken += 1
                return self._seen, action
            left -= action.times
        return None

    def pass_by(self) -> None:
        """Count a connection that another program has."""
        self._seen += 1

    def note(self, connection: int, action: Action, *, happened: bool) -> None:
        """Write down what came of an action."""
        (self._fired if happened else self._missed).append(Event(connection, action.do))

    def account(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        events = {
            key: [{"connection": event.connection, "action": event.action} for event in found]
            for key, found in (("fired", self._fired), ("missed", self._missed))
        }
        return {"name": self.name, "remaining": self.remaining, "completed": self.completed, **events}

    def _total(self) -> int | None:
        total = 0
        for action in self._actions:
            if action.times is None:
                return None
            total += action.times
        return total

    def _selects(self, number: int) -> bool:
        if self._when == "nth":
            return number in self._values
        return number <= self._values[0] if self._when == "first" else number % self._values[0] == 0


_names = count(1)


def read_program(given: object) -> Program:
    """Read a program: an object with `actions`, or, for all connections that follow, an action or a list of them.

    Raises:
        ConfigurationError: It is none, or it could never be completed.
    """
    if not (isinstance(given, Mapping) and "do" not in given):
        given = {"actions": given if isinstance(given, list | tuple) else [given]}
    unknown = [str(key) for key in given if key not in _FIELDS]
    if unknown:
        near = get_close_matches(unknown[0], _FIELDS, 1)
        raise ConfigurationError(
            f"A program has no field {unknown[0]!r}.", hint=f"Known: {', '.join(near or _FIELDS)}."
        )
    actions = given.get("actions")
    if not isinstance(actions, list | tuple) or not actions:
        raise ConfigurationError("A program needs actions: a list of at least one.")
    name = given.get("name") or f"program-{next(_names)}"
    if not isinstance(name, str):
        raise ConfigurationError("The name of a program must be a string.")
    when = _read_when(given.get("when", {"every": 1}))
    program = Program(name, when, [read_action(action) for action in actions])
    selected = len(when[1]) if when[0] == "nth" else when[1][0]
    if when[0] != "every" and program.remaining is not None and program.remaining > selected:
        raise ConfigurationError(
            f"{name}: {when[0]} selects {selected}, but its actions are for {program.remaining}: it could never be "
            "completed.",
            hint="Take actions away, or select more connections.",
        )
    return program


def _read_when(given: object) -> tuple[str, tuple[int, ...]]:
    if not isinstance(given, Mapping) or len(given) != 1 or next(iter(given)) not in _WHENS:
        raise ConfigurationError(
            'when must have one of "nth" (a number or a list of them), "first" and "every".',
            hint='For example {"nth": 2}.',
        )
    kind, value = next(iter(given.items()))
    values = tuple(value) if kind == "nth" and isinstance(value, list | tuple) else (value,)
    if not values or any(isinstance(each, bool) or not isinstance(each, int) or each < 1 for each in values):
        raise ConfigurationError(f"when: {kind} must be an integer of at least 1, not {value!r}.")
    return kind, tuple(sorted(set(values)))
