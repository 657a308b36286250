"""Refusals in the shape of whatever a request was sent to: ARM and its data plane, MLflow, storage, inference."""

import json
from base64 import b64encode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from maas_client.server.azureml.blob_xml import BlobError, error_response
from maas_client.server.azureml.dispatch import refusal
from maas_client.server.clock import http_date
from maas_client.server.faults.exchange import Answer, Exchange
from maas_client.server.inference.problems import refused
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
_AUTHORITY = "https://login.microsoftonline.com/common/oauth2/authorize"


def refuse(exchange: Exchange, status: int, code: str = "", message: str = "") -> Answer:
    """Return the refusal of a request."""
    storage = exchange.named.account is not None
    code = code or (_STORAGE_CODES.get(status) if storage else None) or CODES.get(status, "Error")
    message = message or f"A fault program answers {status} here."
    request = Request(exchange.scope)
    if storage:
        made = error_response(BlobError(status, code, message), exchange.headers.get("x-ms-client-request-id"))
    elif exchange.named.endpoint is not None:
        problem = refused(status, code, message)
        headers = {"content-type": "application/json", "x-ms-error-code": code}
        body = json.dumps(problem.body).encode()
        return Answer(status, MutableHeaders({**headers, "content-length": str(len(body))}), body)
    else:
        made = refusal(request, ServiceError(status, code, message), exchange.now)
    return Answer(status, MutableHeaders(raw=list(made.raw_headers)), bytes(made.body))


def unauthorized(exchange: Exchange, *, claims: bool) -> Answer:
    """Return a 401 as if the token had expired, or one that asks for a newer token.

    Source: `ExpiredAuthenticationToken` of the resource manager, reported in terraform-provider-azurerm#20867;
    `insufficient_claims`: Microsoft Learn, "Claims challenges, claims requests and client capabilities"; storage:
    Azure Storage REST, "Authorize with Microsoft Entra ID". Nothing of it was recorded.
    """
    storage = exchange.named.account is not None
    moment = http_date(exchange.wall)
    if claims:
        code, message = "TokenIssuedBeforeRevocationTimestamp", "The access token was issued before it was revoked."
    elif storage:
        code, message = "InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired."
    else:
        code, message = "ExpiredAuthenticationToken", f"The access token has expired; it is {moment} now."
    answer = refuse(exchange, 401, code, message)
    parts = {"authorization_uri": _AUTHORITY, "error": "insufficient_claims" if claims else "invalid_token"}
    if claims:
        newer = {"access_token": {"nbf": {"essential": True, "value": str(int(exchange.wall))}}}
        parts["claims"] = b64encode(json.dumps(newer).encode()).decode()
    challenge = ", ".join(f'{name}="{value}"' for name, value in parts.items())
    answer.headers["www-authenticate"] = f"Bearer {challenge}"
    return answer
