"""ARM's description of the cloud, by which programs find the addresses of everything else.

Source: azure-ai-ml 1.35.2 and azureml-mlflow 1.62, what they read from `/metadata/endpoints`; they take the entry whose
resource manager is part of the URL that they asked. Addresses of services that this server does not stand in for are
those of the public cloud.
"""

from typing import Any

from maas_client.server.azureml.wire import Call, Reply

NAME = "LocalCloud"


def metadata(call: Call) -> Reply:
    """GET the clouds: this one."""
    cloud: dict[str, Any] = {
        "name": NAME,
        "portal": "https://portal.azure.com",
        "resourceManager": f"{call.base}/",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
        "graphAudience": "https://graph.windows.net/",
    }
    return Reply(200, [cloud])
