"""The blob protocol as far as uploads and downloads need it, path style.

Source: Azure Storage REST, Put Blob, Get Blob, Get Blob Properties, Set Blob Metadata, Get Container Properties, error
codes; what the SDK sends and reads is recorded from azure-ai-ml 1.35.2.
"""

import re
from base64 import b64encode
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from maas_client.server.azureml.blob_absent import absent, absent_action, absent_type
from maas_client.server.azureml.blob_auth import authorise, check_method
from maas_client.server.azureml.blob_blocks import get_block_list, put_block, put_block_list
from maas_client.server.azureml.blob_body import check_length, given_md5, metadata, properties, receive, written
from maas_client.server.azureml.blob_conditions import check_conditions
from maas_client.server.azureml.blob_xml import BlobError, error_response, listing
from maas_client.server.clock import http_date
from maas_client.server.content import Stored
from maas_client.server.service import blobs, blocks
from maas_client.server.service.blobs import Blob, Name
from maas_client.server.service.world import World
from maas_client.server.signing import SERVICE_VERSION

MAX_BLOB_BYTES = 5000 * 1024 * 1024
"""Largest body of one Put Blob. Source: Azure Storage REST, Put Blob, versions from 2019-12-12."""

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
_MAX_NAME = 1024
_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
_CONTAINER = re.compile(r"[a-z0-9-]+|\$(root|web|logs)")


async def blob_endpoint(
    request: Request, world: World, now: float, account: str, container: str, path: str
) -> Response:
    """Answer one request of the blob protocol."""
    try:
        check_method(request)
        _check_names(container, path)
        _check_version(request)
        await run_in_threadpool(authorise, request, world, account, container, path)
        if not path:
            return await run_in_threadpool(_container, request, world, account, container)
        if request.method == "PUT":
            return await _put(request, world, now, (account, container, path))
        return await run_in_threadpool(_read, request, world, (account, container, path))
    except BlobError as error:
        await _drain(request)
        return error_response(error, request.headers.get("x-ms-client-request-id"))


def _check_names(container: str, path: str) -> None:
    if not _CONTAINER.fullmatch(container):
        raise BlobError(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
    if len(path) > _MAX_NAME:
        raise BlobError(400, "InvalidResourceName", "The specified resource name contains more than 1024 characters.")


def _check_version(request: Request) -> None:
    if not _VERSION.fullmatch(request.headers.get("x-ms-version", "2022-11-02")):
        message = "The value for one of the HTTP headers is not in the correct format: x-ms-version."
        raise BlobError(400, "InvalidHeaderValue", message)


async def _put(request: Request, world: World, now: float, name: Name) -> Response:
    action = request.query_params.get("comp")
    if action == "block":
        return await put_block(request, world, name)
    if action == "blocklist":
        return await put_block_list(request, world, now, name)
    if action == "metadata":
        return await run_in_threadpool(_put_metadata, request, world, now, name)
    if action is not None:
        raise absent_action(action)
    if "x-ms-copy-source" in request.headers:
        raise absent("Copy Blob")
    return await _put_blob(request, world, now, name)


async def _put_blob(request: Request, world: World, now: float, name: Name) -> Response:
    kind = request.headers.get("x-ms-blob-type")
    if kind is None:
        message = "An HTTP header that's mandatory for this request is not specified: x-ms-blob-type."
        raise BlobError(400, "MissingRequiredHeader", message)
    if kind != "BlockBlob":
        raise absent_type(kind)
    check_length(request, MAX_BLOB_BYTES)
    wanted = given_md5(request, "content-md5")
    # Asked before the bytes are taken, and again when they are to be committed.
    await run_in_threadpool(lambda: check_conditions(request, blobs.find(world, *name)))
    stored = await receive(request, world.content.begin(), wanted)
    world.store.crash.reach("blobs.put.content-written")
    blob = await run_in_threadpool(_commit, request, world, now, name, stored)
    return Response(status_code=201, headers=written(stored.md5, blob))


def _commit(request: Request, world: World, now: float, name: Name, stored: Stored) -> Blob:
    with world.store.writing("blobs.put"):
        check_conditions(request, blobs.find(world, *name))
        content_type, pairs, headers = properties(request, own_type=True)
        headers.setdefault("Content-MD5", b64encode(stored.md5).decode())
        blob = blobs.put(world, name, stored, now, content_type=content_type, metadata=pairs, headers=headers)
        dropped = blocks.drop(world, name)
    world.content.remove(dropped)
    return blob


def _put_metadata(request: Request, world: World, now: float, name: Name) -> Response:
    with world.store.writing("blobs.metadata"):
        blob = _find(world, name)
        check_conditions(request, blob)
        etag = blobs.set_metadata(world, blob, metadata(request), now)
    return Response(headers={"ETag": etag, "Last-Modified": http_date(now), "x-ms-version": SERVICE_VERSION})


def _read(request: Request, world: World, name: Name) -> Response:
    action = request.query_params.get("comp")
    if action == "blocklist" and request.method == "GET":
        return get_block_list(request, world, name)
    if action not in (None, "metadata"):
        raise absent_action(action)
    blob = _find(world, name)
    check_conditions(request, blob)
    headers = {
        "ETag": blob.etag,
        "Last-Modified": http_date(blob.modified),
        "Content-Type": blob.content_type,
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": SERVICE_VERSION,
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "false",
        **blob.headers,
        **{f"x-ms-meta-{key}": value for key, value in blob.metadata.items()},
    }
    if action == "metadata":
        return Response(headers=headers)
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(blob.size)})
    start, size, status = _span(request, blob.size)
    headers["Content-Length"] = str(size)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{start + size - 1}/{blob.size}"
        # Content-MD5 is that of the bytes in the answer.
        if "Content-MD5" in headers:
            headers["x-ms-blob-content-md5"] = headers.pop("Content-MD5")
    pieces = blobs.pieces(world, blob.content, blob.size)
    return StreamingResponse(world.content.read(pieces, start, size), status, headers)


def _span(request: Request, total: int) -> tuple[int, int, int]:
    """Return (first byte, how many, status) of what a GET asks for."""
    text = request.headers.get("x-ms-range") or request.headers.get("range")
    found = _RANGE.fullmatch(text) if text else None
    if found is None:
        return 0, total, 200
    if found[3]:
        start, end = max(0, total - int(found[3])), total - 1
    else:
        start, end = int(found[1]), min(int(found[2] or total), total - 1)
    if start >= total or end < start:
        message = "The range specified is invalid for the current size of the resource."
        raise BlobError(416, "InvalidRange", message, {"Content-Range": f"bytes */{total}"})
    return start, end - start + 1, 206


def _container(request: Request, world: World, account: str, container: str) -> Response:
    action = request.query_params.get("comp")
    if request.method == "PUT" and action is None:
        raise BlobError(409, "ContainerAlreadyExists", "The specified container already exists.")
    if request.method == "GET" and action == "list":
        return listing(request, world, account, container)
    if request.method == "PUT" or action not in (None, "metadata"):
        raise absent_action(action or "", " of a container")
    return Response(
        headers={
            # A container does not change here: it came with its workspace.
            "ETag": '"0x8D0000000000000"',
            "Last-Modified": http_date(0),
            "x-ms-lease-status": "unlocked",
            "x-ms-lease-state": "available",
            "x-ms-has-immutability-policy": "false",
            "x-ms-has-legal-hold": "false",
            "x-ms-version": SERVICE_VERSION,
        }
    )


def _find(world: World, name: Name) -> Blob:
    blob = blobs.find(world, *name)
    if blob is None:
        raise BlobError(404, "BlobNotFound", "The specified blob does not exist.")
    return blob


async def _drain(request: Request) -> None:
    """Read what the client is still sending, so that it reads our answer and not a reset connection."""
    if "expect" not in request.headers:
        with suppress(RuntimeError):  # it was read to its end before it was refused
            async for _ in request.stream():
                pass
