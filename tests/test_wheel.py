"""The wheel, installed where there is no checkout: what users get."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def install(folder: Path, requirement: str, *more: str) -> Path:
    """Install into an environment, which is made if it is not there; return the folder of its programs."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--no-compile", requirement, *more], capture_output=True, text=True)
    if done.returncode != 0 and "No matching distribution found" in done.stderr:
        pytest.skip("dependencies could not be had: no package index within reach")
    assert done.returncode == 0, done.stderr
    return python.parent


def run(command: list[str | Path], cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAAS_", "AZURE_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean | {"MAAS_JOURNAL_DIR": str(cwd / "journal")} | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_base_install_checks_data_says_what_the_local_server_needs_and_runs_the_main_job_with_it(
    wheel: Path, tmp_path: Path
) -> None:
    scripts = install(tmp_path / "environment", f"maas-client @ {wheel.as_uri()}")
    train = ROOT / "examples" / "data" / "train.jsonl"
    checked = run([scripts / "maas-ft", "data", "check", train, "--output", "json"], tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["ok"] is True
    schema = "from importlib.resources import files; print(files('maas_client') / 'schemas/cli/jobs-get.schema.json')"
    found = run([scripts / "python", "-c", schema], tmp_path)
    assert json.loads(Path(found.stdout.strip()).read_text())["title"]
    local = run([scripts / "maas-ft", "jobs", "list", "--local"], tmp_path, MAAS_LOCAL_DIR=str(tmp_path / "state"))
    assert local.returncode == 2
    assert "maas-client[server]" in local.stderr
    assert "Traceback" not in local.stderr

    install(tmp_path / "environment", f"maas-client[server] @ {wheel.as_uri()}")
    data = ROOT / "examples" / "data"
    state = tmp_path / "state"
    submit: list[str | Path] = [
        scripts / "maas-ft", "submit", "--local", "--model", "Phi-3-mini-4k-instruct", "--name", "from-wheel",
        "--train", data / "train.jsonl", "--validation", data / "validation.jsonl", "--deploy", "--output", "json",
    ]  # fmt: skip
    try:
        done = run(submit, tmp_path, MAAS_LOCAL_DIR=str(state))
        assert done.returncode == 0, done.stderr
        chat: list[str | Path] = [scripts / "maas-ft", "chat", "--local", "from-wheel", "How do I add an MX record?"]
        answer = run(chat, tmp_path, MAAS_LOCAL_DIR=str(state))
        assert answer.returncode == 0, answer.stderr
        assert len(answer.stdout.strip()) > 20
    finally:
        for ready in state.rglob("ready.json"):
            os.kill(json.loads(ready.read_text())["pid"], 15)
