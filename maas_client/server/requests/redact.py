"""What of a request may be told. Allow-lists: what is not known to be harmless is not shown.

`scanned` is the last line, for what is shown because of where it stands, such as a path.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hmac import digest
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

REDACTED = "REDACTED"
_MAX_TEXT = 200
_HASH_DIGITS = 12

_SHOWN = frozenset(
    {
        "$skip", "api-version", "blockid", "comp", "delimiter", "experiment_id", "isdefault", "jobtype", "listviewtype",
        "marker", "maxresults", "metric_key", "path", "prefix", "restype", "run_id", "run_uuid", "sp", "sr", "sv",
        "timeout",
    }
)  # fmt: skip
"""Parameters of a query that are shown with their values."""
_NAMED = _SHOWN | frozenset(
    {
        "include", "properties", "se", "sig", "sip", "ske", "skoid", "sks", "skt", "sktid", "skv", "spr", "st", "tag",
    }
)  # fmt: skip
"""Those whose name is shown."""
_FIELDS = (
    "location",
    "properties.jobType",
    "properties.isArchived",
    "properties.fineTuningDetails.modelProvider",
    "properties.fineTuningDetails.taskType",
    "properties.fineTuningDetails.model.uri",
    "properties.dataType",
    "properties.modelSettings.modelId",
    "properties.modelId",
    "properties.authMode",
    "expirableSecret",
    "expireAfterHours",
    "keyType",
    "stream",
    "max_tokens",
)
"""Fields of a JSON body that are shown: words of the wire, numbers, ids of models."""
_WORD = re.compile(r"[A-Za-z0-9_.:/ -]{1,200}", re.ASCII)
_IDENTITY = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
_SHAPES = re.compile(
    r"""(?ix)
      (?P<keep> (?:\b|%26|%3F)(?:sig|se|skoid|sktid)(?:=|%3D) ) [^&\s"'<>]+
    | (?P<keep2> \b(?:Bearer|SharedKey|Basic)\s+ ) [^\s"'<>]{6,}
    | (?P<keep3> \b(?:AccountKey|SharedAccess(?:Signature|Key)|api[-_]?key|password|client_?secret
                 |(?:primary|secondary)Key|(?:access|refresh|sas)_?token)["']?\s*[=:]\s*["']? ) [^\s;&"',<>]+
    | \beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*
    | (?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==
    """
)


def scanned(text: str) -> str:
    """Hide what has the shape of a secret, and what is beyond a length."""
    # Every shape has one of these; most paths have none, and this is asked of every request.
    if len(text) <= _MAX_TEXT and not (
        "=" in text or ":" in text or "%" in text or " " in text or "eyj" in text.lower() or not text.isprintable()
    ):
        return text
    found = _SHAPES.sub(lambda match: next((group for group in match.groups() if group), "") + REDACTED, text)
    return found if len(found) <= _MAX_TEXT * 10 else found[: _MAX_TEXT * 10] + "..."


@lru_cache(maxsize=256)
def short(text: str) -> str | None:
    """Return a header's text that says who asked, or None where there is none."""
    return scanned(text)[:_MAX_TEXT] or None


def identity(text: str) -> str | None:
    """Return an id that a client chose, or None where there is none."""
    if not text:
        return None
    return text if _IDENTITY.fullmatch(text) and scanned(text) == text else REDACTED


@lru_cache(maxsize=256)
def query(text: str) -> str:
    """Return a query without the values, and names, that are not known to be harmless."""
    return urlencode([_pair(name, value) for name, value in parse_qsl(text, keep_blank_values=True)], quote_via=quote)


def _pair(name: str, value: str) -> tuple[str, str]:
    known = name.lower()
    return (name if known in _NAMED else REDACTED, scanned(value) if known in _SHOWN else REDACTED)


def fields(body: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Return the fields of a JSON body that may be told, by their paths."""
    found: dict[str, str | int | float | bool] = {}
    for path in _FIELDS:
        value: Any = body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            found[path] = value if _WORD.fullmatch(value) and scanned(value) == value else REDACTED
        elif isinstance(value, bool | int | float):
            found[path] = value
    return found


def credentials(
    headers: Iterable[tuple[bytes, bytes]], parameters: Mapping[str, str], key: bytes
) -> tuple[tuple[str, str], ...]:
    """Return the kind of every credential of a request, and a short hash by which it is known again.

    Args:
        headers: Of the request, their names in lower case.
        parameters: Its query, decoded.
        key: A secret of the server, without which a hash says nothing.
    """
    found: list[tuple[str, bytes]] = []
    for name, value in headers:
        if name == b"authorization":
            scheme, space, rest = value.strip().partition(b" ")
            found.append((_SCHEMES.get(scheme.lower(), "other") if space else "key", rest.strip() if space else scheme))
        elif name in _HEADERS:
            found.append((_HEADERS[name], value))
    if "sig" in parameters:
        found.append(("sas", parameters["sig"].encode()))
    return tuple((kind, _hash(key, value)) for kind, value in found if value)


@lru_cache(maxsize=64)
def _hash(key: bytes, value: bytes) -> str:
    return digest(key, value, "sha256").hex()[:_HASH_DIGITS]


_SCHEMES = {b"bearer": "bearer", b"sharedkey": "shared-key", b"basic": "basic"}
_HEADERS = {b"api-key": "key", b"x-identity-header": "identity-header", b"x-ms-authorization-auxiliary": "auxiliary"}
