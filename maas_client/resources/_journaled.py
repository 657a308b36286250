"""Steps that are journaled: claimed, read anew, written down before their first byte is sent, and after.

Theory of operation. Every step is claimed, so that nobody else is at it; read anew from the journal, since somebody
else may have done it; written down as an intent, durably, before its first byte is sent; done; and its result written
down. A result that cannot be written down is no reason to stop: what was done is found again by looking.
"""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from maas_client.core.io import IO
from maas_client.core.journal import Data, Entry, Journal, Kind, Record, StepRecord
from maas_client.core.redact import redact_text
from maas_client.errors import JournalError, MaaSError, WaitTimeoutError
from maas_client.types import StepState

logger = logging.getLogger("maas_client")


@dataclass(slots=True)
class Attempt:
    """One attempt at a step: how it stood before, and what comes of it."""

    before: StepRecord
    result: Data | None = None

    @property
    def may_have_happened(self) -> bool:
        """True if it was begun before, and its outcome is not known."""
        return self.before.state is StepState.SENT


class Journaled:
    """The steps of one run.

    Attributes:
        record: The run, as far as this object knows.
    """

    def __init__(self, io: IO, journal: Journal, record: Record, key: str) -> None:
        """Take a run; `key` names what nobody else may be at work on meanwhile."""
        self.record = record
        self._io = io
        self._journal = journal
        self._key = key
        self._lent: AbstractContextManager[None] | None = None

    @asynccontextmanager
    async def step(self, name: str, intent: Data, *, lend: bool = False) -> AsyncGenerator[Attempt, None]:
        """Give one attempt at a step; a step that is done is only told, by its result.

        Args:
            name: Of the step.
            intent: What is about to be sent; written down before this gives anything.
            lend: True if somebody outside runs meanwhile, who may never come back: the next step takes over then.

        Raises:
            JournalError: It cannot be written down; nothing may be sent.
            JournalBusyError: Somebody else is at work on this run.
        """
        async with self._claimed(lend=lend):
            await self._refresh()
            attempt = Attempt(self.record.step(name))
            if attempt.before.state is StepState.DONE:
                yield attempt
                return
            await self._write(name, Kind.INTENT, intent)
            try:
                yield attempt
            except WaitTimeoutError:
                raise
            except MaaSError as error:
                failure = {"message": redact_text(str(error)), "unknown": error.may_have_happened}
                await self.try_write(name, Kind.FAILURE, failure)
                raise
            if attempt.result is not None:
                await self.try_write(name, Kind.RESULT, attempt.result)

    @asynccontextmanager
    async def _claimed(self, *, lend: bool) -> AsyncGenerator[None, None]:
        """Keep others away. What is lent, while somebody loops over events, ends with this object's next step."""
        self._end_loan()
        claim = self._journal.claim(self._key)
        await self._io.offload(claim.__enter__)
        if lend:
            self._lent = claim
        try:
            yield
        finally:
            # At once: who is cancelled has no time to wait for a thread.
            if not lend:
                claim.__exit__(None, None, None)
            elif self._lent is claim:
                self._end_loan()

    def _end_loan(self) -> None:
        lent, self._lent = self._lent, None
        if lent is not None:
            lent.__exit__(None, None, None)

    async def _refresh(self) -> None:
        known: Record | None = await self._io.offload(partial(self._journal.read, self.record.id))
        if known is not None:
            self.record = known

    async def _write(self, step: str, kind: Kind, data: Mapping[str, Any]) -> None:
        entry = Entry(step, kind, await self._io.now(), data)
        await self._io.offload(partial(self._journal.write, self.record.id, entry))
        self._remember(entry)

    async def try_write(self, step: str, kind: Kind, data: Mapping[str, Any]) -> None:
        """Write what came of something that was sent; where that fails, looking will tell it again."""
        try:
            await self._write(step, kind, data)
        except JournalError as error:
            logger.warning("%s What was sent stands, and going on finds it.", error)
            self._remember(Entry(step, kind, await self._io.now(), data))

    def _remember(self, entry: Entry) -> None:
        record = self.record
        self.record = Record(record.id, record.begun_at, record.plan, record.labels, (*record.entries, entry))
