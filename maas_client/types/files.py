"""A training or validation file that the service holds, and one that is on its way there."""

from datetime import datetime

from maas_client.types.base import Value


class File(Value):
    """An uploaded JSONL file."""

    id: str
    """What a job is given: `azureml://datastores/{datastore}/paths/{path}`."""
    filename: str
    """Its name where it was uploaded from, without folders."""
    bytes: int
    """Size in bytes."""
    sha256: str
    """Digest of the content, 64 lower-case hex digits."""
    created_at: datetime | None = None
    """When the service stored it (UTC), if it said so."""
    reused: bool = False
    """True if the same content was there already and nothing was sent."""


class UploadEvent(Value):
    """How far an upload is, as `files.upload_events` tells it."""

    filename: str
    """Its name where it is uploaded from, without folders."""
    done_bytes: int
    """Bytes that the service holds, those of an earlier upload that was broken off included."""
    total_bytes: int
    """Size of the file in bytes."""
    elapsed_seconds: float
    """Since the upload began."""
    bytes_per_second: float = 0.0
    """What was sent of late, half a minute at most; 0 where nothing was."""
    eta_seconds: float | None = None
    """Until all is sent at this rate; `None` where that cannot be told."""
    in_flight: int = 0
    """Blocks that are sent at once; fewer while the service throttles."""
    file: File | None = None
    """On the last event: the file."""

    def __str__(self) -> str:
        return f"{self.filename} {self.done_bytes}/{self.total_bytes} bytes"
