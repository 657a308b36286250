"""Who may look now: one bound on the looks of all that one client follows, however many they are.

A bucket that fills up steadily: a few looks at once go through, a thousand watches wait in line. Each wait is decided
when the turn is taken, so that nobody overtakes and nothing has to be woken.
"""

from dataclasses import dataclass, field
from math import inf
from threading import Lock


@dataclass(slots=True)
class Turns:
    """The turns of one client. Threads may share it.

    Attributes:
        per_second: So many looks in the long run.
        at_once: So many looks that need not wait, after a quiet time.
    """

    per_second: float
    at_once: int = 20
    _free_at: float = field(default=-inf, init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def take(self, now: float) -> float:
        """Take the next turn, and return how many seconds to wait until it comes.

        Args:
            now: A reading of a clock that only moves forward.
        """
        with self._lock:
            # What a quiet time has saved up is bounded.
            earliest = max(self._free_at, now - self.at_once / self.per_second)
            self._free_at = earliest + 1.0 / self.per_second
            return max(0.0, self._free_at - now)
