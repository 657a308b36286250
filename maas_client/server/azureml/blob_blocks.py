"""Blocks on the wire: Put Block, Put Block List, Get Block List.

Source: Azure Storage REST, the three operations and their error codes; azure-ai-ml 1.35.2, recorded: blocks come
several at a time and in any order.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from xml.etree import ElementTree as ET

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from maas_client.server.azureml.blob_body import check_length, given_md5, properties, receive, written
from maas_client.server.azureml.blob_conditions import check_conditions
from maas_client.server.azureml.blob_xml import BlobError, block_list
from maas_client.server.service import blobs, blocks
from maas_client.server.service.blobs import Name
from maas_client.server.service.blocks import BlockProblemError
from maas_client.server.service.world import World, workspace_by_account
from maas_client.server.signing import SERVICE_VERSION

MAX_BLOCK_BYTES = 4000 * 1024 * 1024
"""Largest block. Source: Azure Storage REST, Put Block, versions from 2019-12-12."""
MAX_LIST_BYTES = 8 * 1024 * 1024
"""50,000 ids of 64 bytes with their elements."""
_MAX_ID_BYTES = 64
_T = TypeVar("_T")

_MESSAGES = {
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid: all block ids must be of one length."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "BlockListTooLong": (400, "The block list may not contain more than 50,000 blocks."),
    "BlockCountExceedsLimit": (409, "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks."),
}


async def put_block(request: Request, world: World, name: Name) -> Response:
    """Take one block; the blob does not change."""
    block = _block_id(request.query_params.get("blockid"))
    if check_length(request, MAX_BLOCK_BYTES) == 0:
        raise BlobError(
            400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: "
            "Content-Length must be more than 0."
        )  # fmt: skip
    wanted = given_md5(request, "content-md5")
    await _tried(partial(blocks.check, world, name, block))
    stored = await receive(request, world.content.begin_block(), wanted)
    received = world.real(await run_in_threadpool(workspace_by_account, world, name[0]))
    world.store.crash.reach("blocks.put.content-written")
    await _tried(partial(blocks.add, world, name, block, stored, received))
    return Response(status_code=201, headers=written(stored.md5 if wanted else None))


async def put_block_list(request: Request, world: World, now: float, name: Name) -> Response:
    """Make the blob of its blocks, all at once."""
    check_length(request, MAX_LIST_BYTES)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
    wanted = _wanted(bytes(body))

    def commit() -> Response:
        with world.store.writing("blocks.list"):
            check_conditions(request, blobs.find(world, *name))
            content_type, metadata, headers = properties(request, own_type=False)
            blob, dropped = blocks.commit(
                world, name, wanted, now, content_type=content_type, metadata=metadata, headers=headers
            )
        world.content.remove(dropped)
        return Response(status_code=201, headers=written(None, blob))

    return await _tried(commit)


def get_block_list(request: Request, world: World, name: Name) -> Response:
    """GET the committed blocks, the uncommitted ones, or both."""
    kind = request.query_params.get("blocklisttype", "committed").lower()
    if kind not in ("committed", "uncommitted", "all"):
        raise BlobError(400, "InvalidQueryParameterValue", "blocklisttype must be committed, uncommitted or all.")
    blob, waiting = blobs.find(world, *name), blocks.uncommitted(world, name)
    if blob is None and not waiting:
        raise BlobError(404, "BlobNotFound", "The specified blob does not exist.")
    committed = blocks.committed(world, blob) if blob is not None else []
    headers = {"x-ms-blob-content-length": str(blob.size), **written(None, blob)} if blob is not None else {}
    body = block_list(committed if kind != "uncommitted" else None, waiting if kind != "committed" else None)
    return Response(body, headers={"x-ms-version": SERVICE_VERSION} | headers, media_type="application/xml")


async def _tried(call: Callable[[], _T]) -> _T:
    try:
        return await run_in_threadpool(call)
    except BlockProblemError as problem:
        status, message = _MESSAGES[problem.code]
        raise BlobError(status, problem.code, message) from None


def _block_id(text: str | None) -> str:
    if text is None:
        raise BlobError(
            400, "MissingRequiredQueryParameter", "A query parameter that's mandatory is not specified: blockid."
        )
    try:
        size = len(b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not 1 <= size <= _MAX_ID_BYTES:
        raise BlobError(400, "InvalidBlockId", "The specified block ID is invalid: it must be Base64 of 1 to 64 bytes.")
    return text


def _wanted(body: bytes) -> list[tuple[str, str]]:
    # Nothing may be declared (an entity makes much of little), in no encoding that would hide it.
    if b"<!" in body or b"\0" in body:
        raise BlobError(400, "InvalidXmlDocument", "The specified XML is not syntactically valid.")
    try:
        root = ET.fromstring(body)  # noqa: S314 (no declarations: see above)
    except ET.ParseError:
        raise BlobError(400, "InvalidXmlDocument", "The specified XML is not syntactically valid.") from None
    found = [(element.tag, (element.text or "").strip()) for element in root]
    if root.tag != "BlockList" or any(tag not in ("Committed", "Uncommitted", "Latest") for tag, _ in found):
        raise BlobError(
            400, "InvalidXmlDocument", "The specified XML is not a BlockList of Committed, Uncommitted, Latest."
        )
    return found
