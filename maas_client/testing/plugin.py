"""The pytest plugin: a reference server for the run, and for each test a workspace of its own on it.

Loaded in every run of pytest where this package is installed, so it imports nothing but pytest until a fixture is used.

Why one server for each worker of pytest-xdist, and not one for all of them: a server takes less than a second to be
ready, needs nobody to decide who starts and who ends it, and workers do not wait for one process to answer them all.
What keeps tests apart is the workspace, so a server that is named with `--maas-url` may be shared by all workers.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from maas_client.client import AsyncMaaSClient, MaaSClient
    from maas_client.testing.faults import Faults
    from maas_client.testing.requests import Requests
    from maas_client.testing.server import Server
    from maas_client.testing.workspace import Clock, Workspace

_FAULTS: "pytest.StashKey[Faults]" = pytest.StashKey()
_ENVIRONMENT = ("MAAS_", "AZURE_", "AZUREML_")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what can be set."""
    group = parser.getgroup("maas", "reference server of maas-client")
    group.addoption("--maas-url", metavar="URL", help="use this reference server instead of starting one")
    group.addoption("--maas-admin-token", metavar="T", help="of the server at --maas-url: opens its control routes")
    group.addoption("--maas-clock", metavar="C", help="real, scaled:<factor> or manual; instead of the ini option")
    parser.addini(
        "maas_clock", "clock of the reference server: manual (default), real or scaled:<factor>", default="manual"
    )
    parser.addini("maas_server_options", "further options of `maas-ft serve` for the reference server", type="args")


def pytest_configure(config: pytest.Config) -> None:
    """Take part in pytest-asyncio, where it is installed and not turned off."""
    if config.pluginmanager.has_plugin("asyncio"):
        from maas_client.testing import plugin_asyncio

        config.pluginmanager.register(plugin_asyncio, "maas_client_asyncio")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that passed although faults that it ordered did not come."""
    yield
    faults = item.stash.get(_FAULTS, None)
    complaints = [] if faults is None else faults.complaints()
    if complaints:
        pytest.fail("; ".join(complaints), pytrace=False)


@pytest.fixture(scope="session")
def maas_server(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Server]":
    """The reference server of this run, on a free port; or the one that `--maas-url` names."""
    from maas_client.testing.server import Server, serving

    url = pytestconfig.getoption("maas_url")
    if url:
        yield Server.connect(url, pytestconfig.getoption("maas_admin_token"))
        return
    clock = pytestconfig.getoption("maas_clock") or pytestconfig.getini("maas_clock")
    options = pytestconfig.getini("maas_server_options")
    with serving(tmp_path_factory.mktemp("maas-server"), *options, clock=clock) as server:
        yield server


@pytest.fixture
def maas_workspace(request: pytest.FixtureRequest, maas_server: "Server") -> "Workspace":
    """An empty workspace of this test's own."""
    from maas_client.testing.workspace import Workspace

    return Workspace.fresh(maas_server, request.node.name)


@pytest.fixture
def maas_client(maas_workspace: "Workspace") -> "Iterator[MaaSClient]":
    """A `MaaSClient` of this test's workspace."""
    with maas_workspace.client() as client:
        yield client


@pytest.fixture
def async_maas_client(request: pytest.FixtureRequest) -> "AsyncMaaSClient":
    """An `AsyncMaaSClient` of this test's workspace, for tests that anyio or pytest-asyncio runs."""
    if "anyio_backend" in request.fixturenames:
        found: AsyncMaaSClient = request.getfixturevalue("_maas_client_of_anyio")
    elif request.config.pluginmanager.has_plugin("asyncio"):
        found = request.getfixturevalue("_maas_client_of_asyncio")
    else:
        pytest.fail(
            "async_maas_client needs a test that an event loop runs: mark it with pytest.mark.anyio", pytrace=False
        )
    return found


@pytest.fixture
async def _maas_client_of_anyio(maas_workspace: "Workspace") -> "AsyncIterator[AsyncMaaSClient]":
    async with maas_workspace.async_client() as client:
        yield client


@pytest.fixture
def maas_environment(maas_workspace: "Workspace", monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment points to this test's workspace, for code that calls `MaaSClient.from_env()` or `maas-ft`."""
    import os

    for name in list(os.environ):
        if name.startswith(_ENVIRONMENT) and not name.startswith("MAAS_SERVER_"):
            monkeypatch.delenv(name)
    variables = maas_workspace.environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def maas_clock(maas_workspace: "Workspace") -> "Clock":
    """The time of this test's workspace: `advance(seconds)` moves it, `now()` tells it."""
    from maas_client.testing.workspace import Clock

    return Clock(maas_workspace)


@pytest.fixture
def maas_requests(maas_workspace: "Workspace") -> "Requests":
    """What this test's workspace was asked: `verify("Jobs_CreateOrUpdate", times=1)` asserts it, `list()` shows it."""
    from maas_client.testing.requests import Requests

    return Requests(maas_workspace)


@pytest.fixture
def maas_faults(request: pytest.FixtureRequest, maas_workspace: "Workspace") -> "Iterator[Faults]":
    """Faults for this test's workspace: `on(operation, action)`. The test fails if one that must fire does not."""
    from maas_client.testing.faults import Faults

    faults = Faults(maas_workspace)
    request.node.stash[_FAULTS] = faults
    yield faults
    faults.clear()
