"""Where a credential may travel.

Answers of the service name other URLs: of the data plane, of a blob, of the next page, of a running operation. Before a
request leaves, its URL must be one that this client set out to talk to; a token is never sent to another host because
an answer said so, and nothing is sent over plain http except to a local emulator.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from maas_client.core.io import Request
from maas_client.core.redact import redact_url
from maas_client.errors import ResponseError

NONE = ""
KEY = "key"
SIGNED = "signed"
_ODD = re.compile(r"[\x00-\x1f\x7f\\]")
"""Characters on which URL parsers disagree: one may see another host than the other."""
_HOST = re.compile(r"[a-z0-9.-]+")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Trust:
    """What one client may talk to.

    Attributes:
        origins: Exact `scheme://host[:port]` of the configured base URLs.
        suffixes: Host suffixes, each beginning with a dot, such as `.api.azureml.ms`, by what the request carries: a
            token's scope, `KEY` for a deployment's key, `SIGNED` for a signature by a storage key, `NONE` for no
            credential of ours. A token of one kind never goes to the hosts of another.
        emulator: True if the base URL is a local emulator; then only its own origin is trusted.
    """

    origins: frozenset[str]
    suffixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    emulator: bool = False

    def check(self, request: Request) -> None:
        """Raise unless this request may leave.

        Raises:
            ResponseError: The URL, which came from an answer, points elsewhere.
        """
        if self._covers(request):
            return
        raise ResponseError(
            f"An answer of the service points to {redact_url(request.url)!r}, where this client sends nothing.",
            operation=request.operation,
        )

    def _covers(self, request: Request) -> bool:
        if _ODD.search(request.url):
            return False
        try:
            if origin_of(request.url) in self.origins:
                return True
            parts = urlsplit(request.url)
        except ValueError:
            return False
        kind = _kind(request)
        host = (parts.hostname or "").lower()
        known = _HOST.fullmatch(host) is not None and host.endswith(self.suffixes.get(kind, ()))
        return known and not self.emulator and parts.scheme == "https" and parts.username is None


def _kind(request: Request) -> str:
    if request.key is not None:
        return KEY
    return SIGNED if request.signer is not None else request.scope or NONE


def origin_of(url: str) -> str:
    """Return `scheme://host[:port]`, in lower case, default ports left out.

    Raises:
        ValueError: This is not a URL, or its port is not a number up to 65535.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    bracketed = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in {None, default} else f":{parts.port}"
    user = "user@" if parts.username is not None else ""
    return f"{parts.scheme}://{user}{bracketed}{port}"


def is_loopback(url: str) -> bool:
    """Tell whether a URL points to this machine."""
    return (urlsplit(url).hostname or "").lower() in LOOPBACK
