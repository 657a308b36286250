"""Data assets: uploaded files under a name and a version."""

from datetime import datetime

from maas_client.types.base import Value


class DataAsset(Value):
    """One version of a data asset. Its file never changes; a new file is a new version."""

    id: str
    """What a job is given: the asset's resource id."""
    name: str
    """Name in the workspace."""
    version: str
    """Version; counted from `"1"` where none was chosen."""
    uri: str
    """Where its file lies, such as `azureml://datastores/{datastore}/paths/{path}`."""
    type: str = "uri_file"
    """`uri_file`, `uri_folder` or `mltable`, as the service says; jobs take files."""
    description: str | None = None
    """For people."""
    tags: dict[str, str] = {}
    """Yours to set."""
    is_archived: bool = False
    """True if lists leave it out; it can be used all the same."""
    created_at: datetime | None = None
    """When it was registered (UTC)."""
