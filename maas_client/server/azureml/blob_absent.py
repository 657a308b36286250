"""What of the blob protocol this server does not have, told apart from what no blob service has.

Source: Azure Storage REST, operations on blobs and on containers; error codes.
"""

from maas_client.server.azureml.blob_xml import BlobError

_COMP = frozenset(
    {"acl", "appendblock", "batch", "block", "blocklist", "blobs", "copy", "expiry", "immutabilitypolicies", "lease"}
    | {"incrementalcopy", "legalhold", "list", "metadata", "page", "pagelist", "properties", "query", "rename", "seal"}
    | {"snapshot", "tags", "tier", "undelete"}
)
_TYPES = frozenset({"AppendBlob", "BlockBlob", "PageBlob"})


def absent(what: str) -> BlobError:
    """Return the refusal of something that the service has."""
    return BlobError(501, "NotImplemented", f"The local reference server does not implement {what}.")


def absent_action(comp: str, of: str = "") -> BlobError:
    """Return the refusal of a value of `comp`."""
    if comp.lower() in _COMP:
        return absent(f"comp={comp}{of}")
    message = "Value for one of the query parameters specified in the request URI is invalid: comp."
    return BlobError(400, "InvalidQueryParameterValue", message)


def absent_type(kind: str) -> BlobError:
    """Return the refusal of a value of `x-ms-blob-type`."""
    if kind in _TYPES:
        return absent(f"blobs of type {kind}")
    message = "The value for one of the HTTP headers is not in the correct format: x-ms-blob-type."
    return BlobError(400, "InvalidHeaderValue", message)
