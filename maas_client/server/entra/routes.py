"""The HTTP side of sign-in: Entra's token endpoint, and what leads to it.

Source: Microsoft Learn, "OAuth 2.0 client credentials flow", "OpenID Connect on the Microsoft identity platform"; msal
1.39 and azure-identity 1.27, what they ask for and read.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from maas_client.server.entra import managed, problems
from maas_client.server.entra.audiences import known, same
from maas_client.server.entra.identity import Identity
from maas_client.server.entra.managed import NO_STORE, base_of
from maas_client.server.entra.principal import CLIENT_ID, TENANT_DOMAIN, TENANT_ID, same_secret
from maas_client.server.entra.problems import SignInError
from maas_client.server.entra.tokens import ISSUER

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAX_FORM_BYTES = 64 * 1024


def routes(identity: Identity, real: Callable[[], float]) -> list[Route]:
    """Return the routes.

    Args:
        identity: Gives out the tokens.
        real: Seconds since the epoch, for what errors say.
    """

    def answering(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except SignInError as error:
                correlation = request.headers.get("client-request-id", "")[:64] or str(uuid.uuid4())
                return JSONResponse(error.body(correlation, real()), error.status, NO_STORE)

        return answer

    async def token(request: Request) -> Response:
        _check_tenant(request)
        form = await _form(request)
        return JSONResponse(await run_in_threadpool(_client_credentials, identity, request, form), headers=NO_STORE)

    async def keys(request: Request) -> Response:
        _check_tenant(request)
        key = await run_in_threadpool(identity.tokens.public_key)
        return JSONResponse({"keys": [{**key, "issuer": ISSUER}]})

    return [
        Route("/common/discovery/instance", answering(_instances), methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", answering(token), methods=["POST"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", answering(_configuration), methods=["GET"]),
        Route("/{tenant}/discovery/v2.0/keys", answering(keys), methods=["GET"]),
        *managed.routes(identity),
    ]


def _check_tenant(request: Request) -> None:
    tenant = request.path_params["tenant"]
    if tenant.lower() not in (TENANT_ID, TENANT_DOMAIN):
        raise problems.no_tenant(tenant)


async def _instances(request: Request) -> Response:
    """Say which hosts are one authority: this server is one of its own."""
    asked = urlsplit(request.query_params.get("authorization_endpoint", ""))
    base = base_of(request)
    # msal asks about a host without its port.
    if asked.scheme != "https" or asked.hostname != urlsplit(base).hostname or asked.path.count("/") < 2:
        text = "Unable to find the authority of the authorization_endpoint that was asked about."
        raise SignInError(400, "invalid_instance", 50049, text)
    host = base.partition("://")[2]
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"{base}/{asked.path.split('/')[1]}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


async def _configuration(request: Request) -> Response:
    _check_tenant(request)
    base, tenant = base_of(request), f"{base_of(request)}/{TENANT_ID}"
    return JSONResponse(
        {
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{tenant}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": ISSUER,
            # There is no page to sign in on: only applications and managed identities get tokens here.
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "tenant_region_scope": None,
            "cloud_instance_name": base.partition("://")[2],
        }
    )


async def _form(request: Request) -> Mapping[str, str]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MAX_FORM_BYTES:
            raise SignInError(413, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")
    return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100))


def _client_credentials(identity: Identity, request: Request, form: Mapping[str, str]) -> dict[str, object]:
    grant = _given(form, "grant_type")
    if grant != "client_credentials":
        raise problems.wrong_grant(grant)
    client = _given(form, "client_id")
    if client.lower() != CLIENT_ID:
        raise problems.no_application(client)
    _check_secret(identity, request, form)
    if not identity.sign_in:
        raise problems.disabled()
    scope = _given(form, "scope")
    audience = scope.removesuffix("/.default")
    if audience == scope or " " in scope:
        raise problems.wrong_scope(scope)
    if not known(audience, (same(base_of(request)),)):
        raise problems.no_resource(audience)
    issued = identity.issue(audience, managed=False, capable="cp1" in form.get("claims", "").lower())
    return {
        "token_type": "Bearer",
        "expires_in": issued.seconds,
        "ext_expires_in": issued.seconds,
        "access_token": issued.token,
    }


def _given(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not value:
        raise problems.missing_parameter(name)
    return value


def _check_secret(identity: Identity, request: Request, form: Mapping[str, str]) -> None:
    if "client_secret" in form:
        if not same_secret(form["client_secret"], identity.principal.client_secret):
            raise problems.wrong_secret()
    elif "client_assertion" in form:
        base = base_of(request)
        audiences = [f"{base}/{tenant}/oauth2/v2.0/token" for tenant in (TENANT_ID, TENANT_DOMAIN)]
        if form.get("client_assertion_type") != _JWT_BEARER or not identity.certificate.signed(
            form["client_assertion"], audiences
        ):
            raise problems.wrong_assertion()
    else:
        raise problems.no_secret()
