"""Shared access signatures: what listSecrets hands out and what log links carry.

The fields have Azure's names (`sv sr sp se sig`); the string that is signed is our own, with a secret of this server.
"""

import hashlib
import hmac
import threading
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from maas_client.server.clock import iso_seconds, parse_seconds

SERVICE_VERSION = "2022-11-02"
"""The storage service version in `sv` and `x-ms-version`. Source: azure-ai-ml 1.35.2, recorded."""


@dataclass(frozen=True, slots=True)
class SasProblem:
    """Why a signature was refused, in the words of the storage service."""

    code: str
    message: str


def sign(
    secret: bytes, resource: str, permissions: str, expires: float, *, kind: str = "c", starts: float | None = None
) -> str:
    """Return a SAS query string for one resource.

    Args:
        secret: The server's signing secret.
        resource: What may be touched: `account/container`, `account/container/blob`, or the path of one link.
        permissions: Letters such as `racwl`.
        expires: Real seconds since the epoch.
        kind: `c` for a container, `b` for one blob.
        starts: Real seconds since the epoch, or None: it holds at once.
    """
    fields = {"sv": SERVICE_VERSION, "sr": kind, "sp": permissions, "se": iso_seconds(expires)}
    if starts is not None:
        fields["st"] = iso_seconds(starts)
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
    fields = {key: query.get(key, "") for key in ("sv", "sr", "sp", "se", "st")}
    if not hmac.compare_digest(
        _signature(secret, resource, fields).encode(), query.get("sig", "").encode("utf-8", "replace")
    ):
        return SasProblem("AuthenticationFailed", "Server failed to authenticate the request. Signature did not match.")
    starts = parse_seconds(fields["st"]) if fields["st"] else None
    if starts is not None and now < starts:
        return SasProblem(
            "AuthenticationFailed",
            "Server failed to authenticate the request. Signature not valid in the specified time frame: "
            f"start [{fields['st']}].",
        )
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


class Spending:
    """Signatures that open so many requests and no more, as a fault program has it. Kept in memory."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def limit(self, query: str, requests: int) -> None:
        """Let a SAS query string open so many requests."""
        with self._lock:
            self._left[dict(parse_qsl(query))["sig"]] = requests

    def spend(self, signature: str) -> bool:
        """Count a request; say whether it may still be opened."""
        if signature not in self._left:
            return True
        with self._lock:
            self._left[signature] -= 1
            return self._left[signature] >= 0


def account_key(secret: bytes, account: str) -> str:
    """Return the key of a storage account, 64 bytes in base64 as Azure has them."""
    return b64encode(hmac.digest(secret, f"account key of {account}".encode(), "sha512")).decode()


def _signature(secret: bytes, resource: str, fields: Mapping[str, str]) -> str:
    keys = ("sv", "sr", "sp", "se", "st") if fields.get("st") else ("sv", "sr", "sp", "se")
    text = "\n".join((resource, *(fields[key] for key in keys)))
    return b64encode(hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).digest()).decode()
