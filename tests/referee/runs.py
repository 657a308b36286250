"""A scenario in a process of its own, against a server of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maas_client.testing import serving
from tests.referee.scenarios.operations import MARK

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 240


@dataclass(frozen=True)
class Run:
    """What came of a scenario.

    Attributes:
        outcomes: By operation: None, or what went wrong.
        seconds: By operation.
        ending: How the process ended, with the last that it said.
    """

    outcomes: dict[str, str | None]
    seconds: dict[str, float] = field(default_factory=dict)
    ending: str = ""


def run(python: Path, modules: tuple[str, ...], version: str, scheme: str, folder: Path) -> Run:
    """Run scenarios one after the other on one server; those whose name begins with `ours` with our own interpreter."""
    work = folder / "work"
    work.mkdir(parents=True)
    outcomes: dict[str, str | None] = {}
    seconds: dict[str, float] = {}
    endings = []
    with serving(folder / "state", tls=scheme == "https") as server:
        ready = server.ready.facts
        for module in modules:
            interpreter = sys.executable if module.startswith("ours") else str(python)
            command = [interpreter, "-W", "ignore", "-m", f"tests.referee.scenarios.{module}"]
            command += [json.dumps(dict(ready)), version, f"ref-{scheme}", str(work)]
            # Outside any checkout: the SDK would write the branch into the job's properties.
            done = subprocess.run(
                command,
                cwd=work,
                env=_variables(ready, folder),
                capture_output=True,
                text=True,
                timeout=RUN_SECONDS,
                check=False,
            )
            for text in done.stdout.split("\n"):
                if text.startswith(MARK):
                    line = json.loads(text.removeprefix(MARK))
                    outcomes[line["operation"]], seconds[line["operation"]] = line["problem"], line["seconds"]
            endings.append(f"{module} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Run(outcomes, seconds, "\n".join(endings))


def _variables(ready: Mapping[str, Any], home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ}
    # Nothing but the server is within reach: the proxy is a port where nobody listens.
    shut = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost"}
    # Read by azure-ai-ml: seconds between two looks of jobs.stream.
    pace = {"AZUREML_RUN_POLLING_INTERVAL_MIN": "0"}
    trusted = ready["ca_file"]
    trust = {} if trusted is None else {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted}
    return kept | shut | pace | trust | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
