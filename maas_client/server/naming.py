"""What a request is called: the operation that it asks for, and the workspace that it is about.

Operations have the names of the ledger. The name is a matter of method, path and query alone: a request that is refused
has one too. Control routes (`/_maas/`) have none, and so have paths that nothing answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from maas_client.server.azureml import logs
from maas_client.server.azureml.routes import PREFIXES, match
from maas_client.server.service import deployments
from maas_client.server.service.world import World, workspace_by_account, workspace_by_guid

CONTROL = "/_maas/"
"""Where the paths of the control routes begin."""
SESSION_HEADER = "x-maas-session"
"""By which a client may say to which session, such as a test, a request belongs."""

_WORKSPACE = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.MachineLearningServices/workspaces/([^/]+)",
    re.IGNORECASE,
)
_POLLED = re.compile(r"/mfeOperation(?:sStatus|Results)/[^/:]+:([0-9a-f-]{36}):[^/:]+", re.IGNORECASE)
_BLOB = re.compile(
    r"/(?P<account>[a-z0-9]{3,24})(?P<host>\.blob\.[a-z0-9.-]+)?/(?P<container>[^/]+)(?:/(?P<path>.*))?", re.DOTALL
)
_ACCOUNT = re.compile(r"stmaas[0-9a-f]{12}")
"""Accounts of this server, which are found without a host name in the path too."""
_ENDPOINT = re.compile(r"/serverless/([^/]+)/(.*)")

_INFERENCE: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "chat/completions"): "Chat_Complete",
    ("POST", "v1/chat/completions"): "Chat_CompleteV1",
    ("GET", "info"): "Model_GetInfo",
}
_SIGN_IN: Final = (
    ("POST", re.compile(r"/[^/]+/oauth2/v2\.0/token"), "Entra_GetToken"),
    ("GET", re.compile(r"/[^/]+/v2\.0/\.well-known/openid-configuration"), "Entra_GetConfiguration"),
    ("GET", re.compile(r"/[^/]+/discovery/v2\.0/keys"), "Entra_ListKeys"),
    ("GET", re.compile(r"/common/discovery/instance"), "Entra_DiscoverInstance"),
    ("GET", re.compile(r"/msi/token"), "ManagedIdentity_GetToken"),
    ("GET", re.compile(r"/metadata/identity/oauth2/token"), "VirtualMachine_GetToken"),
)
_OF_BLOB: Final[Mapping[tuple[str, str], str]] = {
    ("PUT", ""): "Blob_Put",
    ("GET", ""): "Blob_Get",
    ("HEAD", ""): "Blob_GetProperties",
    ("GET", "metadata"): "Blob_GetProperties",
    ("HEAD", "metadata"): "Blob_GetProperties",
    ("PUT", "metadata"): "Blob_SetMetadata",
    ("PUT", "block"): "Blob_PutBlock",
    ("PUT", "blocklist"): "Blob_PutBlockList",
    ("GET", "blocklist"): "Blob_GetBlockList",
}
"""By method and `comp`."""
_OF_CONTAINER: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "list"): "Blob_List",
    ("GET", ""): "Container_GetProperties",
    ("HEAD", ""): "Container_HeadProperties",
    ("PUT", ""): "Container_Create",
}


@dataclass(frozen=True, slots=True)
class Named:
    """What a request is called.

    Attributes:
        operation: Its name in the ledger; None: there is none.
        workspace: `subscription/group/workspace` in lower case, as its path says it; None: it does not.
        account: The storage account that it is sent to, or None.
        endpoint: What stands for the endpoint in the address that it is sent to, or None.
        guid: The id of the workspace whose log or operation it reads, or None.
    """

    operation: str | None = None
    workspace: str | None = None
    account: str | None = None
    endpoint: str | None = None
    guid: str | None = None


def name_of(method: str, path: str, query: str = "") -> Named:
    """Name a request.

    Args:
        method: HTTP method.
        path: Decoded path.
        query: The query as it was sent.
    """
    if path.startswith(CONTROL):
        return Named()
    for its_method, pattern, name in _SIGN_IN:
        if pattern.fullmatch(path):
            return Named(name if method == its_method else None)
    if path.lower().startswith(PREFIXES):
        operation = match(method, path)[0]
        found = _WORKSPACE.search(path)
        polled = _POLLED.search(path)
        return Named(
            operation.name if operation else None,
            "/".join(found.groups()).lower() if found else None,
            guid=polled[1] if polled else None,
        )
    endpoint = _ENDPOINT.fullmatch(path)
    if endpoint:
        return Named(_INFERENCE.get((method, endpoint[2])), endpoint=endpoint[1])
    if path.startswith(logs.PREFIX):
        guid = path.removeprefix(logs.PREFIX).partition("/")[0]
        return Named("Logs_Get" if method == "GET" else None, guid=guid)
    return _name_of_blob(method, path, query)


def _name_of_blob(method: str, path: str, query: str) -> Named:
    found = _BLOB.fullmatch(path)
    if found is None or not (found["host"] or _ACCOUNT.fullmatch(found["account"])):
        return Named()
    comp = dict(parse_qsl(query, keep_blank_values=True)).get("comp", "")
    table = _OF_BLOB if found["path"] else _OF_CONTAINER
    return Named(table.get((method, comp)), account=found["account"])


def workspace_of(world: World, named: Named) -> str | None:
    """Return `subscription/group/workspace` in lower case of a request, or None when it is about none.

    Takes the store's lock where the path does not say it: not for the event loop.
    """
    if named.workspace is not None:
        return named.workspace
    with world.store.lock:
        found = None
        if named.endpoint is not None:
            found = deployments.workspace_of(world, named.endpoint)
        elif named.account is not None:
            found = workspace_by_account(world, named.account)
        elif named.guid is not None:
            found = workspace_by_guid(world, named.guid)
    return None if found is None else found.key
