"""Files: a blob in the workspace's default datastore.

Source: azure-rest-api-specs 2024-10-01-preview (datastores, listSecrets); Put Blob and Get Blob Properties of Blob
Storage; the folder layout `LocalUpload/{hash}/{name}` is what azure-ai-ml 1.35.2 uses, recorded.
"""

from dataclasses import dataclass
from urllib.parse import quote

from maas_client.backends.azureml._wire import (
    WORKSPACE_VERSION,
    Target,
    part,
    read_object,
    required,
    text,
)
from maas_client.core.flow import Flow
from maas_client.core.io import FileBody, Request, Response
from maas_client.errors import ConflictError, UnsupportedByServiceError
from maas_client.types import File

BLOB_VERSION = "2022-11-02"
DEFAULT_DATASTORE = "workspaceblobstore"


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to be stored: a file whose digest is known."""

    filename: str
    sha256: str
    body: FileBody


@dataclass(frozen=True, slots=True)
class _Blob:
    url: str
    scope: str | None


class FileFlows:
    """Upload files."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def upload(self, upload: Upload) -> Flow[File]:
        """Store a file under its digest; one that is there already is not sent again.

        Raises:
            ConflictError: Other content lies under this digest's name.
        """
        path = f"LocalUpload/{upload.sha256[:32]}/{upload.filename}"
        blob = yield from self._blob(path)
        head = self._request("Blob_GetProperties", "HEAD", blob, expect=(200, 404))
        found = yield head
        reused = found.status == 200
        if not reused:
            put = self._request("Blob_Put", "PUT", blob, headers=_put_headers(upload), body=upload.body, expect=(201,))
            try:
                yield put
            except ConflictError:  # written meanwhile: by another process, or by our own attempt whose answer was lost
                found = yield self._request("Blob_GetProperties", "HEAD", blob, expect=(200,))
                reused = True
        if reused:
            _check_same(upload, found)
        return File(
            id=f"azureml://datastores/{DEFAULT_DATASTORE}/paths/{path}",
            filename=upload.filename,
            bytes=upload.body.length,
            sha256=upload.sha256,
            reused=reused,
        )

    def _blob(self, path: str) -> Flow[_Blob]:
        request = self._target.request(
            "Datastores_Get", "GET", f"/datastores/{DEFAULT_DATASTORE}", version=WORKSPACE_VERSION
        )
        properties = part(read_object(request, (yield request)), "properties")
        account = required(request, properties, "accountName")
        container = required(request, properties, "containerName")
        endpoint = text(properties.get("endpoint")) or "core.windows.net"
        protocol = text(properties.get("protocol")) or "https"
        url = f"{protocol}://{account}.blob.{endpoint}/{quote(container)}/{quote(path)}"
        if part(properties, "credentials").get("credentialsType") == "None":
            return _Blob(url=url, scope=self._target.storage_scope)
        sas = yield from self._shared_access_signature()
        return _Blob(url=f"{url}?{sas}", scope=None)

    def _shared_access_signature(self) -> Flow[str]:
        request = self._target.request(
            "Datastores_ListSecrets",
            "POST",
            f"/datastores/{DEFAULT_DATASTORE}/listSecrets",
            version=WORKSPACE_VERSION,
            body={"expirableSecret": True, "expireAfterHours": 1},
        )
        body = read_object(request, (yield request))
        token = text(body.get("sasToken"))
        if token is None:
            raise UnsupportedByServiceError(
                f"The datastore {DEFAULT_DATASTORE} gave a {body.get('secretsType')!r} secret, not a signature.",
                hint="Let the workspace hand out expiring signatures, or use an identity-based datastore.",
            )
        return token.lstrip("?")

    def _request(
        self,
        operation: str,
        method: str,
        blob: _Blob,
        *,
        expect: tuple[int, ...],
        headers: dict[str, str] | None = None,
        body: FileBody | None = None,
    ) -> Request:
        return Request(
            operation=operation,
            method=method,
            url=blob.url,
            headers={"x-ms-version": BLOB_VERSION, "accept": "application/xml", **(headers or {})},
            body=body,
            scope=blob.scope,
            expect=expect,
        )


def _put_headers(upload: Upload) -> dict[str, str]:
    return {
        "x-ms-blob-type": "BlockBlob",
        "content-type": "application/octet-stream",
        "if-none-match": "*",
        "x-ms-meta-sha256": upload.sha256,
        "x-ms-meta-upload_status": "completed",
    }


def _check_same(upload: Upload, found: Response) -> None:
    length = found.headers.get("content-length")
    digest = found.headers.get("x-ms-meta-sha256", upload.sha256)
    if length != str(upload.body.length) or digest != upload.sha256:
        raise ConflictError(
            f"Other content ({length} bytes) lies where {upload.filename} ({upload.body.length} bytes) belongs.",
            status=409,
            operation="Blob_Put",
            hint="Rename the file, or delete the blob.",
        )
