"""The journal: what is about to be done is written down before its first byte is sent, and what came of it after.

Theory of operation. A run is a sequence of named steps. Each entry is one durable write: an `intent` before a step
begins, a `result` or a `failure` after it. Whatever ends the process, the entries tell how far it came: a step with a
result is done; one with an intent alone may or may not have happened, and whoever goes on looks before repeating it.
Entries are only ever added, so a crash while writing loses at most the entry that was being written.

The journal's methods block: they are called through `IO.offload`.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from maas_client.types import StepState

Data = Mapping[str, Any]
"""What JSON can say; no secrets, and nothing of what a file contains."""


class Kind(StrEnum):
    """What an entry says of its step."""

    INTENT = "intent"
    """It is about to be done."""
    RESULT = "result"
    """It is done."""
    FAILURE = "failure"
    """It was refused, or its outcome is not known; the entry says which."""
    NOTE = "note"
    """Something to go on from, while it lasts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One durable write."""

    step: str
    kind: Kind
    at: datetime
    data: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step, as its entries tell it."""

    state: StepState = StepState.PENDING
    attempts: int = 0
    at: datetime | None = None
    """Of its last entry but for notes."""
    result: Data | None = None
    error: str | None = None
    """Of its last failure, if nothing went better since."""
    note: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One run, as the journal holds it."""

    id: str
    begun_at: datetime
    plan: Data
    labels: Mapping[str, str]
    entries: tuple[Entry, ...] = ()

    def step(self, name: str) -> StepRecord:
        """Tell how a step stands."""
        return fold(tuple(entry for entry in self.entries if entry.step == name))

    @property
    def changed_at(self) -> datetime:
        """When it was last written to."""
        return self.entries[-1].at if self.entries else self.begun_at


def fold(entries: Sequence[Entry]) -> StepRecord:
    """Read the entries of one step, oldest first.

    A result stands, whatever follows it. A failure that says `unknown` leaves the step as one that may have happened,
    and so does any later refusal: what was sent once may still arrive.
    """
    state, attempts, at, error = StepState.PENDING, 0, None, None
    result: Data | None = None
    note: Data = {}
    doubtful = False
    for entry in entries:
        if entry.kind is Kind.NOTE:
            note = {**note, **entry.data}
            continue
        if state is StepState.DONE:
            continue
        at = entry.at
        if entry.kind is Kind.INTENT:
            doubtful = doubtful or state is StepState.SENT
            state, attempts = StepState.SENT, attempts + 1
        elif entry.kind is Kind.FAILURE:
            error = str(entry.data.get("message", ""))
            doubtful = doubtful or bool(entry.data.get("unknown"))
            state = StepState.SENT if doubtful else StepState.REFUSED
        else:
            state, result, error = StepState.DONE, entry.data, None
    return StepRecord(state, attempts, at, result, error, note)


class Journal(Protocol):
    """Keeps runs. Every method blocks; what returns is durable."""

    def begin(self, record: Record) -> None:
        """Write down a run that nothing was sent for yet.

        Raises:
            JournalError: It could not be made durable.
        """

    def write(self, run: str, entry: Entry) -> None:
        """Add an entry.

        Raises:
            JournalError: It could not be made durable, or the run was forgotten.
        """

    def read(self, run: str) -> Record | None:
        """Return a run, if there is one of this id.

        Raises:
            JournalError: The journal is damaged, of a later version, or cannot be read.
        """

    def records(self) -> tuple[Record, ...]:
        """Return all runs, oldest first.

        Raises:
            JournalError: As `read`.
        """

    def forget(self, run: str) -> bool:
        """Remove a run; false if there is none.

        Raises:
            JournalError: As `write`.
        """

    def claim(self, name: str) -> AbstractContextManager[None]:
        """Keep everybody else, in this process and in others, from what has this name; until the context ends.

        Raises:
            JournalBusyError: Somebody else has it.
            JournalError: It cannot be told.
        """
