"""Which fault a request meets, and what has become of every program. Kept in memory: a restart forgets them.

Used by one event loop; nothing here waits, so programs count requests in the order in which they came.
"""

import fnmatch
import random
import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec import UnsetType, to_builtins

from maas_client.server.clock import iso_z
from maas_client.server.faults.action import Action
from maas_client.server.faults.program import Program

KEPT = 1000
"""Of what a program did, the last; how often it fired is counted on."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What programs know of a request.

    Attributes:
        operation: Its name, or empty.
        method: HTTP method.
        path: Decoded path.
        workspace: `subscription/group/workspace` in lower case, or empty.
        session: The header `x-maas-session`, or empty.
        size: Bytes of its body, as far as it says so.
    """

    operation: str = ""
    method: str = ""
    path: str = ""
    workspace: str = ""
    session: str = ""
    size: int = 0


@dataclass(slots=True)
class Fired:
    """A fault that a request met.

    Attributes:
        at: Virtual seconds since the epoch.
        operation: Name of the operation, or empty.
        action: What was done.
        request_id: The `x-ms-request-id` of the exchange.
        status: Status of the answer that was sent; None: none was.
    """

    at: float
    operation: str
    action: str
    request_id: str
    status: int | None = None

    def answer(self, status: int) -> None:
        """Note the status of the answer."""
        self.status = status

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "at": iso_z(self.at),
            "operation": self.operation or None,
            "action": self.action,
            "request_id": self.request_id,
            "status": self.status,
        }


@dataclass(slots=True)
class Armed:
    """A program and what has become of it.

    Attributes:
        id: Its id.
        program: The program.
        occurrences: How many requests it matched.
        fired: How many of them met a fault.
        last: The last of these.
        state: What actions keep between requests.
    """

    id: str
    program: Program
    occurrences: int = 0
    fired: int = 0
    last: deque[Fired] = field(default_factory=lambda: deque(maxlen=KEPT))
    state: dict[Any, Any] = field(default_factory=dict)
    _bytes: int = 0
    _ends: list[int] = field(init=False)
    _total: int | None = field(init=False)
    _matches: list[Callable[[Seen], bool]] = field(init=False)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what every request asks."""
        self._ends = self.program.ends()
        self._total = self.program.total()
        self._matches = list(_tests(self.program))
        self._random = random.Random(self.program.seed)  # noqa: S311 (faults are no secret)

    @property
    def remaining(self) -> int | None:
        """How many faults are left; None: there is no end."""
        return None if self._total is None else self._total - self.fired

    @property
    def completed(self) -> bool:
        """Say whether all have fired; never, where there is no end."""
        return self.remaining == 0

    def matches(self, seen: Seen) -> bool:
        """Say whether a request is the program's concern."""
        return all(test(seen) for test in self._matches)

    def take(self, seen: Seen) -> Action | None:
        """Count a matching request; return what is to be done to it, or None when it is not picked."""
        if self.completed:
            return None
        self._bytes += seen.size
        if self.program.after_bytes and self._bytes <= self.program.after_bytes:
            return None
        self.occurrences += 1
        if not self._picks(self.occurrences):
            return None
        place = self.fired % self._ends[-1] + 1
        self.fired += 1
        return self.program.queue()[bisect_left(self._ends, place)]

    def _picks(self, occurrence: int) -> bool:
        when = self.program.when
        if isinstance(when, UnsetType):
            return True
        if not isinstance(when.nth, UnsetType):
            return occurrence in when.nth if isinstance(when.nth, list) else occurrence == when.nth
        if not isinstance(when.first, UnsetType):
            return occurrence <= when.first
        if not isinstance(when.every, UnsetType):
            return occurrence % when.every == 0
        assert not isinstance(when.probability, UnsetType)  # noqa: S101 (one of them is given)
        return self._random.random() < when.probability

    def as_json(self) -> dict[str, Any]:
        """Return the program and what has become of it as a JSON value."""
        return {
            "id": self.id,
            **to_builtins(self.program),
            "name": self.program.name or self.id,
            "match": to_builtins(self.program.match),
            "occurrences": self.occurrences,
            "remaining": self.remaining,
            "completed": self.completed,
            "fired_count": self.fired,
            "fired": [each.as_json() for each in self.last],
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that a request is to meet."""

    armed: Armed
    action: Action


class Faults:
    """The programs of a server."""

    def __init__(self) -> None:
        self._armed: dict[str, Armed] = {}
        self._made = 0

    @property
    def idle(self) -> bool:
        """Say whether there is no program that could still fire."""
        return all(armed.completed for armed in self._armed.values())

    def add(self, programs: Iterable[Program]) -> list[Armed]:
        """Take programs on."""
        added = []
        for program in programs:
            self._made += 1
            armed = self._armed[f"fault-{self._made}"] = Armed(f"fault-{self._made}", program)
            added.append(armed)
        return added

    def every(self) -> list[Armed]:
        """Return the programs, in the order in which they were given."""
        return list(self._armed.values())

    def get(self, identity: str) -> Armed | None:
        """Return a program, or None."""
        return self._armed.get(identity)

    def remove(self, identity: str) -> bool:
        """Forget a program; say whether there was one."""
        return self._armed.pop(identity, None) is not None

    def clear(self) -> None:
        """Forget all programs."""
        self._armed.clear()

    def meet(self, seen: Seen) -> Hit | None:
        """Return the fault that a request meets: of the first program that picks it."""
        for armed in self._armed.values():
            if not armed.completed and armed.matches(seen):
                action = armed.take(seen)
                if action is not None:
                    return Hit(armed, action)
        return None


def _tests(program: Program) -> Iterable[Callable[[Seen], bool]]:
    """Yield what a request must pass."""
    match = program.match
    if not isinstance(match.operation, UnsetType):
        patterns = [match.operation] if isinstance(match.operation, str) else match.operation
        operation = re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))
        yield lambda seen: operation.match(seen.operation) is not None
    if not isinstance(match.method, UnsetType):
        method = match.method.upper()
        yield lambda seen: seen.method == method
    if not isinstance(match.path, UnsetType):
        path = _pattern(match.path.lower())
        yield lambda seen: path.match(seen.path.lower()) is not None
    if not isinstance(match.workspace, UnsetType):
        workspace = _pattern(match.workspace.lower())
        yield (
            lambda seen: (
                workspace.match(seen.workspace) is not None
                or workspace.match(seen.workspace.rpartition("/")[2]) is not None
            )
        )
    if not isinstance(match.session, UnsetType):
        session = _pattern(match.session)
        yield lambda seen: session.match(seen.session) is not None


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(text))
