"""For whom tokens are made: the resources of the clouds that this server stands in for.

Source: azure-ai-ml 1.35.2, `_azure_environments.py` (resource manager and `aml_resource_id` of each cloud); Microsoft
Learn, "Authorize with Microsoft Entra ID" (storage), "Azure AI services authentication" (cognitive services).
"""

from collections.abc import Collection
from typing import Final

ARM: Final = frozenset(
    {
        "https://management.azure.com",
        "https://management.core.windows.net",
        "https://management.chinacloudapi.cn",
        "https://management.core.chinacloudapi.cn",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net",
    }
)
MACHINE_LEARNING: Final = frozenset({"https://ml.azure.com", "https://ml.azure.cn", "https://ml.azure.us"})
STORAGE: Final = frozenset({"https://storage.azure.com"})
COGNITIVE: Final = frozenset({"https://cognitiveservices.azure.com", "https://ai.azure.com"})
OUTSIDE: Final = ARM | MACHINE_LEARNING | STORAGE | COGNITIVE


def same(audience: str) -> str:
    """Return an audience without what makes no difference: case, and slashes at its end."""
    return audience.lower().rstrip("/")


def known(audience: str, own: Collection[str]) -> bool:
    """Say whether a token can be had for an audience.

    Args:
        audience: As it was asked for.
        own: Base URLs of this server, which a cloud description may name as the resource manager.
    """
    return same(audience) in OUTSIDE or same(audience) in own or _is_account(same(audience))


def _is_account(audience: str) -> bool:
    # One storage account is an audience too: https://stmaas0123.blob.core.windows.net.
    host = audience.partition("://")[2]
    return ".blob.core." in host and "/" not in host
