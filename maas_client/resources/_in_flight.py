"""How much is in flight at once: less while the service throttles, slowly more again while it does not."""

from maas_client.core.retry import THROTTLED
from maas_client.errors import MaaSError, StatusError

NARROWS = THROTTLED | {503}
"""503 is Blob Storage's `ServerBusy`. Source: learn.microsoft.com "Blob service error codes"."""
FACTOR = 0.7
"""Our judgement: as much is left of the width at each refusal."""
STEP = 1 / 8
"""Our judgement: so many calls that come through (8) widen it by one."""


class GaveWay(Exception):  # noqa: N818 - no error: what it ends is begun again
    """A call was ended between two attempts, since too much is in flight or all of it has failed."""


class InFlight:
    """The width of one piece of work whose calls go side by side, in lanes.

    Attributes:
        running: Lanes of this round that go on.
        stopped: True once a call has failed for good.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._width = float(most)
        self._burst = 0
        self.running = most
        self.stopped = False

    @property
    def lanes(self) -> int:
        """How many there should be."""
        return int(self._width)

    def failed(self, error: MaaSError) -> None:
        """Take a failure into account that is about to be tried again.

        Raises:
            GaveWay: Its lane is one too many.
        """
        if isinstance(error, StatusError) and error.status in NARROWS:
            self._refused()
        if self.stopped or self.retire():
            raise GaveWay

    def came_through(self) -> None:
        """Take a success into account."""
        self._burst = max(0, self._burst - 1)
        self._width = min(float(self._most), self._width + STEP)

    def retire(self) -> bool:
        """Tell a lane whether it is one too many, and count it out."""
        if self.running <= self.lanes:
            return False
        self.running -= 1
        return True

    def _refused(self) -> None:
        # What was in flight together is refused together: that is one sign, not several.
        if self._burst:
            self._burst -= 1
            return
        self._burst = self.running - 1
        self._width = max(1.0, self._width * FACTOR)
