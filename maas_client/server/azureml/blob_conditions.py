"""Conditional headers of the blob protocol.

Source: Azure Storage REST, "Specifying conditional headers for Blob service operations"; RFC 9110 section 13.2.2 for
the order in which they count.
"""

from email.utils import parsedate_to_datetime

from starlette.requests import Request

from maas_client.server.azureml.blob_xml import BlobError
from maas_client.server.service.blobs import Blob


def check_conditions(request: Request, blob: Blob | None) -> None:
    """Refuse a request whose conditions a blob (or its absence) does not meet.

    Raises:
        BlobError: 304 for a read of what is not newer, 409 for what must not exist, else 412.
    """
    if _failed_match(request, blob):
        raise BlobError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    if blob is None or not _unchanged(request, blob):
        return
    if request.method in ("GET", "HEAD"):
        raise BlobError(304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    if request.headers.get("if-none-match") == "*":
        raise BlobError(409, "BlobAlreadyExists", "The specified blob already exists.")
    raise BlobError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def _failed_match(request: Request, blob: Blob | None) -> bool:
    wanted = request.headers.get("if-match")
    if wanted is not None:
        return blob is None or not _names(wanted, blob)
    before = _date(request, "if-unmodified-since")
    return before is not None and blob is not None and int(blob.modified) > before


def _unchanged(request: Request, blob: Blob) -> bool:
    unwanted = request.headers.get("if-none-match")
    if unwanted is not None:
        return _names(unwanted, blob)
    since = _date(request, "if-modified-since")
    return since is not None and int(blob.modified) <= since


def _names(header: str, blob: Blob) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    # Some clients leave the quotes out.
    return "*" in tags or blob.etag in tags or blob.etag.strip('"') in tags


def _date(request: Request, name: str) -> float | None:
    text = request.headers.get(name)
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        raise BlobError(
            400, "InvalidHeaderValue", f"The value for one of the HTTP headers is not in the correct format: {name}."
        ) from None
