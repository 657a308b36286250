"""The assembled client."""

from maas_client.client._clients import AsyncMaaSClient, MaaSClient

__all__ = ["AsyncMaaSClient", "MaaSClient"]
