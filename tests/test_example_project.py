"""The example project as a user has it: in a folder and an environment of its own, with the wheel of this checkout."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "examples" / "testing-your-code"
INSTALL_SECONDS = 300
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def pip(python: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--no-compile", *arguments], capture_output=True, text=True, timeout=INSTALL_SECONDS
    )
    if done.returncode != 0 and "No matching distribution found" in done.stderr:
        pytest.skip("dependencies could not be had: no package index within reach")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def python(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's interpreter. Its dependencies are kept in pytest's cache; our wheel is always that of now."""
    group = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]["test"]
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*group, *ours["dependencies"], *ours["optional-dependencies"]["server"]]
    key = hashlib.sha256(f"{sys.version}\n{wanted}".encode()).hexdigest()[:12]
    cache = request.config.cache
    folder = (cache.mkdir("example") if cache is not None else tmp_path_factory.mktemp("environment")) / key
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        pip(interpreter, *(each for each in wanted if not each.startswith("maas-client")))
        (folder / "complete").touch()
    pip(interpreter, "--no-deps", "--force-reinstall", str(wheel))
    return interpreter


def test_its_tests_pass_in_any_order_and_in_parallel(python: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PYTHON", "PYTEST_"))}
    command = [str(python), "-W", "error::ResourceWarning", "-m", "pytest", "-n", "2", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, env=clean, capture_output=True, text=True, timeout=200)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    tests = len(
        re.findall(r"^(?:async )?def test_", (project / "tests" / "test_support_bot.py").read_text(), re.MULTILINE)
    )
    assert re.search(rf"= {tests} passed", told), told
    assert "2 workers" in told or "gw1" in told
