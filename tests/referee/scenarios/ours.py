"""Our own client on the objects that a foreign SDK sees too."""

import sys
from pathlib import Path

from maas_client import MaaSClient
from tests.referee.scenarios.azure_sdk import GROUP, SUBSCRIPTION
from tests.referee.scenarios.operations import Scenario
from tests.referee.scenarios.server import Server

MODEL = "Phi-3-mini-4k-instruct"


class OurSession:
    """What the operations share."""

    def __init__(self, server: Server, workspace: str, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.client = MaaSClient(
            base_url=server.url,
            emulator=True,
            subscription_id=SUBSCRIPTION,
            resource_group=GROUP,
            workspace=workspace,
        )


def carry_out(scenario: Scenario) -> None:
    """Run a scenario with the arguments of this process."""
    ready, version, workspace, folder = sys.argv[1:]
    server = Server.of(ready)
    scenario.run(OurSession(server, workspace, Path(folder)), version, server.scheme)
