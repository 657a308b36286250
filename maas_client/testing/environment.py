"""The variables by which programs find a reference server: our client, azure-identity and azure-ai-ml."""

from maas_client.core.trust import is_loopback
from maas_client.testing.launch import Ready

CONDITIONAL = (
    "ARM_CLOUD_METADATA_URL",
    "AZUREML_CURRENT_CLOUD",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "MAAS_AUTHORITY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)
"""Names that some servers have no value for."""
_METADATA = "/metadata/endpoints?api-version=2019-05-01"


def environment(ready: Ready, workspace: str | None = None) -> dict[str, str]:
    """Return the variables.

    Over http there are those of our client and of a managed identity alone: azure-identity sends no secret without TLS,
    and azure-ai-ml no token.

    Args:
        ready: What the server said when it was ready.
        workspace: Another workspace than the one that it named.

    Source: azure-identity 1.27, `_constants.py`; azure-ai-ml 1.35.2, `_azure_environments.py`, which read these names.
    """
    facts, here = ready.facts, is_loopback(ready.url)
    found = {
        "MAAS_BASE_URL": ready.url,
        # An emulator is on this machine; elsewhere the client takes the server for what it stands in for.
        "MAAS_EMULATOR": str(here).lower(),
        "MAAS_SUBSCRIPTION_ID": ready.subscription_id,
        "MAAS_RESOURCE_GROUP": ready.resource_group,
        "MAAS_WORKSPACE": workspace or ready.workspace,
        "AZURE_SUBSCRIPTION_ID": ready.subscription_id,
        "AZURE_RESOURCE_GROUP": ready.resource_group,
        "AZUREML_WORKSPACE_NAME": workspace or ready.workspace,
    }
    if "identity_header" in facts:
        found |= {"IDENTITY_ENDPOINT": f"{ready.url}/msi/token", "IDENTITY_HEADER": facts["identity_header"]}
    if facts.get("ca_file") is None:
        return found
    found |= {"SSL_CERT_FILE": facts["ca_file"], "REQUESTS_CA_BUNDLE": facts["ca_file"]}
    found |= {"ARM_CLOUD_METADATA_URL": ready.url + _METADATA, "AZUREML_CURRENT_CLOUD": "LocalCloud"}
    if "client_secret" in facts:
        found |= {f"AZURE_{name.upper()}": facts[name] for name in ("tenant_id", "client_id", "client_secret")}
        found["AZURE_AUTHORITY_HOST"] = ready.url
    if facts.get("auth") == "strict" or not here:
        # Only there is a made-up token not enough; signing in costs our client a second.
        found["MAAS_AUTHORITY"] = ready.url
    return found
