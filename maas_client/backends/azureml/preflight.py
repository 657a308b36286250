"""What can be learned of a workspace before a job is sent there, without changing anything in it.

Source: azure-rest-api-specs, Microsoft.Authorization 2022-04-01, Permissions_ListForResource, for what the caller may
do; azure-ai-ml 1.35.2 for `/metadata/endpoints`, which the resource manager answers without a token.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from maas_client.backends.azureml._collection import read_page
from maas_client.backends.azureml._wire import WORKSPACE_VERSION, Target, part, read_object, text
from maas_client.backends.azureml.storage import StorageFlows, Store, blob_request
from maas_client.core.flow import Flow
from maas_client.core.io import Request, Response
from maas_client.errors import BrokenResponseError, PreconditionFailedError

METADATA_VERSION = "2019-05-01"
PERMISSIONS_VERSION = "2022-04-01"
PROVIDER = "Microsoft.MachineLearningServices/workspaces"
TRAINING_ACTIONS = (f"{PROVIDER}/jobs/read", f"{PROVIDER}/jobs/write", f"{PROVIDER}/datastores/read")
"""Source: learn.microsoft.com "Manage access to Azure Machine Learning workspaces", read 2026-11-27.

Without `workspaces/read`: the text of Azure AI Developer, `workspaces/*/read`, does not cover it, and whoever reads the
workspace has it in one way or another. Reading it is a check of its own.
"""
DEPLOYMENT_ACTIONS = (
    f"{PROVIDER}/serverlessEndpoints/read",
    f"{PROVIDER}/serverlessEndpoints/write",
    f"{PROVIDER}/serverlessEndpoints/listKeys/action",
)
"""Source: learn.microsoft.com "Deploy models as serverless API deployments", which asks for `serverlessEndpoints/*`."""
TRIAL = "LocalUpload/maas-client-preflight"
"""Path of the blob that is never written."""
_NO_SUCH_VERSION = '"0x0"'
"""An ETag that no blob has."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one role gives: the actions, and those that are taken out of them."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...]

    def allows(self, action: str) -> bool:
        """Tell whether it gives an action."""
        return _any_covers(self.actions, action) and not _any_covers(self.not_actions, action)


@dataclass(frozen=True, slots=True)
class Found:
    """A workspace as it says itself to be."""

    location: str
    """Region, such as `eastus2`; empty if it does not say."""
    discovery_url: str
    is_private: bool
    """True if it says that it takes no calls from the public network."""
    state: str
    """Its provisioning state, such as `Succeeded`; empty if it does not say."""


class PreflightFlows:
    """Flows that look and leave nothing behind."""

    def __init__(self, target: Target, storage: StorageFlows) -> None:
        self._target = target
        self._storage = storage

    def hello(self) -> Flow[Response]:
        """Ask the resource manager for something that it tells everybody.

        Raises:
            BrokenResponseError: A page came, as from a network that wants its guests to sign in first.
        """
        request = Request(
            operation="Metadata_Get",
            method="GET",
            url=f"{self._target.arm}/metadata/endpoints?api-version={METADATA_VERSION}",
        )
        response = yield request
        if "html" in response.headers.get("content-type", ""):
            raise BrokenResponseError(
                "A page came in the place of the service's answer.",
                hint="Open any page in a browser here: the network, or a proxy, may want you to sign in to it first.",
                operation=request.operation,
            )
        return response

    def workspace(self) -> Flow[Found]:
        """Ask for the workspace anew, whatever is known of it."""
        request = self._target.request("Workspaces_Get", "GET", "", version=WORKSPACE_VERSION)
        body = read_object(request, (yield request))
        properties = part(body, "properties")
        return Found(
            location=text(body.get("location")) or "",
            discovery_url=text(properties.get("discoveryUrl")) or "",
            is_private=properties.get("publicNetworkAccess") == "Disabled",
            state=text(properties.get("provisioningState")) or "",
        )

    def data_plane(self, discovery_url: str) -> Flow[str]:
        """Ask where the data plane is; return its base URL, empty if the answer does not say."""
        request = Request(operation="Discovery_Get", method="GET", url=discovery_url)
        return text(read_object(request, (yield request)).get("api")) or ""

    def grants(self) -> Flow[tuple[Grant, ...]]:
        """Ask what the caller may do in the workspace."""
        request = self._target.request(
            "Permissions_ListForResource",
            "GET",
            "/providers/Microsoft.Authorization/permissions",
            version=PERMISSIONS_VERSION,
        )
        found: list[Grant] = []
        while True:
            page = yield from read_page(request, _grant)
            found += page.items
            if page.next_cursor is None:
                return tuple(found)
            request = self._target.data_request(request.operation, "GET", page.next_cursor)

    def write_nothing(self, store: Store) -> Flow[bool]:
        """Ask to write an empty blob on a condition that cannot hold, so that only the right to write is tried.

        Whoever may not write is refused with 403; whoever may is told with 412 that the condition does not hold: no
        blob has the ETag that is asked for. Nothing is written either way.

        Source: Azure Storage REST, "Specifying conditional headers for Blob service operations": a condition that is
        not met is 412; Azurite's WriteConditionalHeadersValidator, for a blob that does not exist.

        Returns:
            True as it should be; false if the blob, `TRIAL`, was written all the same.

        Raises:
            PermissionDeniedError: No way leads in, or none that may write.
        """
        headers = {"x-ms-blob-type": "BlockBlob", "if-match": _NO_SUCH_VERSION}

        def make() -> Request:
            return blob_request("Blob_Put", "PUT", store, TRIAL, headers=headers, body=b"", expect=(201,))

        try:
            yield from self._storage.ask(store, make)
        except PreconditionFailedError:
            return True
        return False


def missing(grants: Iterable[Grant], actions: Iterable[str]) -> tuple[str, ...]:
    """Return those actions that no grant gives. A deny assignment may still take one away: the wire does not say."""
    given = tuple(grants)
    return tuple(action for action in actions if not any(grant.allows(action) for grant in given))


def _grant(_request: Request, item: Mapping[str, Any]) -> Grant:
    return Grant(_strings(item.get("actions")), _strings(item.get("notActions")))


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _any_covers(patterns: Iterable[str], action: str) -> bool:
    return any(_covers(pattern, action) for pattern in patterns)


def _covers(pattern: str, action: str) -> bool:
    """Compare as Azure does: without case, and `*` stands for anything, slashes too."""
    expression = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    return re.fullmatch(expression, action, re.IGNORECASE) is not None
