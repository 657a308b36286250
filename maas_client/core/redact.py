"""Keep secrets out of everything that is written: logs, errors, reprs.

Allow-lists, not deny-lists: a query parameter or header that is not known to be harmless is hidden. `redact_text` is
the last line for texts that others wrote, such as an error message that echoes a key.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

REDACTED = "REDACTED"

_SAFE_QUERY = frozenset({"api-version", "comp", "restype", "metric_key", "run_id", "listviewtype", "jobtype", "$skip"})
_SAFE_HEADERS = frozenset(
    {
        "accept", "apim-request-id", "azure-asyncoperation", "content-encoding", "content-length", "content-range",
        "content-type", "date", "etag", "last-modified", "location", "retry-after", "retry-after-ms", "server",
        "user-agent", "x-ms-client-request-id", "x-ms-correlation-request-id", "x-ms-error-code", "x-ms-request-id",
        "x-ms-retry-after-ms", "x-ms-version", "x-request-id",
    }
)  # fmt: skip
_SIGNATURES = frozenset({"sig", "skoid", "sktid"})
_SAFE_FIELDS = frozenset(
    {
        "code", "computetype", "experimentname", "id", "jobtype", "kind", "location", "message", "mode", "model",
        "name", "nextlink", "object", "provisioningstate", "resourceid", "role", "state", "status", "target",
        "tasktype", "type", "version",
    }
)  # fmt: skip
"""Of JSON: their texts are names and words of the service."""
_USERS_FIELDS = frozenset({"tags", "metadata"})
"""Whatever is in there is the user's, also under a name that is harmless elsewhere."""
_LARGEST_BODY_BYTES = 64 * 1024
_MOST_CHARACTERS = 4000
_SHORTEST_SECRET = 8
_URL_HEADERS = frozenset({"azure-asyncoperation", "location"})

_SHAPES = re.compile(
    r"""(?ix)
      (?P<keep> (?:\b|%26|%3F)(?:sig|se|skoid|sktid|sv)(?:=|%3D) ) [^&\s"'<>]+
    | (?P<keep2> \bBearer\s+ ) [A-Za-z0-9._~+/=-]{6,}
    | (?P<keep3> \b(?:AccountKey|SharedAccess(?:Signature|Key)|api[-_]?key|password|client_?secret
                 |primaryKey|secondaryKey|(?:access|refresh|sas)_?token)["']?\s*[=:]\s*["']? ) [^\s;&"',<>]+
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?
    | (?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==
    | (?P<keep4> //[^/\s:@]*: ) [^/\s]+ (?=@)
    """
)


def redact_url(url: str) -> str:
    """Hide the values of all query parameters but harmless ones, and user information."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return REDACTED
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_redact_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Hide the values of all headers but harmless ones."""
    return {name: _redact_header(name.lower(), value) for name, value in headers.items()}


def redact_body(body: bytes) -> str:
    """Show the shape of a JSON body: numbers, and the texts of fields that are known to be harmless."""
    if not body or len(body) > _LARGEST_BODY_BYTES:
        return f"<{len(body)} bytes>" if body else ""
    try:
        text = json.dumps(_redact_json(json.loads(body), field="", within=""), ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"<{len(body)} bytes>"
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def redact_text(text: str) -> str:
    """Hide what has the shape of a secret in a text that others wrote."""
    return _SHAPES.sub(_keep_label, text)


def without(body: bytes, secrets: Iterable[str]) -> bytes:
    """Hide what was sent in an answer that repeats it: a key without a shape is known by its value alone.

    Args:
        body: The answer.
        secrets: What was sent. What is too short to be a secret is left: it would hide parts of words.
    """
    for secret in secrets:
        plain = unquote(secret)
        for form in (secret, plain, quote(plain, safe=""), plain.replace("/", "\\/")):
            if len(form) >= _SHORTEST_SECRET:
                body = body.replace(form.encode(), REDACTED.encode())
    return body


def secrets_of(url: str, headers: Mapping[str, str]) -> Iterator[str]:
    """Return what opens something in a request: its credential, and the parameters that may be a signature's."""
    scheme, _, credential = headers.get("authorization", "").rpartition(" ")
    yield credential.rpartition(":")[2] if scheme == "SharedKey" else credential
    for pair in urlsplit(url).query.split("&"):
        name, _, value = pair.partition("=")
        if name.lower() in _SIGNATURES:
            yield value


def _redact_json(value: Any, *, field: str, within: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        is_users = field in _USERS_FIELDS or field == within == "properties"
        return {
            key: _hidden(each) if is_users else _redact_json(each, field=key.lower(), within=field)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_redact_json(each, field=field, within=within) for each in value]
    if not isinstance(value, str) or not value:
        return value
    if field not in _SAFE_FIELDS:
        return REDACTED
    return redact_text(redact_url(value) if "://" in value and " " not in value else value)


def _hidden(value: Any) -> str:  # noqa: ANN401 - JSON
    return REDACTED if value else ""


def _keep_label(match: re.Match[str]) -> str:
    label = next((group for group in match.groups() if group), "")
    return f"{label}{REDACTED}"


def _redact_pair(pair: str) -> str:
    name, separator, _ = pair.partition("=")
    if name.lower().replace("%24", "$") in _SAFE_QUERY:
        return pair
    return f"{name}={REDACTED}" if separator else REDACTED


def _redact_header(name: str, value: str) -> str:
    if name not in _SAFE_HEADERS:
        return REDACTED
    return redact_url(value) if name in _URL_HEADERS else redact_text(value)
