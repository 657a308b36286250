"""Refusals in the shape of whatever a request was sent to: ARM and its data plane, MLflow, storage, inference."""

import json

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from maas_client.server.azureml.blob_auth import bearer_refusal
from maas_client.server.azureml.blob_xml import BlobError, error_response
from maas_client.server.azureml.dispatch import refusal
from maas_client.server.entra.policy import expired, revoked
from maas_client.server.entra.principal import TENANT_ID
from maas_client.server.entra.problems import SignInError
from maas_client.server.faults.exchange import Answer, Exchange
from maas_client.server.inference.problems import InferenceError, refused, unauthorized
from maas_client.server.service.errors import ServiceError

CODES = {
    400: "UserError",
    401: "AuthenticationFailed",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    408: "RequestTimeout",
    409: "Conflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
"""Codes of a status where a program gives none. Source: error codes of Azure Resource Manager, which are its own names
for statuses."""
_STORAGE_CODES = {500: "InternalError", 503: "ServerBusy", 408: "OperationTimedOut"}
"""Source: Azure Storage REST, common error codes."""

_TRANSIENT = ("temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
_INVALID = ("invalid_request", 90100, "The request is empty or not valid.")
"""Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes"."""


def refuse(exchange: Exchange, status: int, code: str = "", message: str = "") -> Answer:
    """Return the refusal of a request."""
    storage = exchange.named.account is not None
    if (exchange.named.operation or "").startswith("Entra_"):
        return _of_entra(exchange, status, code, message)
    code = code or (_STORAGE_CODES.get(status) if storage else None) or CODES.get(status, "Error")
    message = message or f"A fault program answers {status} here."
    if storage:
        return _of_storage(exchange, BlobError(status, code, message))
    if exchange.named.endpoint is not None:
        return _of_inference(refused(status, code, message))
    return _of_arm(exchange, ServiceError(status, code, message))


def refuse_token(exchange: Exchange, *, claims: bool) -> Answer:
    """Return a 401 as if the token had expired, or one that asks for a newer token."""
    if exchange.named.endpoint is not None:
        return _of_inference(unauthorized())
    now = exchange.wall
    problem = revoked(now) if claims else expired(now - 1, now, skipped=False)
    base = f"{exchange.scope['scheme']}://{exchange.headers['host']}"
    if exchange.named.account is not None:
        return _of_storage(exchange, bearer_refusal(base, problem))
    challenge = {"WWW-Authenticate": problem.challenge(f"{base}/{TENANT_ID}")}
    return _of_arm(exchange, ServiceError(401, problem.code, problem.message, headers=challenge))


def _of_storage(exchange: Exchange, error: BlobError) -> Answer:
    return _answer(error_response(error, exchange.headers.get("x-ms-client-request-id")))


def _of_inference(error: InferenceError) -> Answer:
    answer = Answer(error.status, MutableHeaders({"content-type": "application/json", "x-ms-error-code": error.code}))
    answer.replace(json.dumps(error.body).encode())
    return answer


def _of_entra(exchange: Exchange, status: int, code: str, message: str) -> Answer:
    error, number, text = _TRANSIENT if status == 429 or status >= 500 else _INVALID
    body = SignInError(status, code or error, number, message or text).body(
        exchange.scope["maas.ids"]["correlation"], exchange.now
    )
    answer = Answer(status, MutableHeaders({"content-type": "application/json; charset=utf-8"}))
    answer.replace(json.dumps(body).encode())
    return answer


def _of_arm(exchange: Exchange, error: ServiceError) -> Answer:
    return _answer(refusal(Request(exchange.scope), error, exchange.now))


def _answer(made: Response) -> Answer:
    return Answer(made.status_code, MutableHeaders(raw=list(made.raw_headers)), bytes(made.body))
