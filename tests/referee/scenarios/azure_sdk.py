"""Microsoft's clients, pointed at the reference server.

Over https they are used as they are: `cloud=`, `cloud_metadata=` and a CA bundle. Over http two seams are needed,
because they refuse to send a token without TLS, and build storage addresses with https: an authentication policy handed
to the constructor, and the template of storage addresses. The report names the scheme of every result.
"""

import base64
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.referee.scenarios.operations import Scenario
from tests.referee.scenarios.server import Server

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
GROUP = "rg-referee"
CLOUD = "RefereeCloud"


class Credential:
    """Any object with `get_token` is a credential; the token is shaped like a JWT, because the SDK looks into it."""

    def __init__(self, token: str | None = None) -> None:
        claims = base64.urlsafe_b64encode(json.dumps({"tid": "tenant"}).encode()).decode().rstrip("=")
        self._token = f"eyJhbGciOiJub25lIn0.{claims}." if token is None else token

    def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)


class Session:
    """What the operations of a scenario share."""

    def __init__(self, server: Server, version: str, workspace: str, folder: Path) -> None:
        self.server = server
        self.version = version
        self.folder = folder
        self.workspace = workspace
        self.state: dict[str, Any] = {}
        if server.scheme == "http":
            _patch_storage()
        self.client = self.ml_client()

    def ml_client(self, credential: Credential | None = None, **scope: Any) -> Any:
        from azure.ai.ml import MLClient

        credential = credential or Credential()
        arguments: dict[str, Any] = {"subscription_id": SUBSCRIPTION, "resource_group_name": GROUP}
        arguments |= scope or {"workspace_name": self.workspace}
        metadata = {
            "azure_portal": "https://portal.azure.com/",
            "resource_manager": f"{self.server.url}/",
            "active_directory": "https://login.microsoftonline.com/",
            "aml_resource_id": "https://ml.azure.com/",
            "storage_endpoint": "core.windows.net",
            "registry_discovery_endpoint": f"{self.server.url}/",
        }
        if self.server.scheme == "http":
            arguments["authentication_policy"] = _plain_bearer(credential)
        arguments |= {"cloud": CLOUD, "cloud_metadata": metadata}
        return MLClient(credential, **arguments, polling_interval=1, enable_telemetry=False)

    def path(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder


def carry_out(*scenarios: Scenario) -> None:
    """Run scenarios with the arguments of this process, in the environment of the version that they name."""
    import azure.ai.ml

    ready, version, workspace, folder = sys.argv[1:]
    assert version == azure.ai.ml.__version__
    server = Server.of(ready)
    session = Session(server, version, workspace, Path(folder))
    for scenario in scenarios:
        scenario.run(session, version, server.scheme)


def _plain_bearer(credential: Credential) -> Any:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class Bearer(SansIOHTTPPolicy):
        def on_request(self, request: Any) -> None:
            # Meant for the policy that this one stands in for.
            request.context.options.pop("enforce_https", None)
            request.http_request.headers["Authorization"] = f"Bearer {credential.get_token().token}"

    return Bearer()


def _patch_storage() -> None:
    from azure.ai.ml.constants import _common

    _common.STORAGE_ACCOUNT_URLS["AzureBlob"] = "http://{}.blob.{}"
