"""Data assets: an uploaded file under a name and a version.

Source: azure-rest-api-specs 2024-10-01-preview (DataVersions, DataContainers); bodies as azure-ai-ml 1.35.2 sends them,
recorded; it archives a version by writing the whole of it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from maas_client.backends.azureml._collection import Collection, name_of, read_page
from maas_client.backends.azureml._wire import (
    WORKSPACE_VERSION,
    Target,
    moment,
    part,
    read_object,
    required,
    text,
    texts,
)
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import NotFoundError
from maas_client.types import DataAsset

_WRITABLE = ("description", "isAnonymous", "tags", "properties", "dataUri", "dataType")


@dataclass(frozen=True, slots=True)
class AssetDraft:
    """A version as it is to be created."""

    name: str
    uri: str
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the body of the PUT."""
        properties: dict[str, Any] = {
            "isAnonymous": False,
            "tags": dict(self.tags),
            "isArchived": False,
            "properties": {},
            "dataUri": self.uri,
            "dataType": "uri_file",
        }
        if self.description is not None:
            properties["description"] = self.description
        return {"properties": properties}


class DataFlows:
    """Flows over data assets."""

    def __init__(self, target: Target) -> None:
        self._versions = Collection(target, "DataVersions", "/data", WORKSPACE_VERSION)
        self._containers = Collection(target, "DataContainers", "/data", WORKSPACE_VERSION)

    def create(self, draft: AssetDraft, version: str) -> Flow[DataAsset]:
        """Register a version; the same again changes nothing.

        Raises:
            ConflictError: The version exists and is another file.
        """
        return self._put(draft.name, version, draft.body())

    def get(self, name: str, version: str) -> Flow[DataAsset]:
        """Get a version."""
        request = self._get_version(name, version)
        return parse_asset(request, read_object(request, (yield request)), name)

    def next_version(self, name: str) -> Flow[str]:
        """Return the version that comes next: what the service says, `"1"` for a new name."""
        try:
            properties = yield from self._container(name)
        except NotFoundError:
            return "1"
        return text(properties.get("nextVersion")) or "1"

    def latest_version(self, name: str) -> Flow[str | None]:
        """Return the newest version, if the service tells it."""
        properties = yield from self._container(name)
        return text(properties.get("latestVersion"))

    def set_archived(self, name: str, version: str, *, archived: bool) -> Flow[DataAsset]:
        """Leave a version out of lists, or take it in again."""
        request = self._get_version(name, version)
        found = part(read_object(request, (yield request)), "properties")
        kept = {key: found[key] for key in _WRITABLE if key in found}
        return (yield from self._put(name, version, {"properties": kept | {"isArchived": archived}}))

    def versions_page(self, name: str, cursor: str | None, *, view: str) -> Flow[Page[DataAsset]]:
        """List one page of an asset's versions."""
        request = self._versions.page(cursor, _versions_of(name), query={"listViewType": view})
        return read_page(request, partial(parse_asset, name=name))

    def names_page(self, cursor: str | None, *, view: str) -> Flow[Page[str]]:
        """List one page of the names of the workspace's assets."""
        return read_page(self._containers.page(cursor, query={"listViewType": view}), name_of)

    def _put(self, name: str, version: str, body: Mapping[str, Any]) -> Flow[DataAsset]:
        request = self._versions.request(
            "CreateOrUpdate", "PUT", _version_of(name, version), body=body, expect=(200, 201)
        )
        return parse_asset(request, read_object(request, (yield request)), name)

    def _container(self, name: str) -> Flow[dict[str, Any]]:
        request = self._containers.request("Get", "GET", f"/{quote(name, safe='')}")
        return part(read_object(request, (yield request)), "properties")

    def _get_version(self, name: str, version: str) -> Request:
        return self._versions.request("Get", "GET", _version_of(name, version))


def _versions_of(name: str) -> str:
    return f"/{quote(name, safe='')}/versions"


def _version_of(name: str, version: str) -> str:
    return f"{_versions_of(name)}/{quote(version, safe='')}"


def parse_asset(request: Request, body: Mapping[str, Any], name: str) -> DataAsset:
    """Read a version."""
    properties = part(body, "properties")
    return DataAsset(
        id=required(request, body, "id"),
        name=name,
        version=required(request, body, "name"),
        uri=required(request, body, "properties", "dataUri"),
        type=text(properties.get("dataType")) or "uri_file",
        description=text(properties.get("description")),
        tags=texts(properties.get("tags")),
        is_archived=properties.get("isArchived") is True,
        created_at=moment(part(body, "systemData").get("createdAt")),
    )
