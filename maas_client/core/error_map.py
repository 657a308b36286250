"""From an HTTP status and the service's code to the exception that tells the caller what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maas_client.core.io import Request, Response
from maas_client.core.redact import redact_text
from maas_client.core.retry import parse_retry_after
from maas_client.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentFilterError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
    RateLimitError,
    ServerError,
    StatusError,
    UnprocessableError,
)

_BY_STATUS: dict[int, type[StatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    422: UnprocessableError,
    429: RateLimitError,
}

_BY_CODE: dict[tuple[int, str], type[StatusError]] = {(400, "content_filter"): ContentFilterError}

_HINTS: dict[int, str] = {
    401: "Sign in again (`az login`), or pass another credential.",
    403: "Ask for the role Azure AI Developer on the resource group; a signed URL may also have expired.",
    404: "Check the name, and that the subscription, resource group and workspace are the ones you mean.",
    429: "Wait until `retry_at`, or lower the number of calls at once.",
}
_KEY_HINTS: dict[int, str] = {
    401: "The deployment refused its own key: see whether it is still there with `maas-ft deployments get`.",
    403: "See with `maas-ft deployments get` whether the deployment may be used.",
    404: "Its model has no such route, or is retired, or the deployment is gone: look with `maas-ft deployments get`.",
}
"""For calls that a deployment's key signs: no role and no sign-in helps there."""


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """What an error body says, whatever its shape."""

    message: str
    code: str = ""
    target: str | None = None
    details: Sequence[tuple[str, str]] = ()
    is_conflict: bool = False
    """A status other than 409 that means the same."""
    hint: str | None = None


def build_error(request: Request, response: Response, facts: ErrorFacts) -> StatusError:
    """Make the exception; the class depends on status and code alone, texts are redacted."""
    cls = _BY_STATUS.get(response.status, ServerError if response.status >= 500 else StatusError)
    cls = ConflictError if facts.is_conflict else _BY_CODE.get((response.status, facts.code), cls)
    hints = _HINTS if request.key is None else {**_HINTS, **_KEY_HINTS}
    return cls(
        redact_text(facts.message),
        status=response.status,
        code=facts.code,
        target=facts.target,
        details=[(code, redact_text(text)) for code, text in facts.details],
        hint=facts.hint or hints.get(response.status),
        request_id=request_id_of(response.headers),
        operation=request.operation,
        retry_after=parse_retry_after(response.headers),
    )


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the id under which the service remembers a call, from the headers of its answer."""
    for name in ("x-ms-request-id", "x-request-id", "apim-request-id"):
        if value := headers.get(name):
            return value
    return None
