"""Keep the answers of the calls that are made inside of a block, as they came.

A block belongs to whoever opened it: a context variable carries it to the calls of the same task or thread, and of
those that these start. Other tasks and threads that share the client are not listened to.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maas_client.core.error_map import request_id_of
from maas_client.core.io import Request, Response, StreamResponse
from maas_client.core.redact import redact_url

if TYPE_CHECKING:
    from maas_client.types.responses import RawResponse

LARGEST_BODY_BYTES = 1024 * 1024
MOST_RESPONSES = 200
"""The latest are kept: a block around a watch of hours must not fill the memory."""


@dataclass(slots=True)
class _Recording:
    family: object
    responses: "list[RawResponse]" = field(default_factory=list)
    ended: bool = False


_open: ContextVar[tuple[_Recording, ...]] = ContextVar("maas_client_recordings", default=())


@contextmanager
def recorded(family: object) -> "Generator[list[RawResponse], None, None]":
    """Keep the answers of a client and of those made from it; `family` is what they share."""
    recording = _Recording(family)
    token = _open.set((*_open.get(), recording))
    try:
        yield recording.responses
    finally:
        recording.ended = True
        with suppress(ValueError):  # left in another context than entered, as a generator is that a loop closes
            _open.reset(token)


def keep(
    family: object, request: Request, answer: Response | StreamResponse, *, attempt: int, elapsed_seconds: float
) -> None:
    """Hand an answer to every open block of this family."""
    for recording in _open.get():
        if recording.family is not family or recording.ended:
            continue
        # Here, since a program that asks for nothing of this should not wait for the import of what values are made of.
        from maas_client.types.responses import RawResponse

        body = answer.body if isinstance(answer, Response) else None
        response = RawResponse(
            operation=request.operation,
            method=request.method,
            url=redact_url(request.url),
            attempt=attempt,
            status=answer.status,
            headers=dict(answer.headers),
            body=body if body is not None and len(body) <= LARGEST_BODY_BYTES else None,
            request_id=request_id_of(answer.headers),
            http_version=answer.http_version,
            elapsed_seconds=elapsed_seconds,
        )
        recording.responses.append(response)
        del recording.responses[:-MOST_RESPONSES]
