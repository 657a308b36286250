"""Long-running operations as Azure Resource Manager runs them: where to look next, and when it is over.

Pure: a state, the request that it wants next, and the state after the answer. Three ways to follow an operation, in
this order: the `Azure-AsyncOperation` URL (a status document), the `Location` URL (202 until done), the resource's
`provisioningState`.

Source: learn.microsoft.com, "Track asynchronous Azure operations"; azure-core 1.41.0 `polling/base_polling.py`.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urljoin

from maas_client.core.io import Request, Response
from maas_client.core.redact import redact_text, redact_url
from maas_client.core.retry import parse_retry_after
from maas_client.errors import ConfigurationError, ResponseError

TOKEN_VERSION = 1
_TERMINAL = {"succeeded": "succeeded", "failed": "failed", "canceled": "canceled", "cancelled": "canceled"}
_GONE_IS_DONE = frozenset({"DELETE"})
_GRACE_SECONDS = 60.0
"""For the service to say itself that an operation has run out of time."""
_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})(?:\.\d+)?S)?)?"
)


@dataclass(frozen=True, slots=True)
class Lro:
    """An operation under way. `status` is `running` until it is `succeeded`, `failed` or `canceled`."""

    operation: str
    method: str
    resource_url: str
    poll_url: str
    way: Literal["operation", "location", "resource"]
    status: str = "running"
    scope: str | None = None
    client_request_id: str | None = None
    retry_after: float | None = None
    error_code: str = ""
    error_message: str = ""
    time_limit: float | None = None
    """Seconds after which the service itself gives the operation up, if it said so."""
    begun_at: float | None = None
    """Unix seconds of its beginning, by the service's clock if it told."""

    def __repr__(self) -> str:
        # The address to look at may be signed.
        return f"<Lro {self.operation} {self.status} {redact_url(self.poll_url)}>"

    @property
    def is_done(self) -> bool:
        """True once nothing more will happen."""
        return self.status != "running"

    def is_overdue(self, now: float) -> bool:
        """Tell whether the service should have ended it by now (Unix seconds)."""
        if self.is_done or self.time_limit is None or self.begun_at is None:
            return False
        return now - self.begun_at > self.time_limit + _GRACE_SECONDS

    def told_by(self, resource_url: str) -> "Lro":
        """Return it with another resource that tells how it went, for an action whose own URL cannot be read."""
        poll_url = resource_url if self.way == "resource" else self.poll_url
        return replace(self, resource_url=resource_url, poll_url=poll_url)

    def to_token(self) -> str:
        """Write it as a text from which it can be followed later, also by another process."""
        return json.dumps({"v": TOKEN_VERSION, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_token(cls, token: str) -> "Lro":
        """Read it back.

        Raises:
            ConfigurationError: The text is not such a token, or one of a later version.
        """
        try:
            fields = json.loads(token)
            version = fields.pop("v")
            if version == TOKEN_VERSION:
                return _checked(cls(**fields))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ConfigurationError("This is not a resume token of an operation.") from error
        raise ConfigurationError(
            f"This resume token has version {version}; this release reads version {TOKEN_VERSION}."
        )


def _checked(lro: Lro) -> Lro:
    texts = (lro.operation, lro.method, lro.resource_url, lro.poll_url, lro.status, lro.client_request_id or "")
    if lro.way not in {"operation", "location", "resource"} or not all(isinstance(text, str) for text in texts):
        raise TypeError("a field of the wrong kind")
    if not all(number is None or isinstance(number, int | float) for number in (lro.time_limit, lro.begun_at)):
        raise TypeError("a time of the wrong kind")
    return lro


def begin(request: Request, response: Response) -> Lro:
    """Read the first answer of an operation."""
    lro = Lro(
        operation=request.operation,
        method=request.method,
        resource_url=request.url,
        poll_url=request.url,
        way="resource",
        scope=request.scope,
        client_request_id=response.headers.get("x-ms-client-request-id"),
        time_limit=_seconds(response.headers.get("x-ms-async-operation-timeout", "")),
        begun_at=_date(response.headers),
    )
    lro = _follow_headers(lro, response)
    if lro.way != "resource":
        return lro
    if lro.method in _GONE_IS_DONE and response.status == 200:
        return replace(lro, status="succeeded")
    return _advance_resource(lro, response)


def poll(lro: Lro) -> Request:
    """Make the request that tells how it goes."""
    headers = {"x-ms-client-request-id": lro.client_request_id} if lro.client_request_id else {}
    expect = (200, 201, 202, 204) if lro.way == "location" else (200, 201, 202)
    return Request(
        operation=f"{lro.operation}_Poll",
        method="GET",
        url=lro.poll_url,
        headers=headers,
        scope=lro.scope,
        expect=expect,
    )


def advance(lro: Lro, response: Response) -> Lro:
    """Read a polling answer.

    Raises:
        ResponseError: A status document without a status.
    """
    lro = replace(lro, retry_after=parse_retry_after(response.headers))
    if lro.way == "operation":
        return _advance_operation(lro, response)
    if lro.way == "location":
        return _advance_location(lro, response)
    return _advance_resource(lro, response)


def on_missing(lro: Lro) -> Lro:
    """Read a 404 while polling: a deleted resource is gone; a forgotten operation is told by its resource."""
    if lro.way == "resource":
        if lro.method in _GONE_IS_DONE:
            return replace(lro, status="succeeded")
        return replace(lro, status="failed", error_code="ResourceNotFound", error_message="The resource is gone.")
    return replace(lro, way="resource", poll_url=lro.resource_url)


def _seconds(text: str) -> float | None:
    """Read an ISO 8601 duration in days and less, such as `PT1H`; `None` if it is none, or no time at all.

    Source: azure-resource-manager-rpc, async-api-reference.md: `x-ms-async-operation-timeout`.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    sizes = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
    return sum(size * int(match[name] or 0) for name, size in sizes.items()) or None


def _date(headers: Mapping[str, str]) -> float | None:
    with suppress(KeyError, ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(headers["date"]).timestamp()
    return None


def _advance_operation(lro: Lro, response: Response) -> Lro:
    body = _object(response)
    status = body.get("status")
    if not isinstance(status, str) or not status:
        raise ResponseError("The operation's status document has no status.", path="$.status", operation=lro.operation)
    return _with_status(lro, status, body.get("error"))


def _advance_location(lro: Lro, response: Response) -> Lro:
    if response.status == 202:
        return _follow_headers(lro, response)
    return replace(lro, status="succeeded")


def _advance_resource(lro: Lro, response: Response) -> Lro:
    if response.status == 204:
        return replace(lro, status="succeeded")
    body = _object(response)
    deleting = lro.method in _GONE_IS_DONE
    properties = body.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    if not isinstance(state, str) or not state:
        return replace(lro, status="succeeded" if response.status == 200 and not deleting else "running")
    advanced = _with_status(lro, state, body.get("error"))
    # a resource that is still there tells how it was created, not that its deletion is over
    return replace(lro, status="running") if deleting and advanced.status == "succeeded" else advanced


def _follow_headers(lro: Lro, response: Response) -> Lro:
    headers: Mapping[str, str] = response.headers
    lro = replace(lro, retry_after=parse_retry_after(headers))
    if url := headers.get("azure-asyncoperation"):
        return replace(lro, way="operation", poll_url=_joined(lro, url))
    if url := headers.get("location"):
        return replace(lro, way="location", poll_url=_joined(lro, url))
    return lro


def _joined(lro: Lro, url: str) -> str:
    try:
        return urljoin(lro.poll_url, url)
    except ValueError as error:
        raise ResponseError("The answer names no valid URL to follow.", operation=lro.operation) from error


def _with_status(lro: Lro, word: str, error: object) -> Lro:
    status = _TERMINAL.get(word.lower(), "running")
    facts = error if isinstance(error, dict) else {}
    message = redact_text(str(facts.get("message") or ""))
    return replace(lro, status=status, error_code=str(facts.get("code") or ""), error_message=message)


def _object(response: Response) -> dict[str, Any]:
    try:
        body = json.loads(response.body) if response.body else {}
    except (ValueError, RecursionError) as error:
        raise ResponseError("The operation's answer is not JSON.") from error
    return body if isinstance(body, dict) else {}
