"""What a program's log is told of calls, through the standard `logging` and without what opens something.

| logger | level | one record for each |
|---|---|---|
| `maas_client.calls` | INFO | call that has ended, and (by `core.retry`) failure that is tried again |
| `maas_client.wire` | DEBUG | request that leaves, and answer that comes: headers and body, by allow-list |

Nothing is written at WARNING: a failure that matters is raised, and one that was lived through is no alarm.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from maas_client.core.error_map import request_id_of
from maas_client.core.io import FileBody, Request, Response, StreamResponse
from maas_client.core.redact import redact_body, redact_headers, redact_url, secrets_of, without
from maas_client.errors import MaaSError

calls: logging.Logger = logging.getLogger("maas_client.calls")
wire: logging.Logger = logging.getLogger("maas_client.wire")


def answered(request: Request, answer: Response | StreamResponse, *, attempts: int, seconds: float) -> None:
    """Tell that a call was answered as expected."""
    if calls.isEnabledFor(logging.INFO):
        words = f"{answer.status}, {request_id_of(answer.headers) or 'no request id'}"
        _tell(request, words, attempts, seconds)


def failed(request: Request, error: MaaSError, *, attempts: int, seconds: float) -> None:
    """Tell that a call has failed for good; its error is raised, so its words are not repeated."""
    if calls.isEnabledFor(logging.INFO):
        status, request_id = getattr(error, "status", None), getattr(error, "request_id", None)
        answer = "" if status is None else f"{status}, {request_id or 'no request id'}, "
        _tell(request, f"{answer}{type(error).__name__}", attempts, seconds)


def _tell(request: Request, words: str, attempts: int, seconds: float) -> None:
    url = redact_url(request.url)
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    calls.info("%s %s %s -> %s (%s, %.3f s)", request.operation, request.method, url, words, times, seconds)


def leaves(request: Request, headers: Mapping[str, str]) -> None:
    """Write down a request as it leaves."""
    if wire.isEnabledFor(logging.DEBUG):
        url = redact_url(request.url)
        if isinstance(request.body, FileBody):
            body = f"<{request.body.length} bytes of a file>"
        else:
            body = redact_body(request.body or b"")
        wire.debug("> %s %s %s %s", request.method, url, redact_headers(headers), body)


def comes(
    request: Request, signed: Mapping[str, str], answer: Response | StreamResponse, *, attempt: int, seconds: float
) -> None:
    """Write down an answer as it comes."""
    if wire.isEnabledFor(logging.DEBUG):
        if isinstance(answer, Response):
            answer = unrepeated(request, signed, answer)
            headers, body = answer.headers, redact_body(answer.body)
        else:
            headers, body = answer.headers, "<streamed>"
        told = redact_headers(headers)
        wire.debug(
            "< %s %d in %.3f s, attempt %d: %s %s", request.operation, answer.status, seconds, attempt, told, body
        )


def unrepeated(request: Request, signed: Mapping[str, str], response: Response) -> Response:
    """Return an answer without the credential that it may repeat."""
    secrets = list(secrets_of(request.url, signed))
    headers = {name: without(value.encode(), secrets).decode() for name, value in response.headers.items()}
    return replace(response, headers=headers, body=without(response.body, secrets))
