"""Sign requests to Blob Storage with an account's key.

Source: learn.microsoft.com "Authorize with Shared Key", version 2015-02-21 and later; held against the signatures that
azure-storage-blob 12.31.1 makes.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from maas_client.core.io import FileBody, Request

_SIGNED_HEADERS = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
"""Their values in this order, an empty line for one that is not sent."""


@dataclass(frozen=True, slots=True)
class SharedKey:
    """An account and its key; the key never leaves this process."""

    account: str
    key: bytes = field(repr=False)

    @classmethod
    def from_text(cls, account: str, key: str) -> "SharedKey":
        """Read a key as the service writes it.

        Raises:
            ValueError: It is not base64.
        """
        return cls(account=account, key=b64decode(key, validate=True))

    def sign(self, request: Request, headers: Mapping[str, str], now: datetime) -> Mapping[str, str]:
        """Return the headers to add; the service takes them for a quarter of an hour around `now`."""
        dated = {name.lower(): value for name, value in headers.items()} | {
            "x-ms-date": format_datetime(now, usegmt=True)
        }
        text = _string_to_sign(self.account, request, dated)
        signature = b64encode(hmac.digest(self.key, text.encode(), "sha256")).decode("ascii")
        return {"x-ms-date": dated["x-ms-date"], "authorization": f"SharedKey {self.account}:{signature}"}


def _string_to_sign(account: str, request: Request, headers: Mapping[str, str]) -> str:
    body = request.body
    length = body.length if isinstance(body, FileBody) else len(body or b"")
    known = {**headers, "content-length": str(length) if length else ""}
    own = sorted((name, " ".join(value.split())) for name, value in headers.items() if name.startswith("x-ms-"))
    parts = urlsplit(request.url)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name.lower(), []).append(value)
    lines = [
        request.method,
        *(known.get(name, "") for name in _SIGNED_HEADERS),
        *(f"{name}:{value}" for name, value in own),
        f"/{account}{parts.path}",
        *(f"{name}:{','.join(sorted(values))}" for name, values in sorted(query.items())),
    ]
    return "\n".join(lines)
