"""What a write of a blob carries: a body, its digest, the blob's properties; and what every write answers.

Source: Azure Storage REST, Put Blob, Put Block, Put Block List; common error codes.
"""

import binascii
from base64 import b64decode, b64encode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from maas_client.server.azureml.blob_xml import BlobError
from maas_client.server.clock import http_date
from maas_client.server.content import Stored, Writing
from maas_client.server.service.blobs import Blob
from maas_client.server.signing import SERVICE_VERSION

_PROPERTIES = {
    "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language",
    "x-ms-blob-content-disposition": "Content-Disposition",
    "x-ms-blob-cache-control": "Cache-Control",
}


def check_length(request: Request, limit: int) -> int:
    """Return the Content-Length.

    Raises:
        BlobError: 411 or 413.
    """
    length = request.headers.get("content-length")
    if length is None:
        raise BlobError(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
    if int(length) > limit:
        raise BlobError(413, "RequestBodyTooLarge", f"The request body is larger than {limit} bytes.")
    return int(length)


def given_md5(request: Request, header: str) -> bytes | None:
    """Return the MD5 that a header carries.

    Raises:
        BlobError: 400, it is none.
    """
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        digest = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise BlobError(400, "InvalidMd5", "The MD5 value specified in the request is invalid: Base64 of 128 bits.")
    return digest


async def receive(request: Request, writing: Writing, wanted: bytes | None) -> Stored:
    """Stream the body to disk in constant memory; a cut connection, or other bytes than meant, leave nothing.

    Raises:
        BlobError: 400, the MD5 is another one.
    """
    try:
        async for chunk in request.stream():
            writing.write(chunk)
        _check_md5(writing, wanted)
        return await run_in_threadpool(writing.finish)
    except BaseException:
        writing.abandon()
        raise


def _check_md5(writing: Writing, wanted: bytes | None) -> None:
    if wanted not in (None, writing.md5()):
        message = "The MD5 value specified in the request did not match with the MD5 value calculated by the server."
        raise BlobError(400, "Md5Mismatch", message)


def properties(request: Request, *, own_type: bool) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the content type, the metadata and the other headers that a blob gets from a write.

    Args:
        request: The write.
        own_type: Content-Type is that of the blob, and not of what describes it.
    """
    sent = request.headers
    kind = sent.get("x-ms-blob-content-type") or (sent.get("content-type") if own_type else None)
    headers = {name: sent[key] for key, name in _PROPERTIES.items() if key in sent}
    digest = given_md5(request, "x-ms-blob-content-md5")
    if digest is not None:
        headers["Content-MD5"] = b64encode(digest).decode()
    return kind or "application/octet-stream", metadata(request), headers


def metadata(request: Request) -> dict[str, str]:
    """Return the metadata that a request carries."""
    return {key[10:]: value for key, value in request.headers.items() if key.startswith("x-ms-meta-")}


def written(md5: bytes | None, blob: Blob | None = None) -> dict[str, str]:
    """Return the headers of an answer to a write."""
    headers = {"x-ms-version": SERVICE_VERSION, "x-ms-request-server-encrypted": "false"}
    if md5 is not None:
        headers["Content-MD5"] = b64encode(md5).decode()
    if blob is not None:
        headers |= {"ETag": blob.etag, "Last-Modified": http_date(blob.modified)}
    return headers
