"""The XML of Blob Storage: block lists and lists of blobs.

Source: learn.microsoft.com "Put Block List", "Get Block List", "List Blobs", read 2026-11-24.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from maas_client.core.io import Response
from maas_client.errors import ResponseError


@dataclass(frozen=True, slots=True)
class Blob:
    """One entry of a list."""

    name: str
    size: int
    """Bytes."""
    etag: str
    """As `If-Match` wants it, in quotation marks; empty if the service gave none."""
    md5: str | None
    """Base64, if whoever stored it said so."""
    modified: datetime | None


def block_list(block_ids: Sequence[str]) -> bytes:
    """Write the body that commits blocks in this order."""
    names = "".join(f"<Latest>{escape(name)}</Latest>" for name in block_ids)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{names}</BlockList>'.encode()


def read_uncommitted(response: Response) -> frozenset[tuple[str, int]]:
    """Read ids and sizes of the blocks that wait; what cannot be read is left out, and will be sent again."""
    found = _parse("Blob_GetBlockList", response).iterfind("UncommittedBlocks/Block")
    pairs = ((block.findtext("Name") or "", block.findtext("Size") or "") for block in found)
    return frozenset((name, int(size)) for name, size in pairs if size.isdecimal())


def read_blobs(response: Response) -> tuple[tuple[Blob, ...], str | None]:
    """Read one page of a list of blobs, and the marker of the next; folders are left out."""
    root = _parse("Blob_List", response)
    found = (_blob(item) for item in root.iterfind("Blobs/Blob"))
    return tuple(blob for blob in found if blob is not None), root.findtext("NextMarker") or None


def _blob(item: ET.Element) -> Blob | None:
    name = item.find("Name")
    text = "" if name is None else name.text or ""
    if name is not None and name.get("Encoded") == "true":  # it holds what XML cannot say
        text = unquote(text)
    size = item.findtext("Properties/Content-Length") or ""
    # Accounts with folders of their own list these too.
    is_folder = item.findtext("Properties/ResourceType") == "directory" or item.findtext("Metadata/hdi_isfolder")
    if not text or text.endswith("/") or is_folder or not size.isdecimal():
        return None
    etag = (item.findtext("Properties/Etag") or "").strip('"')
    return Blob(
        name=text,
        size=int(size),
        etag=f'"{etag}"' if etag else "",
        md5=item.findtext("Properties/Content-MD5") or None,
        modified=_date(item.findtext("Properties/Last-Modified")),
    )


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "")
    except ValueError:
        return None


def _parse(operation: str, response: Response) -> ET.Element:
    try:
        # Without a document type there are no entities, which could grow without bound.
        body = b"" if b"<!DOCTYPE" in response.body else response.body
        return ET.fromstring(body)  # noqa: S314 - as above
    except (ET.ParseError, ValueError) as error:  # ValueError: an encoding that Python cannot read
        raise ResponseError(f"The answer is not the XML of Blob Storage: {error}.", operation=operation) from error
