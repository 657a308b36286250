"""Who may look now: one bound on the looks of all that one client follows, however many they are.

A bucket that fills up steadily: a few looks at once go through, a thousand watches wait in line. Each place is decided
when the turn is taken, so that nobody overtakes and nothing has to be woken. A turn pays for a look at a job that tells
nothing new. A look that asks for more, as the one does that finds the end, puts off all that wait by what the rest
costs: so the requests are bounded too, and not the looks alone.
"""

from dataclasses import dataclass, field
from math import inf
from threading import Lock

REQUESTS_A_LOOK = 2
"""What a turn pays for: where the job stands, and its latest numbers."""


@dataclass(slots=True)
class Turn:
    """A place in the line, and what is left of what it pays for."""

    _line: "Turns"
    _at: float
    _put_off: float
    _paid: int = REQUESTS_A_LOOK

    def wait(self, now: float) -> float:
        """Return how many seconds to wait until it comes; more, later on, if looks before it cost more than a turn."""
        return max(0.0, self._at + self._line.put_off - self._put_off - now)

    def spend(self) -> None:
        """Note a request of its look."""
        self._paid -= 1
        if self._paid < 0:
            self._line.owe(1)


@dataclass(slots=True)
class Turns:
    """The turns of one client. Threads may share it.

    Attributes:
        per_second: So many looks in the long run, and twice as many requests.
        at_once: So many looks that need not wait, after a quiet time.
        put_off: Seconds by which all that wait were put off, ever.
    """

    per_second: float
    at_once: int = 20
    put_off: float = field(default=0.0, init=False)
    _free_at: float = field(default=-inf, init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def take(self, now: float) -> Turn:
        """Take the next turn.

        Args:
            now: A reading of a clock that only moves forward.
        """
        with self._lock:
            # What a quiet time has saved up is bounded.
            earliest = max(self._free_at, now - self.at_once / self.per_second)
            self._free_at = earliest + 1.0 / self.per_second
            return Turn(self, self._free_at, self.put_off)

    def owe(self, requests: int) -> None:
        """Put off all that wait, and all that come, by what requests cost that no turn pays for."""
        seconds = requests / (REQUESTS_A_LOOK * self.per_second)
        with self._lock:
            self.put_off += seconds
            self._free_at += seconds
