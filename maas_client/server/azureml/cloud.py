"""ARM's description of the cloud, by which programs find the addresses of everything else.

Source: azure-ai-ml 1.35.2 and azureml-mlflow 1.62, what they read from `/metadata/endpoints`; they take the entry whose
resource manager is part of the URL that they asked. Addresses of services that this server does not stand in for are
those of the public cloud. One signs in here over https alone: over http no library sends a secret.
"""

from typing import Any

from maas_client.server.azureml.wire import Call, Reply
from maas_client.server.entra.principal import TENANT_ID

NAME = "LocalCloud"


def metadata(call: Call) -> Reply:
    """GET the clouds: this one."""
    cloud: dict[str, Any] = {
        "name": NAME,
        "portal": "https://portal.azure.com",
        "resourceManager": f"{call.base}/",
        "authentication": {
            "loginEndpoint": call.base if call.scheme == "https" else "https://login.microsoftonline.com",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": TENANT_ID if call.scheme == "https" else "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
        "graphAudience": "https://graph.windows.net/",
    }
    return Reply(200, [cloud])
