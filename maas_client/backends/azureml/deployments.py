"""Deployments: serverless endpoints.

Source: azure-rest-api-specs 2024-01-01-preview (ServerlessEndpoints); bodies as azure-ai-ml 1.35.2 sends them,
recorded.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from maas_client.backends.azureml._collection import Collection, read_page
from maas_client.backends.azureml._wire import (
    ENDPOINTS_VERSION,
    Facts,
    Target,
    moment,
    part,
    read_object,
    required,
    text,
    texts,
)
from maas_client.backends.azureml.workspace import WorkspaceFlows
from maas_client.core import lro
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import ConflictError, NotFoundError
from maas_client.types import Deployment, DeploymentKeys, DeploymentStatus

_STATUS = {
    "Creating": DeploymentStatus.CREATING,
    "Updating": DeploymentStatus.UPDATING,
    "Succeeded": DeploymentStatus.SUCCEEDED,
    "Failed": DeploymentStatus.FAILED,
    "Canceled": DeploymentStatus.CANCELLED,
    "Deleting": DeploymentStatus.DELETING,
}
_CONTENT_SAFETY = {"Enabled": True, "Disabled": False}


class DeploymentFlows:
    """Flows over serverless endpoints."""

    def __init__(self, target: Target, facts: Facts, workspace: WorkspaceFlows) -> None:
        self._endpoints = Collection(target, "ServerlessEndpoints", "/serverlessEndpoints", ENDPOINTS_VERSION)
        self._facts = facts
        self._workspace = workspace

    def begin_create(
        self, name: str, *, model: str, tags: Mapping[str, str], content_safety: bool | None = None
    ) -> Flow[lro.Lro]:
        """Create an endpoint for a model, of this workspace or of another; the same again changes nothing.

        Raises:
            ConflictError: An endpoint of this name serves another model.
        """
        workspace = yield from self._workspace.get()
        try:
            existing = yield from self.get(name)
        except NotFoundError:
            existing = None
        if existing is not None and existing.model.lower() != model.lower():
            raise ConflictError(
                f"The deployment {name!r} exists and serves {existing.model}.",
                status=409,
                operation="ServerlessEndpoints_CreateOrUpdate",
                hint="Choose another name, or delete that deployment first.",
            )
        body: dict[str, Any] = {
            "location": workspace.location,
            "sku": {"name": "Consumption"},
            "properties": {"modelSettings": {"modelId": model}, "authMode": "Key"},
        }
        if content_safety is not None:
            body["properties"]["contentSafety"] = {"contentSafetyStatus": "Enabled" if content_safety else "Disabled"}
        if tags:
            body["tags"] = dict(tags)
        request = self._endpoints.request("CreateOrUpdate", "PUT", f"/{name}", body=body, expect=(200, 201))
        return lro.begin(request, (yield request))

    def get(self, name: str) -> Flow[Deployment]:
        """Get an endpoint."""
        request = self._endpoints.request("Get", "GET", f"/{name}")
        return parse_deployment(request, read_object(request, (yield request)))

    def follow(self, name: str) -> Flow[lro.Lro]:
        """Take up the creation of an endpoint that was begun earlier, by what the endpoint says of itself."""
        request = self._endpoints.request("Get", "GET", f"/{name}")
        begun = replace(request, operation="ServerlessEndpoints_CreateOrUpdate", method="PUT")
        return lro.begin(begun, (yield request))

    def list_page(self, cursor: str | None) -> Flow[Page[Deployment]]:
        """List one page of endpoints; `cursor` is the next page's URL."""
        return read_page(self._endpoints.page(cursor), parse_deployment)

    def begin_delete(self, name: str) -> Flow[lro.Lro]:
        """Delete an endpoint."""
        request = self._endpoints.request("Delete", "DELETE", f"/{name}", expect=(200, 202, 204))
        self._facts.keys.pop(name, None)
        return lro.begin(request, (yield request))

    def begin_update(self, name: str, *, tags: Mapping[str, str]) -> Flow[lro.Lro]:
        """Add tags to those that an endpoint has.

        All of them are sent: whether the service merges or replaces is not documented.
        Source: azure-rest-api-specs, ServerlessEndpoints_Update (200, or 202 with Location).
        """
        known = yield from self.get(name)
        body = {"tags": {**known.tags, **tags}}
        request = self._endpoints.request("Update", "PATCH", f"/{name}", body=body, expect=(200, 202))
        return lro.begin(request, (yield request))

    def begin_regenerate_key(self, name: str, key_type: str) -> Flow[lro.Lro]:
        """Replace one key. Doing it twice replaces it twice, so it is never repeated.

        Source: azure-rest-api-specs, ServerlessEndpoints_RegenerateKeys (200 with the keys, or 202); its 202 carries
        `Location` in the clients azure-ai-ml 1.27.1 and 1.35.2, `Azure-AsyncOperation` in the example.
        """
        self._facts.keys.pop(name, None)
        body = {"keyType": key_type}
        request = self._endpoints.request(
            "RegenerateKeys", "POST", f"/{name}/regenerateKeys", body=body, expect=(200, 202)
        )
        operation = lro.begin(request, (yield replace(request, idempotent=False)))
        return operation.told_by(self._endpoints.request("Get", "GET", f"/{name}").url)

    def keys(self, name: str) -> Flow[DeploymentKeys]:
        """Get the two keys of an endpoint."""
        request = self._endpoints.request("ListKeys", "POST", f"/{name}/listKeys")
        body = read_object(request, (yield request))
        return DeploymentKeys(
            primary=SecretStr(required(request, body, "primaryKey")),
            secondary=SecretStr(text(body.get("secondaryKey")) or ""),
        )


def parse_deployment(request: Request, body: Mapping[str, Any]) -> Deployment:
    """Read an endpoint."""
    properties = part(body, "properties")
    raw_status = text(properties.get("provisioningState")) or "Unknown"
    return Deployment(
        name=required(request, body, "name"),
        status=_STATUS.get(raw_status, DeploymentStatus.UNKNOWN),
        raw_status=raw_status,
        endpoint_state=text(properties.get("endpointState")),
        model=text(part(properties, "modelSettings").get("modelId")) or "",
        location=text(body.get("location")) or "",
        content_safety=_CONTENT_SAFETY.get(text(part(properties, "contentSafety").get("contentSafetyStatus")) or ""),
        marketplace_subscription=text(properties.get("marketplaceSubscriptionId")),
        inference_uri=text(part(properties, "inferenceEndpoint").get("uri")),
        tags=texts(body.get("tags")),
        created_at=moment(part(body, "systemData").get("createdAt")),
    )
