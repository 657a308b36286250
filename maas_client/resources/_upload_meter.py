"""How fast an upload is, and what is left of it."""

from collections import deque

from maas_client.types import File, UploadEvent

REMEMBERED = 16
"""Events that the rate is an average over: half a minute, where one comes every two seconds."""


class Meter:
    """Makes the events of one upload."""

    def __init__(self, filename: str, total_bytes: int, at: float) -> None:
        """Begin at a reading, in seconds, of a clock that only moves forward."""
        self._filename = filename
        self._total = total_bytes
        self._began = at
        self._readings: deque[tuple[float, int]] = deque([(at, 0)], maxlen=REMEMBERED)

    def event(self, at: float, *, sent: int, found: int, lanes: int) -> UploadEvent:
        """Tell how far it is: `sent` bytes by this upload, `found` from an earlier one."""
        self._readings.append((at, sent))
        first, before = self._readings[0]
        rate = (sent - before) / (at - first) if at > first else 0.0
        left = self._total - sent - found
        return UploadEvent(
            filename=self._filename,
            done_bytes=sent + found,
            total_bytes=self._total,
            elapsed_seconds=at - self._began,
            bytes_per_second=rate,
            eta_seconds=left / rate if rate else None,
            in_flight=lanes,
        )

    def last(self, at: float, file: File) -> UploadEvent:
        """Tell that the file is whole."""
        return UploadEvent(
            filename=self._filename,
            done_bytes=self._total,
            total_bytes=self._total,
            elapsed_seconds=at - self._began,
            file=file,
        )
