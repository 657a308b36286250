"""Is this machine's clock right? Signatures and tokens are judged by the service's.

The service says its time with every answer. It is looked at once per client, and again with every refusal.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from maas_client.errors import StatusError

logger: logging.Logger = logging.getLogger("maas_client")

TOLERATED_SECONDS = 300.0
"""Source: learn.microsoft.com, Microsoft Entra ID and shared access signatures: five minutes are lived with."""
_REFUSALS = frozenset({401, 403})


@dataclass(slots=True)
class Skew:
    """By how many seconds the service's clock is ahead of this machine's; `None` until an answer told."""

    seconds: float | None = None
    _warned: bool = field(default=False, repr=False)

    @property
    def is_harmful(self) -> bool:
        """True if requests may be refused for it."""
        return self.seconds is not None and abs(self.seconds) > TOLERATED_SECONDS

    def observe(self, status: int, headers: Mapping[str, str], now: datetime) -> None:
        """Look at an answer: at the first, and at every refusal."""
        if self.seconds is not None and status not in _REFUSALS:
            return
        try:
            theirs = parsedate_to_datetime(headers["date"])
            # A date of an unknown zone is naive, and an answer without one tells nothing.
            self.seconds = (theirs - now) / timedelta(seconds=1)
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        if self.is_harmful and not self._warned:
            self._warned = True
            logger.warning("%s", self.text)

    @property
    def text(self) -> str:
        """What is wrong, in a sentence."""
        seconds = self.seconds or 0.0
        size = f"{abs(seconds) / 60:.0f} minutes" if abs(seconds) < 7200 else f"{abs(seconds) / 3600:.0f} hours"
        way = "behind" if seconds > 0 else "ahead of"
        return f"This machine's clock is {size} {way} the service's."

    def explain(self, error: StatusError) -> None:
        """Say so in the hint of a refusal that may come from it."""
        if self.is_harmful and error.status in _REFUSALS:
            error.hint = f"{self.text} Set it first: tokens and signatures are refused by the clock." + (
                f" {error.hint}" if error.hint else ""
            )
