"""Blobs below a folder of a datastore: listed page by page, read range by range.

Source: learn.microsoft.com "List Blobs" and "Get Blob", read 2026-11-24; azure-ai-ml 1.35.2, recorded, for listing a
prefix and for `x-ms-range`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from maas_client.backends.azureml._blob_xml import Blob, read_blobs
from maas_client.backends.azureml._wire import Target
from maas_client.backends.azureml.storage import StorageFlows, Store, blob_request
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import BrokenResponseError, ConfigurationError, UnsupportedByServiceError

MAX_RESULTS = 1000
"""On one page; the service allows 5000."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, or one file, in an opened datastore."""

    store: Store
    path: str
    """Without a slash at either end."""


@dataclass(frozen=True, slots=True)
class Found:
    """A blob below a folder."""

    blob: Blob
    path: str
    """Relative to the folder, with slashes."""


class BlobFlows:
    """Flows that read blobs."""

    def __init__(self, target: Target, storage: StorageFlows) -> None:
        self._target = target
        self._storage = storage

    def open(self, uri: str) -> Flow[Folder]:
        """Open the datastore that a URI names.

        Raises:
            ConfigurationError: It names no place in a datastore of this workspace.
        """
        datastore, path = split_datastore_uri(self._target, uri)
        store = yield from self._storage.open(datastore)
        return Folder(store, path)

    def page(self, folder: Folder, cursor: str | None) -> Flow[Page[Found]]:
        """List one page of what lies in a folder; `cursor` is the service's marker."""
        query = {"restype": "container", "comp": "list", "prefix": folder.path, "include": "metadata"}
        query |= {"maxresults": str(MAX_RESULTS)} | ({} if cursor is None else {"marker": cursor})

        def make() -> Request:
            return blob_request("Blob_List", "GET", folder.store, "", query=query)

        blobs, marker = read_blobs((yield from self._storage.ask(folder.store, make)))
        found = (Found(blob, path) for blob in blobs if (path := _below(folder.path, blob.name)) is not None)
        return Page(tuple(found), marker)

    def read(self, folder: Folder, blob: Blob, start: int, length: int) -> Flow[bytes]:
        """Read a part of a blob.

        Raises:
            PreconditionFailedError: It has changed since it was listed.
            BrokenResponseError: Another part came.
        """
        headers: Mapping[str, str] = {"accept": "*/*", "x-ms-range": f"bytes={start}-{start + length - 1}"}
        if blob.etag:
            headers = {**headers, "if-match": blob.etag}

        def make() -> Request:
            return blob_request("Blob_Get", "GET", folder.store, blob.name, headers=headers, expect=(200, 206))

        response = yield from self._storage.ask(folder.store, make)
        is_part = response.headers.get("content-range", "").startswith(f"bytes {start}-")
        if len(response.body) != length or not (is_part or (response.status == 200 and start == 0)):
            raise BrokenResponseError(f"Another part of {blob.name} came than was asked for.", operation="Blob_Get")
        return response.body


def split_datastore_uri(target: Target, uri: str) -> tuple[str, str]:
    """Split `azureml://[.../workspaces/{ws}/]datastores/{datastore}/paths/{path}` into datastore and path.

    Source: azure-ai-ml 1.35.2, short and long form; the scheme of a Foundry project is the same.

    Raises:
        ConfigurationError: It is something else.
        UnsupportedByServiceError: It names a datastore of another workspace.
    """
    scheme, _, rest = uri.partition("://")
    segments = rest.split("/")
    names = {key.lower(): value for key, value in zip(segments[::2], segments[1::2], strict=False)}
    datastore = names.get("datastores")
    if scheme != "azureml" or datastore is None or "/paths/" not in f"/{rest}":
        raise ConfigurationError(
            f"{uri!r} is no place in a datastore.", hint="azureml://datastores/{name}/paths/{path}"
        )
    ours = {
        "subscriptions": target.subscription_id,
        "resourcegroups": target.resource_group,
        "workspaces": target.workspace,
    }
    for key, value in ours.items():
        if names.get(key, value).lower() != value.lower():
            raise UnsupportedByServiceError(
                f"{uri!r} lies in another workspace.", hint=f"Use a client of the workspace {names.get('workspaces')}."
            )
    return datastore, f"/{rest}".partition("/paths/")[2].strip("/")


def _below(folder: str, name: str) -> str | None:
    """Return a blob's path relative to the folder; its own name where the folder is the blob itself."""
    if name == folder:
        return name.rpartition("/")[2]
    start = f"{folder}/" if folder else ""
    return name.removeprefix(start) if name.startswith(start) else None
