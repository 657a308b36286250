"""The pace of a loop that follows something: when to look again, and how long an outage is lived through."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from maas_client.core.flow import Flow, counted
from maas_client.errors import (
    BrokenResponseError,
    ConnectError,
    MaaSError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    StatusError,
)
from maas_client.resources._session import Session
from maas_client.watch import next_delay

T = TypeVar("T")

PASSING = (ConnectError, RequestTimeoutError, BrokenResponseError, RateLimitError, ServerError)

_SHORTEST_WAIT_SECONDS = 0.001

ASLEEP_SECONDS = 30.0
"""A wait that lasts so much longer than it was to: this machine slept meanwhile, or was stopped."""


class Pace:
    """Counts one loop's failures, and how long nothing has happened."""

    def __init__(self, session: Session) -> None:
        self.failures = 0
        self._session = session
        self._io = session.io
        self._cadence = session.cadence
        self._turns = session.turns
        self._answered: float | None = None
        self._out_since = 0.0
        self._changed: float | None = None
        self._told: float | None = None

    async def ask(self, question: Callable[[], Awaitable[T]], *, deadline: float | None = None) -> T | MaaSError:
        """Await the question; a failure that may pass is returned, any other and one that lasts too long is raised.

        Where many ask, it waits for its turn first, but not beyond `deadline`.
        """
        await self._await_turn(deadline)
        if self.failures == 0:
            self._out_since = await self._io.monotonic()
        try:
            answer = await question()
        except PASSING as error:
            self.failures += 1
            out_for = await self._io.monotonic() - self._out_since
            permanent = isinstance(error, ConnectError) and error.permanent
            if permanent or self._cadence.gives_up(out_for, retry_after=_hint(error)):
                raise
            return error
        self.failures = 0
        self._answered = await self._io.monotonic()
        return answer

    async def run(self, flow: Flow[T]) -> T:
        """Drive a flow as a part of the question in hand: what it asks beyond what the turn pays for is on account."""
        return await self._session.run(counted(flow, self._turn.spend))

    async def _await_turn(self, deadline: float | None) -> None:
        now = await self._io.monotonic()
        self._turn = self._turns.take(now)
        # It may be put off while it is waited for.
        while (wait := self._turn.wait(now)) > _SHORTEST_WAIT_SECONDS and (deadline is None or now < deadline):
            await self._io.sleep(wait if deadline is None else min(wait, deadline - now))
            now = await self._io.monotonic()

    def mark(self, *, changed: bool, told: bool) -> None:
        """Remember that the last answer showed another status, or gave something to tell."""
        if changed:
            self._changed = self._answered
        if told:
            self._told = self._answered

    async def pause(
        self, deadline: float | None, *, error: MaaSError | None = None, retry_after: float | None = None
    ) -> bool:
        """Wait until the next look; false, without waiting, if `deadline` leaves no time for one.

        Close to the deadline the wait is cut so that there is one last look, unless the service asked for all of it.
        """
        now = await self._io.monotonic()
        hint = _hint(error) if error is not None else retry_after
        seconds = next_delay(
            self._cadence,
            status_age_seconds=_since(self._changed, now),
            quiet_seconds=_since(self._told, now),
            errors=self.failures,
            retry_after=hint,
        )
        if deadline is not None and seconds > deadline - now:
            if hint or now >= deadline:
                return False
            seconds = deadline - now
        await self._io.sleep(seconds)
        late = await self._io.monotonic() - now - seconds
        if late > ASLEEP_SECONDS:
            self._out_since += late  # the service was not out of reach: nobody asked it
        return True


def _since(moment: float | None, now: float) -> float:
    return 0.0 if moment is None else now - moment


def _hint(error: MaaSError) -> float | None:
    return error.retry_after if isinstance(error, StatusError) else None
