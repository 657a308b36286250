"""Which failures are tried again, when, and for how long: one table, one policy value, driven by tenacity.

| failure | repeated |
|---|---|
| never reached the service (DNS, refused, reset in the handshake) | always |
| 425, 429 | always: the service says that it did nothing |
| no answer in time, answer cut off, 408, 500, 502, 503, 504 | only if the operation is idempotent |
| 409 with a code of `CONFLICTS_THAT_PASS` | only if the operation is idempotent |
| any other status, failed TLS verification, no token | never |

A call as a whole, waits and attempts, ends within `total_seconds`, or the client's `timeout` where that is longer; only
an upload that is under way may take longer.
The parts of one upload have more patience, and share it: whichever comes through renews that of all.

A server's hint of when to come back lengthens the wait; it never makes a failure repeatable. A hint above 120 s is
not waited for: the error says when (`retry_at`), and only loops that watch wait that long.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TypeVar, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from maas_client.core.io import IO, Request
from maas_client.errors import (
    BrokenResponseError,
    ConnectError,
    MaaSError,
    RequestTimeoutError,
    StatusError,
    TransportError,
)

T = TypeVar("T")
logger: logging.Logger = logging.getLogger("maas_client.calls")

THROTTLED = frozenset({425, 429})
TRANSIENT = frozenset({408, 500, 502, 503, 504})
CONFLICTS_THAT_PASS = frozenset({"AnotherOperationInProgress", "OperationInProgress", "TransientConflict"})
CALL_SECONDS = 120.0
LONGEST_HINT_SECONDS = 120.0
FARTHEST_HINT_SECONDS = 1e9
"""A later moment is cut to this: it is nonsense, and beyond what a date can hold."""
SHORTEST_ATTEMPT_SECONDS = 1.0
"""With less than this left, another attempt is not begun: it would only hide the error of the last one."""
PART_ATTEMPTS = 20
"""Of one part of an upload, without any part coming through. Source for this and the cap: AzCopy's, as of 2026-11."""
PART_CAP_SECONDS = 60.0
PART_SECONDS = 900.0
"""As long as a watch lives through an outage."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long one call is tried. Times in seconds; waits are drawn uniformly from 0 to the bound (full jitter)."""

    max_attempts: int = 4
    total_seconds: float = CALL_SECONDS
    base_seconds: float = 0.5
    cap_seconds: float = 8.0
    throttled_base_seconds: float = 1.0
    throttled_cap_seconds: float = 30.0

    def for_parts(self) -> "RetryPolicy":
        """Return the policy for the parts of something long, whose patience is counted from the last that came through.

        An upload of hours is not given up over an outage of minutes; who wants nothing tried again is obeyed.
        """
        if self.max_attempts == 1:
            return self
        attempts = max(self.max_attempts, PART_ATTEMPTS)
        return replace(
            self,
            max_attempts=attempts,
            total_seconds=PART_SECONDS,
            cap_seconds=PART_CAP_SECONDS,
            throttled_cap_seconds=PART_CAP_SECONDS,
        )


@dataclass(slots=True)
class RetryBudget:
    """Shared by all calls of a client, so that an outage does not multiply its traffic."""

    capacity: int = 500
    left: int = field(default=500)

    def spend(self, error: BaseException | None) -> bool:
        """Take what one more attempt costs; false if there is not enough left."""
        cost = 10 if isinstance(error, RequestTimeoutError) else 5
        if self.left < cost:
            return False
        self.left -= cost
        return True

    def reward(self) -> None:
        """Give back a little for a call that went well."""
        if self.left < self.capacity:
            self.left += 1


@dataclass(slots=True)
class Patience:
    """How long a call is tried; the calls of one upload share it, so that each that comes through renews that of all.

    Attributes:
        policy: Of each call.
        budget: What all of them may spend.
        progress: How many parts have come through.
        before_next: Told of each failure before it is waited for the next attempt; what it raises ends the call.
    """

    policy: RetryPolicy
    budget: RetryBudget
    progress: int = 0
    before_next: Callable[[MaaSError], None] = lambda _error: None

    def renew(self) -> None:
        """Count a part that came through."""
        self.progress += 1
        self.budget.left = self.budget.capacity


def is_repeatable(error: BaseException, request: Request) -> bool:
    """Tell whether the table above lets this failure of this request be tried again."""
    if isinstance(error, ConnectError):
        return not error.permanent
    if isinstance(error, RequestTimeoutError | BrokenResponseError):
        return request.idempotent
    if not isinstance(error, StatusError):
        return False
    if error.retry_after is not None and error.retry_after > LONGEST_HINT_SECONDS:
        return False
    if error.status in THROTTLED:
        return True
    passing = error.status == 409 and error.code in CONFLICTS_THAT_PASS
    return request.idempotent and (error.status in TRANSIENT or passing)


def is_ambiguous(error: BaseException) -> bool:
    """Tell whether the request may have been carried out all the same."""
    if isinstance(error, StatusError):
        return error.status in TRANSIENT
    return isinstance(error, RequestTimeoutError | BrokenResponseError)


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Read when to come back, in seconds from the answer; `None` if the answer says nothing usable.

    Order: `retry-after-ms`, `x-ms-retry-after-ms`, `Retry-After` in seconds, `Retry-After` as a date. A date is
    measured against the answer's own `Date`, so that a wrong local clock does no harm.

    Source: azure-core 1.41.0 for the headers; RFC 9110 section 10.2.3.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _number(headers.get(name))
        if milliseconds is not None:
            return min(milliseconds / 1000, FARTHEST_HINT_SECONDS)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return None if seconds is None else min(seconds, FARTHEST_HINT_SECONDS)
    try:
        delay = parsedate_to_datetime(text) - parsedate_to_datetime(headers["date"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return min(max(0.0, delay / timedelta(seconds=1)), FARTHEST_HINT_SECONDS)


def backoff_seconds(policy: RetryPolicy, attempt: int, error: BaseException | None) -> float:
    """Draw the wait before attempt `attempt + 1`; at least a server's hint plus 0-10 %."""
    throttled = isinstance(error, StatusError) and error.status in THROTTLED
    base = policy.throttled_base_seconds if throttled else policy.base_seconds
    cap = policy.throttled_cap_seconds if throttled else policy.cap_seconds
    bound = min(cap, base * 2.0 ** min(attempt, 16))
    drawn = random.uniform(0, bound)  # noqa: S311 - spreads clients out; nothing secret hangs on it
    hint = error.retry_after if isinstance(error, StatusError) else None
    if hint is None:
        return drawn
    return max(drawn, hint * random.uniform(1.0, 1.1))  # noqa: S311 - as above


async def call_with_retries(io: IO, patience: Patience, request: Request, attempt: Callable[[], Awaitable[T]]) -> T:
    """Await `attempt()` until it succeeds or the patience is at its end or the table says no; then its last error."""
    policy, budget = patience.policy, patience.budget
    started = latest = await io.monotonic()
    progress, attempts = patience.progress, 0
    ambiguous = False

    async def timed() -> T:
        nonlocal started, latest, progress, attempts, ambiguous
        attempts += 1
        try:
            return await attempt()
        except MaaSError as error:
            ambiguous = ambiguous or is_ambiguous(error)
            error.may_have_happened = ambiguous
            latest = await io.monotonic()
            if patience.progress != progress:
                progress, attempts, started = patience.progress, 1, latest
            raise

    def repeatable(error: BaseException) -> bool:
        return is_repeatable(error, request)

    def wait(state: RetryCallState) -> float:
        return backoff_seconds(policy, attempts - 1, _error_of(state))

    def stop(state: RetryCallState) -> bool:
        out_of_attempts = attempts >= policy.max_attempts
        begins = latest - started + state.upcoming_sleep
        out_of_time = begins + SHORTEST_ATTEMPT_SECONDS > policy.total_seconds
        if out_of_attempts or out_of_time:
            return True
        error = cast("MaaSError", _error_of(state))  # no other is repeatable
        patience.before_next(error)
        if not budget.spend(error):
            return True
        logger.info("%s: next attempt in %.2f s. %s", request.operation, state.upcoming_sleep, error)
        return False

    retrying = AsyncRetrying(sleep=io.sleep, stop=stop, wait=wait, retry=retry_if_exception(repeatable), reraise=True)
    try:
        result: T = await retrying(timed)
    except MaaSError as error:
        await _annotate(io, error, retrying)
        raise
    budget.reward()
    return result


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


async def _annotate(io: IO, error: MaaSError, retrying: AsyncRetrying) -> None:
    if isinstance(error, TransportError):
        error.attempts = max(1, int(retrying.statistics.get("attempt_number", 1)))
    if isinstance(error, StatusError) and error.retry_after is not None:
        error.retry_at = (await io.now()).astimezone(UTC) + timedelta(seconds=error.retry_after)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None
