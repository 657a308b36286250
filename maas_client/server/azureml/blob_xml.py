"""XML of the blob protocol: errors, container lists, block lists.

Source: Azure Storage REST, Status and Error Codes, List Blobs, Get Block List.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response

from maas_client.server.clock import http_date
from maas_client.server.service import blobs
from maas_client.server.service.blobs import Blob
from maas_client.server.service.blocks import Block
from maas_client.server.service.world import World
from maas_client.server.signing import SERVICE_VERSION

_MAX_RESULTS = 5000


class BlobError(Exception):
    """A refusal of the blob protocol."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def error_response(error: BlobError, client_request_id: str | None) -> Response:
    """Return the XML answer of a refusal; the code is a header too, because HEAD has no body."""
    detail = f"{error.message}\nClientRequestId:{client_request_id or ''}"
    head = '<?xml version="1.0" encoding="utf-8"?>'
    body = f"{head}<Error><Code>{error.code}</Code><Message>{_text(detail)}</Message></Error>"
    headers = {"x-ms-error-code": error.code, "x-ms-version": SERVICE_VERSION, **error.headers}
    if error.status == 304:
        return Response(status_code=304, headers=headers)
    return Response(body, error.status, headers, media_type="application/xml")


def block_list(committed: Sequence[Block] | None, uncommitted: Sequence[Block] | None) -> str:
    """Return the XML of a block list, of the kinds that are given."""
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f"{head}<BlockList>{_blocks('Committed', committed)}{_blocks('Uncommitted', uncommitted)}</BlockList>"


def _blocks(kind: str, blocks: Sequence[Block] | None) -> str:
    if blocks is None:
        return ""
    each = "".join(f"<Block><Name>{block.id}</Name><Size>{block.size}</Size></Block>" for block in blocks)
    return f"<{kind}Blocks>{each}</{kind}Blocks>"


def listing(request: Request, world: World, account: str, container: str) -> Response:
    """Return one page of a container's blobs; with `delimiter`, deeper names are folded into prefixes."""
    query = request.query_params
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    limit = _limit(query.get("maxresults"))
    with_metadata = "metadata" in query.get("include", "").lower().split(",")
    after = _marker(query.get("marker", ""))
    entries: list[str] = []
    last: str | None = None
    while len(entries) < limit:
        found = blobs.page(
            world, account, container, prefix=prefix, after=after, limit=1 if delimiter else limit - len(entries)
        )
        if not found:
            last = None
            break
        for blob in found:
            folder = _folder(blob.path, prefix, delimiter)
            entries.append(
                f"<BlobPrefix><Name>{_text(folder)}</Name></BlobPrefix>" if folder else _entry(blob, with_metadata)
            )
            # Everything in the folder comes before its name with the highest character.
            after = last = f"{folder}\U0010ffff" if folder else blob.path
    marker = "" if last is None else urlsafe_b64encode(last.encode()).decode()
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<EnumerationResults ContainerName={quoteattr(container)}><Prefix>{_text(prefix)}</Prefix>"
        f"{f'<Delimiter>{_text(delimiter)}</Delimiter>' if delimiter else ''}"
        f"<Blobs>{''.join(entries)}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
    )
    return Response(body, headers={"x-ms-version": SERVICE_VERSION}, media_type="application/xml")


def _limit(text: str | None) -> int:
    if text is None:
        return _MAX_RESULTS
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) == 0:
        raise BlobError(400, "OutOfRangeQueryParameterValue", "maxresults must be a whole number from 1.")
    return min(int(text), _MAX_RESULTS)


def _marker(text: str) -> str:
    try:
        return urlsafe_b64decode(text).decode()
    except ValueError as error:
        raise BlobError(400, "InvalidQueryParameterValue", "The marker is not valid.") from error


def _folder(path: str, prefix: str, delimiter: str) -> str:
    """Return the prefix into which a name is folded, or an empty string."""
    if not delimiter or delimiter not in path[len(prefix) :]:
        return ""
    return path[: path.index(delimiter, len(prefix)) + len(delimiter)]


def _entry(blob: Blob, with_metadata: bool) -> str:
    pairs = "".join(f"<{key}>{_text(value)}</{key}>" for key, value in blob.metadata.items() if key.isidentifier())
    digest = blob.headers.get("Content-MD5")
    return (
        f"<Blob><Name>{_text(blob.path)}</Name><Properties><Last-Modified>{http_date(blob.modified)}</Last-Modified>"
        f"<Etag>{_text(blob.etag.strip(chr(34)))}</Etag><Content-Length>{blob.size}</Content-Length>"
        f"<Content-Type>{_text(blob.content_type)}</Content-Type>"
        f"{f'<Content-MD5>{_text(digest)}</Content-MD5>' if digest else ''}<BlobType>BlockBlob</BlobType></Properties>"
        f"{f'<Metadata>{pairs}</Metadata>' if with_metadata else ''}</Blob>"
    )


def _text(value: str) -> str:
    # XML 1.0 has no way to write most control characters.
    return escape("".join(sign if sign.isprintable() or sign in "\t\n\r" else "\ufffd" for sign in value))
