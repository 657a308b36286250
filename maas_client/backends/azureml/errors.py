"""Read every shape of error that this wire's services answer with.

Source: azure-rest-api-specs common-types ErrorResponse (resource manager); azure-ai-ml 1.35.2 run history client;
learn.microsoft.com "Azure AI Model Inference REST API" (inference); "Status and error codes" of Blob Storage (XML).
"""

import re
from collections.abc import Mapping
from typing import Any

from maas_client.backends.azureml._wire import decode_object, items, part, text
from maas_client.core.error_map import ErrorFacts, build_error
from maas_client.core.io import Request, Response
from maas_client.errors import StatusError

_IMMUTABLE = "JobPropertyImmutable"
_NAME_TAKEN = "A job with this name already exists"
"""Source: the service's own text, quoted by users of azure-sdk-for-python (issue 47389)."""
_OTHER_FILE = "Asset paths cannot be updated"
"""Source: azure-ai-ml 1.35.2, which looks for this text."""
_HINTS = {
    "content_filter": "Rephrase it; or deploy with content_safety=False, where that is allowed.",
    "MissingSubscriptionRegistration": "Register the service once for the subscription, or ask who owns it to: "
    "az provider register --namespace Microsoft.MachineLearningServices",
    "parameter_not_supported": "Leave the parameter out: this model does not take it.",
}
_XML = re.compile(r"<(Code|Message)>(.*?)</\1>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>|[\x00-\x1f\x7f]+")


def error_from(request: Request, response: Response) -> StatusError:
    """Make the exception for an error answer of any of the services behind this wire."""
    return build_error(request, response, read_error(response))


def read_error(response: Response) -> ErrorFacts:
    """Read code, message, target and nested causes; a body of no known shape still gives a readable message."""
    header_code = response.headers.get("x-ms-error-code", "")
    try:
        body = decode_object(response.body)
    except ValueError:
        return _from_text(response, header_code)
    nested = part(body, "error")
    error = nested or body
    details = _details(error)
    code = text(error.get("code")) or header_code
    plain = text(body.get("error"))
    message = text(error.get("message")) or text(body.get("message")) or plain or f"HTTP {response.status}"
    conflict = response.status == 400 and (
        any(words in message for words in (_NAME_TAKEN, _OTHER_FILE))
        or _IMMUTABLE in {code, *(inner for inner, _ in details)}
    )
    return ErrorFacts(
        message=message,
        code=code,
        target=text(error.get("target")) or text(error.get("param")) or _location(body.get("detail")),
        details=details,
        is_conflict=conflict,
        hint=_conflict_hint(message) if conflict else _HINTS.get(code),
    )


def _conflict_hint(message: str) -> str:
    if _OTHER_FILE in message:
        return "A version keeps its file: use another version, or none to get the next one."
    return "Use another name, or the definition that the existing job has."


def _details(error: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Flatten `details` and the chain of `innerError`, outermost first."""
    found: list[tuple[str, str]] = []
    waiting = [*items(error, "details"), *_inner(error)]
    while waiting and len(found) < 20:
        cause = waiting.pop(0)
        found.append((text(cause.get("code")) or "", text(cause.get("message")) or ""))
        waiting += [*items(cause, "details"), *_inner(cause)]
    return found


def _inner(error: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [inner for name in ("innerError", "innererror") if (inner := part(error, name))]


def _location(detail: object) -> str | None:
    """Read `detail.loc` of a 422, which is documented as an object and as a list."""
    first = detail[0] if isinstance(detail, list) and detail else detail
    loc = first.get("loc") if isinstance(first, dict) else None
    return ".".join(str(step) for step in loc) if isinstance(loc, list) else None


def _from_text(response: Response, header_code: str) -> ErrorFacts:
    raw = response.body[:4096].decode("utf-8", "replace")
    xml = dict(_XML.findall(raw))
    message = xml.get("Message") or _MARKUP.sub(" ", raw)
    message = " ".join(message.split())[:300] or f"HTTP {response.status} without a body"
    return ErrorFacts(message=message, code=xml.get("Code", "") or header_code)
