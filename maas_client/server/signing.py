"""Shared access signatures: what listSecrets hands out and what log links carry.

The fields have Azure's names (`sv sr sp se sig`); the string that is signed is our own, with a secret of this server.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from maas_client.server.clock import iso_seconds, parse_seconds

SERVICE_VERSION = "2022-11-02"
"""The storage service version in `sv` and `x-ms-version`. Source: azure-ai-ml 1.35.2, recorded."""


@dataclass(frozen=True, slots=True)
class SasProblem:
    """Why a signature was refused, in the words of the storage service."""

    code: str
    message: str


def sign(secret: bytes, resource: str, permissions: str, expires: float, *, kind: str = "c") -> str:
    """Return a SAS query string for one resource.

    Args:
        secret: The server's signing secret.
        resource: What may be touched: `account/container`, `account/container/blob`, or the path of one link.
        permissions: Letters such as `racwl`.
        expires: Real seconds since the epoch.
        kind: `c` for a container, `b` for one blob.
    """
    fields = {"sv": SERVICE_VERSION, "sr": kind, "sp": permissions, "se": iso_seconds(expires)}
    return urlencode({**fields, "sig": _signature(secret, resource, fields)})


def check(secret: bytes, resource: str, need: str, query: Mapping[str, str], now: float) -> SasProblem | None:
    """Say why a SAS does not open the resource, or None when it does.

    Args:
        secret: The server's signing secret.
        resource: As it was signed.
        need: Letters of which the SAS must grant at least one.
        query: The query of the request.
        now: Real seconds since the epoch.
    """
    fields = {key: query.get(key, "") for key in ("sv", "sr", "sp", "se")}
    if not hmac.compare_digest(
        _signature(secret, resource, fields).encode(), query.get("sig", "").encode("utf-8", "replace")
    ):
        return SasProblem("AuthenticationFailed", "Server failed to authenticate the request. Signature did not match.")
    expires = parse_seconds(fields["se"])
    if expires is None or now >= expires:
        return SasProblem(
            "AuthenticationFailed",
            "Server failed to authenticate the request. Signature not valid in the specified time frame: "
            f"expiry [{fields['se']}].",
        )
    if not set(need) & set(fields["sp"]):
        return SasProblem(
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        )
    return None


def account_key(secret: bytes, account: str) -> str:
    """Return the key of a storage account, 64 bytes in base64 as Azure has them."""
    return b64encode(hmac.digest(secret, f"account key of {account}".encode(), "sha512")).decode()


def _signature(secret: bytes, resource: str, fields: Mapping[str, str]) -> str:
    text = "\n".join((resource, *(fields[key] for key in ("sv", "sr", "sp", "se"))))
    return b64encode(hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).digest()).decode()
