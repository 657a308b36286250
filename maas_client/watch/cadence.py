"""When to look at a job again: often while it moves, seldom while it stands, never sooner than the service asks."""

import random
from dataclasses import dataclass

SHORTEST_DELAY_SECONDS = 0.2
FRESH_INTERVALS = 2
"""A status is fresh for so many base intervals; meanwhile looks come twice as often."""
QUIET_INTERVALS = 30
"""After so many base intervals without any event, waits grow in proportion to the quiet."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often one kind of service is asked. All in seconds.

    Attributes:
        base_seconds: Between two looks at a job that is under way.
        max_seconds: The longest wait that we choose ourselves.
        outage_seconds: How long the service may be out of reach, without a break, before watching ends.
        looks_per_second: Of all that one client follows together. Azure's resource manager gives a subscription 25
            reads a second in the long run, and 250 at once; a client takes fewer than half of them for watching.
            Source: learn.microsoft.com, "Understand how Azure Resource Manager throttles requests".
    """

    base_seconds: float
    max_seconds: float
    outage_seconds: float = 900.0
    looks_per_second: float = 10.0

    @classmethod
    def for_service(cls) -> "Cadence":
        """Return the one for Azure, where jobs take minutes to hours."""
        return cls(base_seconds=10.0, max_seconds=60.0)

    @classmethod
    def for_emulator(cls) -> "Cadence":
        """Return the one for a local server, whose clock may run faster than ours."""
        return cls(base_seconds=0.5, max_seconds=2.0, looks_per_second=200.0)

    def gives_up(self, out_for_seconds: float, *, retry_after: float | None = None) -> bool:
        """Tell whether to stop watching.

        Args:
            out_for_seconds: Since the last answer that was of use.
            retry_after: Seconds that the service asks us to wait; a wait beyond the allowed outage is not begun.
        """
        return out_for_seconds + (retry_after or 0.0) > self.outage_seconds


def next_delay(
    cadence: Cadence,
    *,
    status_age_seconds: float = 0.0,
    quiet_seconds: float = 0.0,
    errors: int = 0,
    retry_after: float | None = None,
    draw: float | None = None,
) -> float:
    """Return how many seconds to wait before the next look, at least 0.2.

    Args:
        cadence: How often this service is asked.
        status_age_seconds: Since the job's status last changed.
        quiet_seconds: Since the last event of any kind.
        errors: Looks that failed in a row; 0 after a good one.
        retry_after: Seconds that the service asked for, in an answer or an error; never undercut, up to 10 % added.
        draw: A number from 0 to 1 that spreads the waits of many clients out; drawn at random if not given.
    """
    drawn = random.random() if draw is None else draw  # noqa: S311 - spreads clients out; nothing secret hangs on it
    if errors > 0:
        bound = min(cadence.max_seconds, cadence.base_seconds * 2.0 ** min(errors - 1, 16))
        delay = bound * (0.5 + drawn / 2)
    elif status_age_seconds < FRESH_INTERVALS * cadence.base_seconds:
        delay = cadence.base_seconds / 2
    else:
        delay = min(cadence.max_seconds, max(cadence.base_seconds, quiet_seconds / QUIET_INTERVALS))
    hint = (retry_after or 0.0) * (1.0 + drawn / 10)
    return max(SHORTEST_DELAY_SECONDS, delay, hint)
