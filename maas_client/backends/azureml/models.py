"""Models that jobs registered in the workspace.

Source: azure-rest-api-specs 2024-10-01-preview (ModelVersions_List); azureml-acft-common-components 0.0.91 for names
and properties of registered models.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from maas_client.backends.azureml._collection import Collection, name_of, read_page
from maas_client.backends.azureml._wire import (
    MODELS_VERSION,
    Target,
    Workspace,
    moment,
    part,
    read_object,
    required,
    split_asset_uri,
    text,
    texts,
)
from maas_client.backends.azureml.workspace import WorkspaceFlows
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import NotFoundError
from maas_client.types import FineTunedModel

_ILLEGAL = re.compile(r"[^a-zA-Z0-9-]")


def registered_name(output_model: str) -> str:
    """Return the name under which the service registers an output: every other character becomes a hyphen."""
    return _ILLEGAL.sub("-", output_model)


class ModelFlows:
    """Flows over registered models."""

    def __init__(self, target: Target, workspace: WorkspaceFlows) -> None:
        self._versions = Collection(target, "ModelVersions", "/models", MODELS_VERSION)
        self._containers = Collection(target, "ModelContainers", "/models", MODELS_VERSION)
        self._workspace = workspace

    def get(self, name: str, version: str) -> Flow[FineTunedModel]:
        """Get one version of a model."""
        workspace = yield from self._workspace.get()
        path = f"/{quote(name, safe='')}/versions/{quote(version, safe='')}"
        request = self._versions.request("Get", "GET", path)
        return _parse(request, read_object(request, (yield request)), name, workspace)

    def list_page(self, name: str, cursor: str | None) -> Flow[Page[FineTunedModel]]:
        """List one page of a model's versions."""
        workspace = yield from self._workspace.get()
        path = f"/{quote(name, safe='')}/versions"
        request = self._versions.page(cursor, path, query={"listViewType": "ActiveOnly"})
        return (yield from read_page(request, partial(_parse, name=name, workspace=workspace)))

    def names_page(self, cursor: str | None) -> Flow[Page[str]]:
        """List one page of the names of the workspace's models."""
        return read_page(self._containers.page(cursor), name_of)

    def made_by(self, job: str, output_model: str) -> Flow[FineTunedModel | None]:
        """Find the version that a job registered; `None` while it is not there."""
        cursor: str | None = None
        seen: set[str | None] = set()
        while cursor not in seen:
            seen.add(cursor)
            try:
                page = yield from self.list_page(registered_name(output_model), cursor)
            except NotFoundError:
                return None
            for model in page.items:
                if model.job_name == job:
                    return model
            if page.next_cursor is None:
                return None
            cursor = page.next_cursor
        return None


def _parse(request: Request, body: Mapping[str, Any], name: str, workspace: Workspace) -> FineTunedModel:
    version = required(request, body, "name")
    properties = part(body, "properties")
    own = texts(properties.get("properties"))
    base = own.get("baseModelId")
    return FineTunedModel(
        id=f"azureml://locations/{workspace.location}/workspaces/{workspace.guid}/models/{name}/versions/{version}",
        name=name,
        version=version,
        uri=text(properties.get("modelUri")),
        job_name=text(properties.get("jobName")),
        base_model=split_asset_uri(base)[0] if base else None,
        created_at=moment(part(body, "systemData").get("createdAt")),
        properties=own,
        simulated=own.get("maas.simulated") == "true",
    )
