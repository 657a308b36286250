"""Data assets: an uploaded file under a name and a version.

Source: azure-rest-api-specs 2024-10-01-preview (DataVersions, DataContainers); bodies as azure-ai-ml 1.35.2 sends them,
recorded; it archives a version by writing the whole of it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from maas_client.backends.azureml._wire import (
    WORKSPACE_VERSION,
    Target,
    items,
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
        self._target = target

    def create(self, draft: AssetDraft, version: str) -> Flow[DataAsset]:
        """Register a version; the same again changes nothing.

        Raises:
            ConflictError: The version exists and is another file.
        """
        return self._put(draft.name, version, draft.body())

    def get(self, name: str, version: str) -> Flow[DataAsset]:
        """Get a version."""
        request = self._version("Get", "GET", name, version)
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
        request = self._version("Get", "GET", name, version)
        found = part(read_object(request, (yield request)), "properties")
        kept = {key: found[key] for key in _WRITABLE if key in found}
        return (yield from self._put(name, version, {"properties": kept | {"isArchived": archived}}))

    def versions_page(self, name: str, cursor: str | None, *, view: str) -> Flow[Page[DataAsset]]:
        """List one page of an asset's versions."""
        request = self._page("DataVersions_List", f"/data/{quote(name, safe='')}/versions", cursor, view)
        body = read_object(request, (yield request))
        return Page(tuple(parse_asset(request, item, name) for item in items(body)), text(body.get("nextLink")))

    def names_page(self, cursor: str | None, *, view: str) -> Flow[Page[str]]:
        """List one page of the names of the workspace's assets."""
        request = self._page("DataContainers_List", "/data", cursor, view)
        body = read_object(request, (yield request))
        names = tuple(name for item in items(body) if (name := text(item.get("name"))) is not None)
        return Page(names, text(body.get("nextLink")))

    def _put(self, name: str, version: str, body: Mapping[str, Any]) -> Flow[DataAsset]:
        request = self._version("CreateOrUpdate", "PUT", name, version, body=body, expect=(200, 201))
        return parse_asset(request, read_object(request, (yield request)), name)

    def _container(self, name: str) -> Flow[dict[str, Any]]:
        request = self._target.request(
            "DataContainers_Get", "GET", f"/data/{quote(name, safe='')}", version=WORKSPACE_VERSION
        )
        return part(read_object(request, (yield request)), "properties")

    def _version(
        self,
        verb: str,
        method: str,
        name: str,
        version: str,
        *,
        body: Mapping[str, Any] | None = None,
        expect: tuple[int, ...] = (200,),
    ) -> Request:
        return self._target.request(
            f"DataVersions_{verb}",
            method,
            f"/data/{quote(name, safe='')}/versions/{quote(version, safe='')}",
            version=WORKSPACE_VERSION,
            body=body,
            expect=expect,
        )

    def _page(self, operation: str, path: str, cursor: str | None, view: str) -> Request:
        if cursor is not None:
            return self._target.data_request(operation, "GET", cursor)
        return self._target.request(operation, "GET", path, version=WORKSPACE_VERSION, query={"listViewType": view})


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
