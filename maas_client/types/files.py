"""A training or validation file that the service holds."""

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
