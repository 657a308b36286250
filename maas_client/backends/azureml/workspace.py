"""The workspace: where it is, and where its data plane is."""

from collections.abc import Generator, Mapping
from typing import Any

from maas_client.backends.azureml._wire import (
    WORKSPACE_VERSION,
    Facts,
    Target,
    Workspace,
    part,
    read_object,
    required,
)
from maas_client.core.flow import Flow
from maas_client.core.io import Request, Response

HISTORY = "history/v1.0"
MLFLOW = "mlflow/v2.0"
METRIC = "metric/v2.0"


class WorkspaceFlows:
    """Flows that other flows begin with."""

    def __init__(self, target: Target, facts: Facts) -> None:
        self._target = target
        self._facts = facts

    def get(self) -> Flow[Workspace]:
        """Ask for the workspace and its discovery document, once in a client's life.

        Source: azure-ai-ml 1.35.2, recorded: workspace GET, then `discoveryUrl` without credentials, key `api`.
        """
        if self._facts.workspace is not None:
            return self._facts.workspace
        request = self._target.request("Workspaces_Get", "GET", "", version=WORKSPACE_VERSION)
        body = read_object(request, (yield request))
        location = required(request, body, "location")
        guid = required(request, body, "properties", "workspaceId")
        discovery = Request(
            operation="Discovery_Get", method="GET", url=required(request, part(body, "properties"), "discoveryUrl")
        )
        api = required(discovery, read_object(discovery, (yield discovery)), "api")
        self._facts.workspace = Workspace(location=location, guid=guid, data_plane=api.rstrip("/"))
        return self._facts.workspace

    def data_url(self, service: str, path: str) -> Generator[Request, Response, str]:
        """Compose a URL of the data plane; `path` follows the workspace's."""
        workspace = yield from self.get()
        return f"{workspace.data_plane}/{service}{self._target.path}{path}"

    def ask(
        self,
        operation: str,
        method: str,
        service: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Flow[dict[str, Any]]:
        """Make one call of the data plane and read its object."""
        url = yield from self.data_url(service, path)
        request = self._target.data_request(operation, method, url, query=query, body=body)
        return read_object(request, (yield request))
