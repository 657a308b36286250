"""What tests of the command line share: a state folder of their own, data, and the real program."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maas_client.cli.main import root

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Invoke = Callable[..., Result]
MODEL = "Phi-3-mini-4k-instruct"


def row(index: int) -> str:
    question = {"role": "user", "content": f"What is {index} plus {index}?"}
    answer = {"role": "assistant", "content": f"It is {2 * index}. Ask me another one."}
    return json.dumps({"messages": [question, answer]})


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep every setting and every local server inside the test; end the server that it started."""
    for name in list(os.environ):
        if name.startswith(("MAAS_", "AZURE_", "AZUREML_")):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    local = tmp_path / "local"
    monkeypatch.setenv("MAAS_LOCAL_DIR", str(local))
    monkeypatch.setenv("MAAS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    yield local
    stop_server(local)


def server_facts(local: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads((local / "ready.json").read_text())
    return facts


def stop_server(local: Path, number: int = signal.SIGTERM) -> None:
    try:
        os.kill(int(str(server_facts(local)["pid"])), number)
    except (OSError, ValueError):
        return


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A training file of 60 good rows, in the current folder."""
    path = tmp_path / "train.jsonl"
    path.write_text("".join(f"{row(index)}\n" for index in range(60)))
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The same with a line 7 that is no JSON."""
    lines = [row(index) for index in range(60)]
    lines[6] = lines[6][:-1]
    path = tmp_path / "broken.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def invoke() -> Invoke:
    """Run a command inside this process."""

    def call(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(root, arguments, input=text, catch_exceptions=False, prog_name="maas-ft")

    return call


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "maas_client", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def run() -> Run:
    """Run a command as a process of its own; it has no terminal."""

    def call(*arguments: str, **extra: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            program(*arguments),
            env=environment() | extra,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return call
