"""Files: a blob in a datastore of the workspace, sent whole or in blocks.

Source: Put Blob, Put Block, Put Block List, Get Block List and Get Blob Properties of Blob Storage; the folder layout
`LocalUpload/{hash}/{name}` is what azure-ai-ml 1.35.2 uses, recorded.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from maas_client.backends.azureml._blob_xml import block_list, read_uncommitted
from maas_client.backends.azureml.storage import DEFAULT_DATASTORE, StorageFlows, Store, blob_request
from maas_client.core.flow import Flow
from maas_client.core.io import Digests, FileBody, Request, Response
from maas_client.errors import (
    BadRequestError,
    ConfigurationError,
    ConflictError,
    PreconditionFailedError,
    ResponseError,
)
from maas_client.types import File

MEBIBYTE = 1024 * 1024
LARGEST_SINGLE_PUT_BYTES = 64 * MEBIBYTE
"""Larger files go in blocks. Source: azure-ai-ml 1.35.2, recorded; the service itself would take more."""
BLOCK_BYTES = 8 * MEBIBYTE
MAX_BLOCKS = 50_000
LARGEST_BLOCK_BYTES = 4000 * MEBIBYTE
"""Source, as for `MAX_BLOCKS`: learn.microsoft.com "Put Block", versions from 2019-12-12."""

_NO_UNICODE = re.compile("[\ud800-\udfff]")
"""Where Python keeps the bytes of a file name that are no UTF-8."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to be stored: a file whose digest is known."""

    filename: str
    sha256: str
    body: FileBody
    datastore: str = DEFAULT_DATASTORE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes, and whether it is there already."""

    store: Store
    path: str
    taken: bool


class FileFlows:
    """Upload files."""

    def __init__(self, storage: StorageFlows) -> None:
        self._storage = storage

    def find(self, upload: Upload) -> Flow[Place]:
        """Find the place of a file, which its digest names.

        Raises:
            ConflictError: Other content lies there.
        """
        store = yield from self._storage.open(upload.datastore)
        path = _path(upload.sha256, upload.filename)
        found = yield from self._look(Place(store, path, taken=False), expect=(200, 404))
        if found.status == 200:
            _check_same(upload, found)
        return Place(store, path, taken=found.status == 200)

    def put(self, upload: Upload, place: Place) -> Flow[File]:
        """Store a file in one call."""
        headers = {"x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream", **_stored_as(upload)}

        def make() -> Request:
            return blob_request(
                "Blob_Put", "PUT", place.store, place.path, headers=headers, body=upload.body, expect=(201,)
            )

        return self._finish(upload, place, make)

    def staged(self, place: Place) -> Flow[frozenset[tuple[str, int]]]:
        """List the blocks that wait at a place, of an upload that was broken off: their ids and sizes."""

        def make() -> Request:
            return blob_request(
                "Blob_GetBlockList",
                "GET",
                place.store,
                place.path,
                query={"comp": "blocklist", "blocklisttype": "uncommitted"},
                expect=(200, 404),
            )

        response = yield from self._storage.ask(place.store, make)
        return read_uncommitted(response) if response.status == 200 else frozenset()

    def stage(self, place: Place, block_id: str, digests: Digests, body: FileBody) -> Flow[None]:
        """Send one block; a file has no part of it before `commit`."""

        def make() -> Request:
            return blob_request(
                "Blob_PutBlock",
                "PUT",
                place.store,
                place.path,
                query={"comp": "block", "blockid": block_id},
                headers={"content-type": "application/octet-stream", "content-md5": digests.md5},
                body=body,
                expect=(201,),
            )

        try:
            yield from self._storage.ask(place.store, make)
        except BadRequestError as error:
            if error.code != "Md5Mismatch":
                raise
            yield from self._storage.ask(place.store, make)  # damaged on its way

    def renew_access(self, place: Place) -> Flow[None]:
        """Ask for another signature for a place, ahead of the end of the one that is used."""
        return self._storage.renew(place.store)

    def commit(self, upload: Upload, place: Place, block_ids: Sequence[str]) -> Flow[File]:
        """Make a file of its blocks."""
        body = block_list(block_ids)
        headers = {
            "content-type": "application/xml",
            "x-ms-blob-content-type": "application/octet-stream",
            **_stored_as(upload),
        }

        def make() -> Request:
            return blob_request(
                "Blob_PutBlockList",
                "PUT",
                place.store,
                place.path,
                query={"comp": "blocklist"},
                headers=headers,
                body=body,
                expect=(201,),
            )

        return self._finish(upload, place, make)

    def file(self, upload: Upload, place: Place, *, reused: bool) -> File:
        """Return what is stored at a place."""
        return File(
            id=file_id(upload.sha256, upload.filename, place.store.datastore),
            filename=upload.filename,
            bytes=upload.body.length,
            sha256=upload.sha256,
            reused=reused,
        )

    def _finish(self, upload: Upload, place: Place, make: Callable[[], Request]) -> Flow[File]:
        try:
            yield from self._storage.ask(place.store, make)
        except (ConflictError, PreconditionFailedError):
            # Written meanwhile: by another process, or by our own attempt whose answer was lost.
            _check_same(upload, (yield from self._look(place, expect=(200,))))
            return self.file(upload, place, reused=True)
        return self.file(upload, place, reused=False)

    def _look(self, place: Place, *, expect: tuple[int, ...]) -> Flow[Response]:
        return self._storage.ask(
            place.store,
            lambda: blob_request("Blob_GetProperties", "HEAD", place.store, place.path, expect=expect),
        )


def file_id(sha256: str, filename: str, datastore: str = DEFAULT_DATASTORE) -> str:
    """Name a file as a job does, by its content: known before it is sent."""
    return f"azureml://datastores/{datastore}/paths/{_path(sha256, filename)}"


def stored_name(filename: str) -> str:
    """Return the name under which a file is stored: its own, with an underscore for each byte that is no UTF-8.

    Source: "Naming and Referencing Containers, Blobs, and Metadata" of Blob Storage: names are Unicode.
    """
    return _NO_UNICODE.sub("_", filename)


def _path(sha256: str, filename: str) -> str:
    return f"LocalUpload/{sha256[:32]}/{filename}"


def block_bytes(size: int) -> int:
    """Return the size of the blocks of a file: 8 MiB, or what keeps them at 50,000.

    Raises:
        ConfigurationError: No number of blocks can hold it.
    """
    needed = -(-size // MAX_BLOCKS)
    length = max(BLOCK_BYTES, -(-needed // MEBIBYTE) * MEBIBYTE)
    if length > LARGEST_BLOCK_BYTES:
        raise ConfigurationError(f"{size} bytes are more than one blob can hold.", hint="Split the file.")
    return length


def block_id(index: int, digests: Digests) -> str:
    """Name a block by its place and content: the same for every attempt, in every process, and of one length."""
    return b64encode(f"{index:05d}{digests.sha256[:16]}".encode()).decode("ascii")


def _stored_as(upload: Upload) -> Mapping[str, str]:
    return {
        "if-none-match": "*",
        "x-ms-meta-sha256": upload.sha256,
        "x-ms-meta-upload_status": "completed",
    }


def _check_same(upload: Upload, found: Response) -> None:
    if "x-ms-blob-type" not in found.headers:
        raise ResponseError(
            f"The storage answered for {upload.filename} without saying that it is a blob; a proxy may have answered.",
            path="x-ms-blob-type",
            operation="Blob_GetProperties",
            request_id=found.headers.get("x-ms-request-id"),
        )
    length = found.headers.get("content-length")
    digest = found.headers.get("x-ms-meta-sha256", upload.sha256)
    if length != str(upload.body.length) or digest != upload.sha256:
        raise ConflictError(
            f"Other content ({length} bytes) lies where {upload.filename} ({upload.body.length} bytes) belongs.",
            status=409,
            operation="Blob_Put",
            hint="Rename the file, or delete the blob.",
        )
