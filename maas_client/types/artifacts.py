"""What a job left behind: files in the workspace's storage, and copies of them here."""

from datetime import datetime

from maas_client.types.base import Value


class Artifact(Value):
    """A file of a job or model."""

    path: str
    """Relative, with slashes, such as `model/adapter_config.json`."""
    bytes: int
    """Size in bytes."""
    modified_at: datetime | None = None
    """When it was last written (UTC)."""


class Download(Value):
    """Files that now lie in a local folder."""

    folder: str
    """Where they lie; each under its `path`."""
    artifacts: tuple[Artifact, ...]
    """All of them."""
    reused: int = 0
    """How many were there already, of the same size and time, and were not fetched again."""
