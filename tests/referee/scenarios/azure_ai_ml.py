"""All that a program does with azure-ai-ml and azure-ai-inference for a fine-tuning job, in one process.

Run as `python -m tests.referee.scenarios.azure_ai_ml READY VERSION WORKSPACE FOLDER`: the ready line of a server, the
version of azure-ai-ml, a workspace and a folder of the run's own.
"""

import json
import sys
from pathlib import Path

from tests.referee.scenarios import assets, endpoints, inference, jobs, models
from tests.referee.scenarios.operations import Scenario

PARTS: tuple[Scenario, ...] = (
    assets.scenario,
    jobs.scenario,
    models.scenario,
    endpoints.scenario,
    inference.scenario,
    endpoints.last,
)


def names(version: str, scheme: str) -> list[str]:
    """Return the names of the operations of a version."""
    return [name for part in PARTS for name in part.names(version, scheme)]


def main(ready: str, version: str, workspace: str, folder: str) -> None:
    """Carry all out."""
    import azure.ai.ml

    from tests.referee.scenarios.azure_sdk import Session
    from tests.referee.scenarios.server import Server

    assert version == azure.ai.ml.__version__
    session = Session(Server(json.loads(ready)), version, workspace, Path(folder))
    for part in PARTS:
        part.run(session, version, session.server.scheme)


if __name__ == "__main__":
    main(*sys.argv[1:])
