"""Base models in a registry, such as `azureml`, which holds the models that can be fine-tuned.

Source: azure-ai-ml 1.35.2, for discovery, paths, api-versions and how the newest version is found. Of the answer to
discovery only the three fields that it reads are known.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from maas_client.backends.azureml._collection import read_page
from maas_client.backends.azureml._wire import (
    DATA_PLANE_VERSION,
    Target,
    items,
    moment,
    part,
    read_object,
    required,
    text,
    texts,
)
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import NotFoundError
from maas_client.types import RegistryModel

DISCOVERY = "registrymanagement/v1.0"
REGISTRY_VERSION = "2021-10-01-dataplanepreview"
REGIONS_TAG = "maas-finetuning-deploy-regions"


class RegistryFlows:
    """Flows over the models of registries; where a registry is, is asked for once."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._bases: dict[str, str] = {}

    def get(self, registry: str, name: str, version: str) -> Flow[RegistryModel]:
        """Get one version of a model."""
        url = yield from self._versions_url(registry, name)
        request = self._request("RegistryModelVersions_Get", f"{url}/{quote(version, safe='')}")
        return _parse(request, read_object(request, (yield request)), registry, name)

    def latest_version(self, registry: str, name: str) -> Flow[str]:
        """Return the newest version.

        Raises:
            NotFoundError: There is none.
        """
        url = yield from self._versions_url(registry, name)
        request = self._request("RegistryModelVersions_List", url, {"$orderBy": "createdtime desc", "$top": "1"})
        found = items(read_object(request, (yield request)))
        if not found:
            raise NotFoundError(
                f"The registry {registry} has no model {name!r}.", status=404, operation=request.operation
            )
        return required(request, found[0], "name")

    def versions_page(self, registry: str, name: str, cursor: str | None) -> Flow[Page[RegistryModel]]:
        """List one page of a model's versions."""
        operation = "RegistryModelVersions_List"
        if cursor is None:
            url = yield from self._versions_url(registry, name)
            request = self._request(operation, url)
        else:
            request = self._target.data_request(operation, "GET", cursor)
        return (yield from read_page(request, partial(_parse, registry=registry, name=name)))

    def _versions_url(self, registry: str, name: str) -> Flow[str]:
        base = self._bases.get(registry)
        if base is None:
            base = self._bases[registry] = yield from self._discover(registry)
        return f"{base}/models/{quote(name, safe='')}/versions"

    def _discover(self, registry: str) -> Flow[str]:
        request = self._target.data_request(
            "Registries_GetDiscovery",
            "GET",
            f"{self._target.registry_discovery}/{DISCOVERY}/registries/{quote(registry, safe='')}/discovery",
            query={"api-version": DATA_PLANE_VERSION},
        )
        body = read_object(request, (yield request))
        provider = required(request, body, "primaryRegionResourceProviderUri").rstrip("/")
        subscription = quote(required(request, body, "subscriptionId"), safe="")
        group = quote(required(request, body, "resourceGroup"), safe="")
        return (
            f"{provider}/mferp/managementfrontend/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.MachineLearningServices/registries/{quote(registry, safe='')}"
        )

    def _request(self, operation: str, url: str, query: Mapping[str, str] | None = None) -> Request:
        return self._target.data_request(
            operation, "GET", url, query={"api-version": REGISTRY_VERSION, **(query or {})}
        )


def _parse(request: Request, body: Mapping[str, Any], registry: str, name: str) -> RegistryModel:
    version = required(request, body, "name")
    properties = part(body, "properties")
    tags = texts(properties.get("tags"))
    regions = (region.strip() for region in tags.get(REGIONS_TAG, "").split(","))
    return RegistryModel(
        id=f"azureml://registries/{registry}/models/{name}/versions/{version}",
        name=name,
        version=version,
        registry=registry,
        description=text(properties.get("description")),
        type=text(properties.get("modelType")) or "",
        finetune_regions=tuple(region for region in regions if region),
        is_archived=properties.get("isArchived") is True,
        tags=tags,
        properties=texts(properties.get("properties")),
        created_at=moment(part(body, "systemData").get("createdAt")),
    )
