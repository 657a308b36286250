"""What tests of the command line share: a state folder of their own, data, and the real program."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from maas_client.cli.main import root
from maas_client.testing import Server, Workspace, serving
from tests.cli.json_output import check_output
from tests.cli.program import environment, program, row, stop_server

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Invoke = Callable[..., Result]
GOLDEN = Path(__file__).parents[1] / "golden" / "screens"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep every setting and every local server inside the test; end the server that it started."""
    for name in list(os.environ):
        if name.startswith(("MAAS_", "AZURE_", "AZUREML_")) and not name.startswith("MAAS_SERVER_"):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    local = tmp_path / "local"
    monkeypatch.setenv("MAAS_LOCAL_DIR", str(local))
    monkeypatch.setenv("MAAS_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("MAAS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # also for what the Azure CLI knows
    for kind in ("STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home" / kind.lower()))
    monkeypatch.chdir(tmp_path)
    yield local
    stop_server(local)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A training file of 60 good rows, in the current folder."""
    path = tmp_path / "train.jsonl"
    path.write_text("".join(f"{row(index)}\n" for index in range(60)))
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The same with a line 7 that is no JSON."""
    lines = [row(100 + index) for index in range(60)]
    lines[6] = lines[6][:-1]
    path = tmp_path / "broken.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose jobs end in moments."""
    with serving(tmp_path_factory.mktemp("server"), clock="scaled:20000") as running:
        yield running


@pytest.fixture
def place(server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace of the test's own, which every command of it talks to."""
    workspace = Workspace.fresh(server, request.node.name)
    for name, value in workspace.environment().items():
        monkeypatch.setenv(name, value)
    return workspace


@pytest.fixture
def invoke() -> Invoke:
    """Run a command inside this process."""

    def call(*arguments: str, text: str | None = None) -> Result:
        result = CliRunner().invoke(root, arguments, input=text, catch_exceptions=False, prog_name="maas-ft")
        check_output(arguments, result.stdout)
        return result

    return call


@pytest.fixture
def run() -> Run:
    """Run a command as a process of its own; it has no terminal."""

    def call(*arguments: str, **extra: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            program(*arguments),
            env=environment() | extra,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        check_output(arguments, done.stdout)
        return done

    return call


@pytest.fixture
def inside(invoke: Invoke) -> Run:
    """Run a command as `run` does, but inside this process: where nothing hangs on its being another one."""

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        done = invoke(*arguments)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="module")
def shared_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A local server's folder for a whole module: its tests give what they make different names."""
    local = tmp_path_factory.mktemp("local")
    yield local
    stop_server(local)


@pytest.fixture
def one_server(own_folders: Path, shared_local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--local` find the module's server."""
    monkeypatch.setenv("MAAS_LOCAL_DIR", str(shared_local))


@pytest.fixture
def same_screen(generated: Callable[[Path, str], None]) -> Callable[[str, str], None]:
    """Compare a screen, masked by then, with the golden one of this name."""

    def compare(name: str, text: str) -> None:
        generated(GOLDEN / f"{name}.txt", text)

    return compare
