"""What a scenario is: operations in order, each with a name and checks of its own.

The modules of this folder run twice: inside the environment of a foreign SDK, where the operations are carried out, and
inside pytest, which only asks for their names; so nothing here imports an SDK at its top.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MARK = "referee: "
"""Begins a line of output that is a result; the SDKs print too."""
Version = tuple[int, ...]


@dataclass(frozen=True)
class Operation:
    """One thing that a program does with an SDK.

    Attributes:
        name: As the SDK calls it, then what is special about it.
        check: Does it and asserts what came of it.
        since, before: Versions of the SDK that have it; `before` is not one of them.
        schemes: Where it can be done.
    """

    name: str
    check: Callable[[Any], None]
    since: Version
    before: Version
    schemes: tuple[str, ...]

    def applies(self, version: str, scheme: str) -> bool:
        return self.since <= _parsed(version) < self.before and scheme in self.schemes


class Scenario:
    """Operations of one SDK, in the order in which they are written down; later ones build on earlier ones."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def operation(
        self,
        name: str,
        *,
        since: Version = (0,),
        before: Version = (9999,),
        schemes: tuple[str, ...] = ("https", "http"),
    ) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
        def add(check: Callable[[Any], None]) -> Callable[[Any], None]:
            assert all(each.name != name or each.before <= since or before <= each.since for each in self.operations)
            self.operations.append(Operation(name, check, since, before, schemes))
            return check

        return add

    def names(self, version: str, scheme: str) -> list[str]:
        return [each.name for each in self.operations if each.applies(version, scheme)]

    def run(self, session: Any, version: str, scheme: str) -> None:
        """Carry all out; print one line of JSON for each. One that fails does not keep the next from its turn."""
        for each in self.operations:
            if each.applies(version, scheme):
                started = time.monotonic()
                problem = _problem(each.check, session)
                line = {"operation": each.name, "problem": problem, "seconds": time.monotonic() - started}
                print(MARK + json.dumps(line), file=sys.__stdout__, flush=True)


def _problem(check: Callable[[Any], None], session: Any) -> str | None:
    try:
        check(session)
    except Exception as error:  # noqa: BLE001 (whatever it is, it goes into the report)
        # With the values of the last frame: outside pytest an assertion does not explain itself.
        lines = list(traceback.TracebackException.from_exception(error).format())
        last = traceback.TracebackException.from_exception(error, limit=-1, capture_locals=True)
        return "".join(lines) + "".join(last.stack.format())
    return None


@contextmanager
def raising(kind: type[Exception], *words: str) -> Iterator[list[Any]]:
    """Expect exactly this class (any, if it is `Exception`) with these words in its text; yields a list for it."""
    caught: list[Any] = []
    try:
        yield caught
    except Exception as error:
        if kind not in {type(error), Exception} or any(word not in str(error) for word in words):
            raise
        caught.append(error)
    if not caught:
        raise AssertionError(f"{kind.__name__} was expected")


def _parsed(version: str) -> Version:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
