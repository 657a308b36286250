"""The XML of Blob Storage: block lists and lists of blobs.

Source: learn.microsoft.com "Put Block List", "Get Block List", "List Blobs", read 2026-11-24.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from maas_client.core.io import Response
from maas_client.errors import ResponseError


def block_list(block_ids: Sequence[str]) -> bytes:
    """Write the body that commits blocks in this order."""
    names = "".join(f"<Latest>{escape(name)}</Latest>" for name in block_ids)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{names}</BlockList>'.encode()


def read_uncommitted(response: Response) -> frozenset[tuple[str, int]]:
    """Read ids and sizes of the blocks that wait; what cannot be read is left out, and will be sent again."""
    found = _parse("Blob_GetBlockList", response).iterfind("UncommittedBlocks/Block")
    pairs = ((block.findtext("Name") or "", block.findtext("Size") or "") for block in found)
    return frozenset((name, int(size)) for name, size in pairs if size.isdecimal())


def _parse(operation: str, response: Response) -> ET.Element:
    try:
        # Without a document type there are no entities, which could grow without bound.
        body = b"" if b"<!DOCTYPE" in response.body else response.body
        return ET.fromstring(body)  # noqa: S314 - as above
    except (ET.ParseError, ValueError) as error:  # ValueError: an encoding that Python cannot read
        raise ResponseError(f"The answer is not the XML of Blob Storage: {error}.", operation=operation) from error
