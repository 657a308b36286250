"""Keep secrets out of everything that is written: logs, errors, reprs.

Allow-lists, not deny-lists: a query parameter or header that is not known to be harmless is hidden. `redact_text` is
the last line for texts that others wrote, such as an error message that echoes a key.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
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
