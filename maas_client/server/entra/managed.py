"""Tokens without a secret of one's own: the managed identity, as App Service and virtual machines offer it.

Source: Microsoft Learn, "Managed identities for App Service" (REST endpoint reference), "How to use managed identities
on a VM to acquire a token"; msal 1.39, `managed_identity.py`, what it asks for and reads.
"""

import uuid
from ipaddress import ip_address

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from maas_client.server.entra.audiences import known, same
from maas_client.server.entra.identity import Identity
from maas_client.server.entra.principal import IDENTITY_ID, same_secret

APP_SERVICE = "/msi/token"
VIRTUAL_MACHINE = "/metadata/identity/oauth2/token"
NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
_VERSIONS = {APP_SERVICE: ("2019-08-01",), VIRTUAL_MACHINE: ("2018-02-01", "2018-10-01", "2019-11-01")}


def routes(identity: Identity) -> list[Route]:
    """Return the routes."""

    async def app_service(request: Request) -> Response:
        return await run_in_threadpool(_app_service, identity, request)

    async def virtual_machine(request: Request) -> Response:
        return await run_in_threadpool(_virtual_machine, identity, request)

    return [
        Route(APP_SERVICE, app_service, methods=["GET"]),
        Route(VIRTUAL_MACHINE, virtual_machine, methods=["GET"]),
    ]


def base_of(request: Request) -> str:
    """Return scheme, host and port as the client wrote them."""
    return f"{request.scope['scheme']}://{request.headers['host']}"


def _app_service(identity: Identity, request: Request) -> Response:
    """Answer as the local endpoint of App Service does, which opens to who knows its header."""
    if not same_secret(request.headers.get("x-identity-header", ""), identity.principal.identity_header):
        return _app_service_error(401, "The X-IDENTITY-HEADER is missing or is not that of this server.")
    problem = _problem(identity, request, APP_SERVICE)
    if problem:
        return _app_service_error(400, problem)
    return _issued(identity, request)


def _virtual_machine(identity: Identity, request: Request) -> Response:
    """Answer as the metadata service of a virtual machine does, which wants a header that no browser sends."""
    if not _is_local(request):
        return JSONResponse({"error": "forbidden", "error_description": "This endpoint answers its own machine."}, 403)
    if request.headers.get("metadata", "").lower() != "true":
        return _machine_error("Required metadata header not specified")
    problem = _problem(identity, request, VIRTUAL_MACHINE)
    if problem:
        return _machine_error(problem)
    return _issued(identity, request, lifetimes=True)


def _issued(identity: Identity, request: Request, *, lifetimes: bool = False) -> Response:
    """Answer with a token for the resource that was asked for; a virtual machine tells its lifetime too."""
    resource = request.query_params["resource"]
    issued = identity.issue(resource, managed=True)
    seconds = str(issued.seconds)
    body = {
        "access_token": issued.token,
        "client_id": IDENTITY_ID,
        "expires_on": str(issued.expires_on),
        "not_before": str(issued.expires_on - issued.seconds),
        "resource": resource,
        "token_type": "Bearer",
    }
    return JSONResponse(
        body | ({"expires_in": seconds, "ext_expires_in": seconds} if lifetimes else {}), headers=NO_STORE
    )


def _problem(identity: Identity, request: Request, endpoint: str) -> str | None:
    query = request.query_params
    if query.get("api-version") not in _VERSIONS[endpoint]:
        return f"The api-version must be one of {', '.join(_VERSIONS[endpoint])}."
    if not query.get("resource"):
        return "The parameter resource is required."
    if not known(query["resource"], (same(base_of(request)),)):
        return f"AADSTS500011: The resource principal named {query['resource'][:128]} was not found in the tenant."
    asked = [query[name] for name in ("client_id", "object_id", "principal_id") if query.get(name)]
    by_path = [name for name in ("mi_res_id", "msi_res_id") if query.get(name)]
    if by_path or any(name.lower() != IDENTITY_ID for name in asked) or not identity.sign_in:
        return "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
    return None


def _app_service_error(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())}, status)


def _machine_error(message: str) -> Response:
    return JSONResponse({"error": "invalid_request", "error_description": message}, 400)


def _is_local(request: Request) -> bool:
    # No secret opens this endpoint, so it answers this machine alone, as the real one does.
    client = request.client
    return client is not None and ip_address(client.host.partition("%")[0]).is_loopback
