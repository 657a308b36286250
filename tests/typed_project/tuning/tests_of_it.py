"""What its tests need: the reference server, and faults to order."""

from collections.abc import Iterator
from pathlib import Path

from maas_client.testing import Faults, Server, Workspace, serving


def server(folder: Path) -> Iterator[Server]:
    with serving(folder, clock="scaled:1000") as running:
        yield running


def refused(running: Server) -> int:
    workspace = Workspace.fresh(running, "refused")
    faults = Faults(workspace)
    fault = faults.on("Jobs_Get", {"do": "status", "status": 403})
    with workspace.client() as client:
        names = [job.name for job in client.jobs.list()]
    fault.remove()
    return len(names)
