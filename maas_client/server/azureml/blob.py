"""The part of the blob protocol that an upload and a download need, path style.

Source: Azure Storage REST, Put Blob, Get Blob, Get Blob Properties, Set Blob Metadata, List Blobs, error codes; what
the SDK sends and reads is recorded from azure-ai-ml 1.35.2.
"""

import re
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from maas_client.server.azureml.blob_xml import BlobError, error_response, listing
from maas_client.server.clock import http_date
from maas_client.server.content import Stored
from maas_client.server.service import blobs
from maas_client.server.service.blobs import Blob
from maas_client.server.service.world import World, workspace_by_account
from maas_client.server.signing import SERVICE_VERSION, check

MAX_BLOB_BYTES = 5000 * 1024 * 1024
"""Largest body of one Put Blob. Source: Azure Storage REST, Put Blob, versions from 2019-12-12."""

_NEED = {"GET": "r", "HEAD": "r", "PUT": "wc"}
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_MAX_NAME = 1024


async def blob_endpoint(
    request: Request, world: World, now: float, account: str, container: str, path: str
) -> Response:
    """Answer one request of the blob protocol."""
    try:
        await run_in_threadpool(_authorise, request, world, account, container, path)
        if not path:
            return await run_in_threadpool(_container, request, world, account, container)
        _check_name(path)
        if request.method == "PUT":
            return await _put(request, world, now, (account, container, path))
        return await run_in_threadpool(_get, request, world, account, container, path)
    except BlobError as error:
        await _drain(request)
        return error_response(error, request.headers.get("x-ms-client-request-id"))


def _authorise(request: Request, world: World, account: str, container: str, path: str) -> None:
    if request.method not in _NEED:
        raise BlobError(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
    workspace = workspace_by_account(world, account)
    if request.headers.get("authorization", "").lower().startswith("bearer "):
        pass
    elif "sig" in request.query_params:
        need = _NEED[request.method] if path else "l"
        # A signature of one blob (sr=b) opens that blob and nothing else.
        signed = f"{account}/{container}" + (f"/{path}" if request.query_params.get("sr") == "b" else "")
        problem = check(world.secret, signed, need, request.query_params, world.clock.real())
        if problem:
            raise BlobError(403, problem.code, problem.message)
    else:
        message = (
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        )
        raise BlobError(401, "NoAuthenticationInformation", message)
    if workspace is None or container not in (workspace.blob_container, workspace.container("workspaceartifactstore")):
        raise BlobError(404, "ContainerNotFound", "The specified container does not exist.")


def _check_name(path: str) -> None:
    if len(path) > _MAX_NAME:
        raise BlobError(400, "InvalidResourceName", "The specified resource name contains more than 1024 characters.")


async def _put(request: Request, world: World, now: float, name: tuple[str, str, str]) -> Response:
    action = request.query_params.get("comp")
    if action == "metadata":
        return await run_in_threadpool(_put_metadata, request, world, now, name)
    if action is not None:
        raise BlobError(501, "NotImplemented", f"The local reference server does not implement comp={action[:32]}.")
    _check_put(request)
    if request.headers.get("if-none-match") == "*" and await run_in_threadpool(_exists, world, name):
        raise BlobError(409, "BlobAlreadyExists", "The specified blob already exists.")
    stored = await _receive(request, world)
    blob = await run_in_threadpool(_commit, request, world, now, name, stored)
    headers = {"ETag": blob.etag, "Last-Modified": http_date(blob.modified), "x-ms-request-server-encrypted": "false"}
    return Response(status_code=201, headers=headers | {"x-ms-version": SERVICE_VERSION})


def _check_put(request: Request) -> None:
    kind = request.headers.get("x-ms-blob-type")
    if kind is None:
        raise BlobError(
            400,
            "MissingRequiredHeader",
            "An HTTP header that's mandatory for this request is not specified: x-ms-blob-type.",
        )
    if kind != "BlockBlob":
        raise BlobError(501, "NotImplemented", "The local reference server stores block blobs only.")
    length = request.headers.get("content-length")
    if length is None:
        raise BlobError(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
    if int(length) > MAX_BLOB_BYTES:
        raise BlobError(413, "RequestBodyTooLarge", f"The request body is larger than {MAX_BLOB_BYTES} bytes.")


async def _receive(request: Request, world: World) -> Stored:
    """Stream the body to disk in constant memory; a cut connection leaves nothing."""
    writing = world.content.begin()
    try:
        async for chunk in request.stream():
            writing.write(chunk)
        return await run_in_threadpool(writing.finish)
    except BaseException:
        writing.abandon()
        raise


def _commit(request: Request, world: World, now: float, name: tuple[str, str, str], stored: Stored) -> Blob:
    with world.store.writing():
        # Asked again: another upload may have been committed while this one was received.
        if request.headers.get("if-none-match") == "*" and blobs.find(world, *name):
            raise BlobError(409, "BlobAlreadyExists", "The specified blob already exists.")
        kind = request.headers.get("x-ms-blob-content-type") or request.headers.get("content-type")
        return blobs.put(
            world,
            name,
            stored,
            now,
            content_type=kind or "application/octet-stream",
            metadata=_metadata(request.headers),
        )


def _exists(world: World, name: tuple[str, str, str]) -> bool:
    return blobs.find(world, *name) is not None


def _put_metadata(request: Request, world: World, now: float, name: tuple[str, str, str]) -> Response:
    blob = _find(world, *name)
    etag = blobs.set_metadata(world, blob, _metadata(request.headers), now)
    return Response(headers={"ETag": etag, "Last-Modified": http_date(now), "x-ms-version": SERVICE_VERSION})


def _get(request: Request, world: World, account: str, container: str, path: str) -> Response:
    blob = _find(world, account, container, path)
    headers = {
        "ETag": blob.etag,
        "Last-Modified": http_date(blob.modified),
        "Content-Type": blob.content_type,
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": SERVICE_VERSION,
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        **{f"x-ms-meta-{key}": value for key, value in blob.metadata.items()},
    }
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(blob.size)})
    start, size, status = _span(request, blob.size)
    headers["Content-Length"] = str(size)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{start + size - 1}/{blob.size}"
    return StreamingResponse(world.content.read(blob.sha256, start, size), status, headers)


def _span(request: Request, total: int) -> tuple[int, int, int]:
    """Return (first byte, how many, status) of what a GET asks for."""
    text = request.headers.get("x-ms-range") or request.headers.get("range")
    found = _RANGE.fullmatch(text) if text else None
    if found is None:
        return 0, total, 200
    start, end = int(found[1]), min(int(found[2] or total), total - 1)
    if start >= total or end < start:
        message = "The range specified is invalid for the current size of the resource."
        raise BlobError(416, "InvalidRange", message, {"Content-Range": f"bytes */{total}"})
    return start, end - start + 1, 206


def _container(request: Request, world: World, account: str, container: str) -> Response:
    if request.query_params.get("comp") != "list" or request.method != "GET":
        raise BlobError(501, "NotImplemented", "The local reference server answers comp=list only on a container.")
    return listing(request, world, account, container)


def _find(world: World, account: str, container: str, path: str) -> Blob:
    blob = blobs.find(world, account, container, path)
    if blob is None:
        raise BlobError(404, "BlobNotFound", "The specified blob does not exist.")
    return blob


def _metadata(headers: Mapping[str, str]) -> dict[str, str]:
    return {key[10:]: value for key, value in headers.items() if key.startswith("x-ms-meta-")}


async def _drain(request: Request) -> None:
    """Read what the client is still sending, so that it reads our answer and not a reset connection."""
    if "expect" not in request.headers:
        async for _ in request.stream():
            pass
