"""What users see with the strictest type checkers: a program of theirs passes, a mistake in it does not.

The program, `tests/typed_project`, is checked in a folder of its own, as strictly as mypy and pyright can; beside it
lies one that is full of mistakes. pyright comes as basedpyright, which brings its own Node.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import maas_client

PROJECT = Path(__file__).with_name("typed_project")
PACKAGE = Path(maas_client.__file__).parent
MISTAKES = """\
from maas_client import MaasClient
from maas_client.types import JobStatus
from maas_client import AsyncMaaSClient, MaaSClient
from maas_client import catalog, testing
import maas_client
def wrong(client: MaaSClient, other: AsyncMaaSClient) -> None:
    client.jobs.create("Phi-4", training_file=3)
    client.jobs.create("Phi-4", training_file="f", n_epoch=3)
    client.jobs.get("a").statuz
    JobStatus.RUNING
    client.with_options(retries=1)
    maas_client.Client
    catalog.modelz
    testing.server_of
    a: str = other.jobs.get("a")
    for event in other.jobs.watch("a"): ...
    client.chat.create("d", messages=[{"role": "user"}], temprature=0.1)
    client.jobs.list(view="hidden")
"""
RIGHT = {2, 3, 4, 5, 6}
HELD = tuple(
    f"maas_client.{floor}." for floor in ("catalog", "client", "core", "dataset", "errors", "resources", "types")
)
"""The floors of which users hold something."""
UNSEEN = "maas_client.dataset.source."
"""Behind `dataset.check`."""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typed") / "project"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (folder / "tuning" / "mistakes.py").write_text(MISTAKES)
    return folder


def run(folder: Path, *command: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def judged(complaints: list[tuple[str, int, str]]) -> None:
    """Hold what was complained of against what is wrong."""
    assert [told for told in complaints if not told[0].endswith("mistakes.py")] == []
    found = {line for _, line, _ in complaints}
    wrong = set(range(1, len(MISTAKES.splitlines()) + 1)) - RIGHT
    assert found == wrong


def test_mypy(project: Path, request: pytest.FixtureRequest) -> None:
    cache = request.config.cache
    kept = project / "cache" if cache is None else cache.mkdir("mypy-of-a-project")
    text = run(project, "mypy", "--config-file", "pyproject.toml", "--cache-dir", str(kept), "--no-pretty")
    complaints = re.findall(r"^(.+?):(\d+): error: (.+)$", text, re.MULTILINE)
    judged([(path, int(line), message) for path, line, message in complaints])


def test_pyright(project: Path) -> None:
    pytest.importorskip("basedpyright", reason="basedpyright is not installed")
    told = json.loads(run(project, "basedpyright", "-p", ".", "--pythonpath", sys.executable, "--outputjson"))
    judged(
        [
            (found["file"], found["range"]["start"]["line"] + 1, found["message"])
            for found in told["generalDiagnostics"]
            if found["severity"] == "error"
        ]
    )


def test_every_public_name_has_a_type(tmp_path: Path) -> None:
    pytest.importorskip("basedpyright", reason="basedpyright is not installed")
    copy = tmp_path / "maas_client"
    # Without what users run instead of import, which takes most of the time; `testing` is in the program above.
    shutil.copytree(
        PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "server", "cli", "testing", "__main__.py")
    )
    first = copy / "__init__.py"
    first.write_text(re.sub(r"^.*import testing.*\n", "", first.read_text(), flags=re.MULTILINE))
    command = ("basedpyright", "--verifytypes", "maas_client", "--ignoreexternal", "--outputjson")
    told = json.loads(run(tmp_path, *command, "--pythonpath", sys.executable, PYTHONPATH=str(tmp_path)))
    symbols: list[dict[str, Any]] = told["typeCompleteness"]["symbols"]
    names = {symbol["name"] for symbol in symbols}
    assert {"maas_client.resources.jobs.Jobs.create", "maas_client.types.jobs.FineTuningJob.status"} <= names
    unknown = {
        symbol["name"]: [found["message"] for found in symbol["diagnostics"]]
        for symbol in symbols
        if (not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"])
        and symbol["name"].startswith(HELD)
        and not symbol["name"].startswith(UNSEEN)
    }
    assert unknown == {}
