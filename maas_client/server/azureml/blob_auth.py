"""Who may use a blob: a signature, the account's key, or a token.

Source: Azure Storage REST, "Authorize with Shared Key" (2015-02-21 and later), "Shared access signatures", error codes;
azure-ai-ml 1.35.2 for `KeyBasedAuthenticationNotPermitted`.
"""

import hmac
from base64 import b64decode, b64encode
from email.utils import parsedate_to_datetime

from starlette.requests import Request

from maas_client.server.azureml.blob_xml import BlobError
from maas_client.server.entra.audiences import STORAGE
from maas_client.server.entra.policy import Problem
from maas_client.server.entra.principal import TENANT_ID
from maas_client.server.service.blobs import Name
from maas_client.server.service.world import ARTIFACTSTORE, Workspace, World, workspace_by_account
from maas_client.server.signing import account_key, check

_NEED = {"GET": "r", "HEAD": "r", "PUT": "wc"}
_SUFFIXES = (".blob.core.windows.net", ".blob.core.chinacloudapi.cn", ".blob.core.usgovcloudapi.net")
_SKEW_SECONDS = 15 * 60.0
_SIGNED = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip


def check_method(request: Request) -> None:
    """Refuse methods that blobs do not have here.

    Raises:
        BlobError: 405.
    """
    if request.method not in _NEED:
        message = "The resource doesn't support specified Http Verb."
        raise BlobError(405, "UnsupportedHttpVerb", message, {"Allow": ", ".join(_NEED)})


def authorise(request: Request, world: World, account: str, container: str, path: str) -> None:
    """Refuse who may not do this.

    Raises:
        BlobError: 401 or 403, or 404 where there is no such container.
    """
    workspace = workspace_by_account(world, account)
    if not world.identity.policy.off:
        _authenticate(request, world, (account, container, path), workspace)
    if workspace is None or container not in (workspace.blob_container, workspace.container(ARTIFACTSTORE)):
        raise BlobError(404, "ContainerNotFound", "The specified container does not exist.")


def _authenticate(request: Request, world: World, name: Name, workspace: Workspace | None) -> None:
    authorization = request.headers.get("authorization", "")
    scheme = authorization.partition(" ")[0].lower()
    if scheme == "sharedkey":
        _refuse_keys(world)
        _check_shared_key(request, world, name[0], workspace)
    elif "sig" in request.query_params and scheme != "bearer":
        _check_signature(request, world, name, world.real(workspace))
    else:
        _check_bearer(request, world, name[0], authorization)


def _check_bearer(request: Request, world: World, account: str, authorization: str) -> None:
    base = f"{request.scope['scheme']}://{request.headers['host']}"
    audiences = STORAGE | {f"https://{account}{suffix}" for suffix in _SUFFIXES}
    problem = world.identity.policy.problem(authorization, audiences)
    if problem is None:
        return
    raise bearer_refusal(base, problem, "InvalidAuthenticationInfo" if authorization else "NoAuthenticationInformation")


def bearer_refusal(base: str, problem: Problem, code: str = "InvalidAuthenticationInfo") -> BlobError:
    """Return the refusal of a token.

    Args:
        base: `http://host:port` or `https://host:port`, where one signs in.
        problem: What is wrong with the token.
        code: Of the error.
    """
    message = (
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
    )
    # Source: Azure Storage REST, "Authorize with Microsoft Entra ID", the bearer challenge; parts without commas.
    challenge = f"Bearer authorization_uri={base}/{TENANT_ID}/oauth2/authorize resource_id=https://storage.azure.com"
    if problem.claims:
        challenge = problem.challenge(f"{base}/{TENANT_ID}/oauth2/authorize")
    return BlobError(401, code, message, {"WWW-Authenticate": challenge})


def _check_signature(request: Request, world: World, name: Name, now: float) -> None:
    # A signature of one blob (sr=b) opens that blob and nothing else; the server hands it out in links of its own,
    # which a user delegation key signs where the account takes no keys.
    one_blob = request.query_params.get("sr") == "b"
    if not one_blob:
        _refuse_keys(world)
    account, container, path = name
    signed = f"{account}/{container}/{path}" if one_blob else f"{account}/{container}"
    need = _NEED[request.method] if path or request.query_params.get("comp") != "list" else "l"
    problem = check(world.secret, signed, need, request.query_params, now)
    if problem:
        raise BlobError(403, problem.code, problem.message)
    if not world.spending.spend(request.query_params["sig"]):
        message = "Server failed to authenticate the request. Signature not valid in the specified time frame: expired."
        raise BlobError(403, "AuthenticationFailed", message)


def _refuse_keys(world: World) -> None:
    if world.options.datastore_auth == "identity":
        message = "Key based authentication is not permitted on this storage account."
        raise BlobError(403, "KeyBasedAuthenticationNotPermitted", message)


def _check_shared_key(request: Request, world: World, account: str, workspace: Workspace | None) -> None:
    name, _, given = request.headers["authorization"].partition(" ")[2].strip().partition(":")
    key = b64decode(account_key(world.secret, account))
    # With a path in the place of a host, SDKs take more than the account's name for the name of the account.
    wanted = b64encode(hmac.digest(key, string_to_sign(request, name).encode("utf-8", "replace"), "sha256"))
    if not hmac.compare_digest(wanted, given.strip().encode("utf-8", "replace")):
        message = (
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
            "correctly including the signature."
        )
        raise BlobError(403, "AuthenticationFailed", message)
    text = request.headers.get("x-ms-date") or request.headers.get("date") or ""
    try:
        age = world.real(workspace) - parsedate_to_datetime(text).timestamp()
    except ValueError:
        age = float("inf")
    # Who signs goes by the wall clock, also after a manual clock was moved ahead of it.
    skew = world.clock.skew + (0.0 if workspace is None else workspace.skew)
    if min(abs(age), abs(age - skew)) > _SKEW_SECONDS:
        raise BlobError(403, "AuthenticationFailed", f"Request date header too old: '{text[:64]}'.")


def string_to_sign(request: Request, account: str) -> str:
    """Return what a Shared Key signature signs."""
    headers = request.headers
    known = {name: headers.get(name, "") for name in _SIGNED}
    if known["content-length"] == "0":
        known["content-length"] = ""
    if "x-ms-date" in headers:
        known["date"] = ""
    own = sorted({name for name in headers if name.startswith("x-ms-")})
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name.lower(), []).append(value)
    path = request.scope["raw_path"].decode("latin-1")
    lines = [
        request.method,
        *known.values(),
        *(f"{name}:{','.join(' '.join(value.split()) for value in headers.getlist(name))}" for name in own),
        f"/{account}{path}",
        *(f"{name}:{','.join(sorted(values))}" for name, values in sorted(query.items())),
    ]
    return "\n".join(lines)
