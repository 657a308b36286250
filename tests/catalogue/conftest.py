"""Peers of the transport's tests, and clients of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from maas_client import MaaSClient
from tests.contract.conftest import both, server, train
from tests.unit.transport.conftest import Peer, answered, no_proxies, peer, run

__all__ = ["answered", "both", "no_proxies", "peer", "run", "server", "train"]


@pytest.fixture
def client_of() -> Iterator[Callable[..., MaaSClient]]:
    """Make clients of a peer that stands for the service."""
    with ExitStack() as stack:

        def make(at: Peer, **options: Any) -> MaaSClient:
            names: dict[str, Any] = {"subscription_id": "s", "resource_group": "g", "workspace": "w"}
            return stack.enter_context(MaaSClient(base_url=at.url, emulator=True, **names, **options))

        yield make
