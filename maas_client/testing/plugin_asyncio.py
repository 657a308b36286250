"""What pytest-asyncio needs of the plugin; loaded only where it is installed."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:
    from maas_client.client import AsyncMaaSClient
    from maas_client.testing.workspace import Workspace


@pytest_asyncio.fixture
async def _maas_client_of_asyncio(maas_workspace: "Workspace") -> "AsyncIterator[AsyncMaaSClient]":
    async with maas_workspace.async_client() as client:
        yield client
