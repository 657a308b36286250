"""What all tests share: an environment without settings of ours, one event loop by default, and generated files."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.conformance.of_run import ConformanceOfRun

ROOT = Path(__file__).parents[1]
PREFIXES = ("MAAS_", "AZURE_", "AZUREML_")
SERVERS = "MAAS_SERVER_"
"""Variables by which every server that a test starts checks its wire."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

# In a fresh checkout the first text that is drawn waits for a table of all characters, for seconds: that is no finding.
settings.register_profile("maas", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("maas")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-generated", action="store_true", help="write generated files anew instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ConformanceOfRun(config))


@pytest.fixture(scope="session")
def state_of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tests of one run leave behind, where a user's programs would."""
    return tmp_path_factory.mktemp("state")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the slow ones go first, in any order: begun last, one would keep a worker busy when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, state_of_run: Path) -> None:
    """No test sees the settings, credentials or proxies of whoever runs it, nor writes into their journal."""
    for name in list(os.environ):
        if (name.startswith(PREFIXES) and not name.startswith(SERVERS)) or name.upper() in PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAAS_JOURNAL_DIR", str(state_of_run / "journal"))
    monkeypatch.setenv("MAAS_CONFIG", str(state_of_run / "config.toml"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop by default; a test that wants both parametrizes `anyio_backend`."""
    return "asyncio"


@pytest.fixture
def generated(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a generated file that is checked in; with `--update-generated`, write it."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-generated"):
            path.write_text(text, encoding="utf-8")
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text.splitlines() == found.splitlines(), f"{path.name} is out of date: run pytest --update-generated"

    return compare


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What users get of this checkout."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True)
    if done.returncode != 0 and "No matching distribution found" in done.stdout + done.stderr:
        pytest.skip("the build backend could not be had: no package index within reach")
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))
