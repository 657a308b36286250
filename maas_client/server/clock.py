"""The only file of the server that reads clocks.

Theory of operation. Jobs and long-running operations live in virtual time: seconds since the Unix epoch that start
at the wall time of the first start, run at `factor` virtual seconds per real second, and stand still while the server
is down. A virtual time that was handed out must never come back smaller, not even after kill -9, so the clock works on
a lease: before a time beyond the lease is handed out, a new lease end is made durable. After a crash it goes on from
the lease end, at most `LEASE_SECONDS` real seconds ahead of what was last seen; after a clean stop, from where it was.

What signatures and retention go by is the wall clock, plus what a manual clock was advanced; that too is durable.
A workspace may be ahead of both (`service/world.py`), so that a test moves its own time and nobody else's.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

LEASE_SECONDS = 1.0
"""Real seconds of virtual time made durable ahead of use: so often a busy server waits for the disk to go on."""


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """How virtual time moves: `factor` virtual seconds per real second; 0 means only when told."""

    kind: str
    factor: float

    @property
    def manual(self) -> bool:
        """True when time moves only by `Clock.advance`."""
        return self.kind == "manual"

    def __str__(self) -> str:
        return f"scaled:{self.factor:g}" if self.kind == "scaled" else self.kind


def parse_clock(text: str) -> ClockSetting:
    """Read `real`, `scaled:<factor>` (factor 0.001 to 1,000,000) or `manual`.

    Raises:
        ValueError: The text is none of these.
    """
    if text == "real":
        return ClockSetting("real", 1.0)
    if text == "manual":
        return ClockSetting("manual", 0.0)
    match = re.fullmatch(r"scaled:(\d+(?:\.\d+)?)", text)
    if match and 0.001 <= float(match[1]) <= 1_000_000:
        return ClockSetting("scaled", float(match[1]))
    raise ValueError(
        f"not a clock: {text!r}; use real, manual or scaled:<factor>, such as scaled:60 (0.001 to 1000000)"
    )


class Clock:
    """Virtual time for jobs, real time for signatures. Safe to use from several threads."""

    def __init__(
        self, setting: ClockSetting, start: float | None, save: Callable[[float, float], None], skew: float = 0.0
    ) -> None:
        """Go on at `start` (virtual seconds since the epoch), or at the wall time when there is none.

        Args:
            setting: How time moves.
            start: The durable lease end of the last run, or None for a first start.
            save: Makes a lease end and a skew durable before it returns. Called outside any transaction.
            skew: Seconds by which a manual clock was moved in earlier runs.
        """
        self.setting = setting
        self._save = save
        # Held while something is made durable; the other one never waits for the disk.
        self._saving = threading.Lock()
        self._lock = threading.Lock()
        self._base = time.time() if start is None else start
        self._origin = time.monotonic()
        self._lease = self._base
        self._skew = skew
        save(self._base, skew)

    def _read(self) -> float:
        return self._base + (time.monotonic() - self._origin) * self.setting.factor

    def now(self) -> float:
        """Return virtual seconds since the Unix epoch; never smaller than any value returned before, in any run."""
        now = self.at_once()
        return self._move(0.0) if now is None else now

    def at_once(self) -> float | None:
        """Return what `now` would, or None where that would have to wait for the disk."""
        with self._lock:
            now = self._read()
            return now if now <= self._lease else None

    def about(self) -> float:
        """Return what time it is without giving it out: for what nobody outside will see."""
        return self._read()

    @property
    def low(self) -> bool:
        """Say whether less than half of a lease is left: time to `extend` it, before anybody has to wait for that."""
        return self._lease - self._read() < self.setting.factor * LEASE_SECONDS / 2

    def extend(self) -> None:
        """Make a whole lease durable, if it is still low."""
        with self._saving:
            if not self.low:
                return
            lease = self._read() + LEASE_SECONDS * self.setting.factor
            self._save(lease, self._skew)
            with self._lock:
                self._lease = lease

    def advance(self, seconds: float) -> float:
        """Move virtual time (and, on a manual clock, the time of signatures) forward and return it.

        Args:
            seconds: Virtual seconds, 0 or more.
        """
        return self._move(seconds)

    def _move(self, seconds: float) -> float:
        """Make a lease durable that reaches beyond where time is to go, then go there."""
        with self._saving:
            skew = self._skew + self.skew_of(seconds)
            while True:
                lease = self._read() + seconds + LEASE_SECONDS * self.setting.factor
                self._save(lease, skew)
                with self._lock:
                    # Time went on meanwhile, by more than a lease if the disk was that slow.
                    now = self._read() + seconds
                    if now <= lease:
                        self._base, self._origin, self._lease, self._skew = now, time.monotonic(), lease, skew
                        return now

    def change(self, setting: ClockSetting) -> None:
        """Let time move in another way from now on, until the server stops."""
        with self._saving, self._lock:
            # From where it is: time neither stops short nor jumps.
            self._base, self._origin, self.setting = self._read(), time.monotonic(), setting

    def skew_of(self, seconds: float) -> float:
        """Return by how much the time of signatures moves when virtual time is advanced: only with a manual clock."""
        return seconds if self.setting.manual else 0.0

    def real(self) -> float:
        """Return the wall time in seconds since the epoch, plus what a manual clock was advanced; for signatures."""
        return time.time() + self._skew

    @property
    def skew(self) -> float:
        """Seconds by which a manual clock was moved ahead of the wall clock, which the clients of this server go by."""
        return self._skew

    def stop(self) -> None:
        """Make the exact virtual time durable: a clean stop loses and gains nothing."""
        with self._saving, self._lock:
            now = self._read()
            self._save(now, self._skew)
            self._base, self._origin, self._lease = now, time.monotonic(), now


def monotonic() -> float:
    """Return real seconds that only grow; for idle time."""
    return time.monotonic()


def wall_seconds() -> float:
    """Return the wall time in seconds since the epoch, by which clients go; for the `Date` of answers."""
    return time.time()


@lru_cache(maxsize=1024)
def iso7(seconds: float) -> str:
    """Write an instant as the service does: `2025-05-21T00:20:48.3840162+00:00`, seven digits.

    Source: answer of the real service to a FineTuning PUT, reported 2025-05-21.
    """
    whole, ticks = divmod(round(seconds * 10_000_000), 10_000_000)
    return f"{_utc(whole):%Y-%m-%dT%H:%M:%S}.{ticks:07d}+00:00"


def iso_z(seconds: float) -> str:
    """Write an instant in milliseconds with `Z`: `2026-03-26T01:00:34.148Z`."""
    whole, millis = divmod(round(seconds * 1000), 1000)
    return f"{_utc(whole):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def iso_seconds(seconds: float) -> str:
    """Write an instant in whole seconds with `Z`, as a SAS `se` field has it."""
    return f"{_utc(int(seconds)):%Y-%m-%dT%H:%M:%SZ}"


def http_date(seconds: float) -> str:
    """Write an instant as RFC 9110 has it: `Tue, 24 Nov 2026 10:00:00 GMT`."""
    return _http_date(int(seconds))


@lru_cache(maxsize=64)
def _http_date(seconds: int) -> str:
    moment = _utc(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment:%Y %H:%M:%S} GMT"


def parse_seconds(text: str) -> float | None:
    """Read a SAS instant (`YYYY-MM-DDTHH:MM:SSZ`) as seconds since the epoch; None when it is not one."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def parse_instant(text: str) -> float | None:
    """Read an ISO 8601 instant with its offset as seconds since the epoch; None when it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.timestamp()


def _utc(whole: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole)
