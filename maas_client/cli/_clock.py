"""The wall clock and the stopwatch of the command line."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time (UTC)."""
    return datetime.fromtimestamp(time.time(), UTC)


def monotonic() -> float:
    """Return the seconds of a clock that nobody sets."""
    return time.monotonic()


def duration(seconds: float) -> str:
    """Write a duration for people: `8s`, `2m 05s`, `1h 02m`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
