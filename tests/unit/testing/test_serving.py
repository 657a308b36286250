"""A reference server for as long as a block, a test or a whole process lasts."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from maas_client import MaaSClient
from maas_client.errors import ConfigurationError, ConnectError
from maas_client.server import options
from maas_client.testing import ControlError, Server, serving
from maas_client.testing.control import Control
from maas_client.testing.server import ServerOptions, to_arguments


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("state")) as running:
        yield running


def gone(url: str) -> bool:
    """Wait until nobody listens there any more."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            httpx.get(f"{url}/_maas/health")
        except httpx.TransportError:
            return True
    return False


def test_it_runs_while_the_block_runs():
    with serving() as server:
        assert httpx.get(f"{server.url}/_maas/health").json()["status"] == "ok"
        folder = Path(server.ready.facts["state_dir"])
        assert folder.is_dir()
        assert server.ready.facts["admin_token"] not in repr(server.ready)
    assert server.process is not None
    assert server.process.returncode == 0
    assert gone(server.url)
    assert not folder.exists()


def test_two_at_once_share_nothing(server):
    with serving() as other:
        assert other.url != server.url
        before = other.now()
        server.advance(3600)
        assert other.now() == before


def test_a_manual_clock_moves_when_told(server):
    before = server.now()
    assert server.now() == before
    assert (server.advance(90.5) - before).total_seconds() == pytest.approx(90.5, abs=1e-3)


def test_clients_of_any_workspace(server, monkeypatch):
    with server.client() as default, server.client("ws-of-mine") as mine:
        assert server.ready.workspace in repr(default)
        assert "ws-of-mine" in repr(mine)
        assert list(mine.jobs.list()) == []
    for name, value in server.environment("ws-of-mine").items():
        monkeypatch.setenv(name, value)
    with MaaSClient.from_env() as found:
        assert "ws-of-mine" in repr(found)
        assert list(found.jobs.list()) == []


async def test_asynchronous_clients(server):
    async with server.async_client("ws-async") as client:
        assert [job async for job in client.jobs.list()] == []


def test_over_https_the_environment_says_whom_to_trust(monkeypatch):
    with serving(tls=True) as server:
        assert server.url.startswith("https://")
        assert server.now() is not None
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        with MaaSClient.from_env() as client:
            assert list(client.jobs.list()) == []


def test_settings_of_whoever_runs_the_tests_do_not_reach_it(tmp_path, monkeypatch):
    monkeypatch.setenv("MAAS_TOKEN", "canary")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "canary")
    with serving() as server:
        seen = Path(f"/proc/{server.ready.pid}/environ")
        if not seen.exists():
            pytest.skip("no /proc here to look into another process")
        before = dict(os.environ)
        assert b"canary" not in seen.read_bytes()
    assert dict(os.environ) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_process_that_started_it(tmp_path, how):
    program = (
        "import sys, signal\n"
        "from pathlib import Path\n"
        "from maas_client.testing import Server\n"
        "server = Server.start(Path(sys.argv[1]))\n"
        "print(server.url, flush=True)\n"
        "signal.pause()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tests:
        assert tests.stdout is not None
        url = tests.stdout.readline().strip()
        assert httpx.get(f"{url}/_maas/health").status_code == 200
        tests.send_signal(how)
        tests.wait(20)
    assert gone(url)


def test_kill_loses_nothing_that_was_acknowledged(tmp_path):
    server = Server.start(tmp_path / "state")
    moment = server.advance(1000)
    server.kill()
    assert gone(server.url)
    with serving(tmp_path / "state") as again:
        assert again.now() >= moment


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(ConnectError, match="not a clock") as refused:
        Server.start(tmp_path / "state", clock="sundial")
    assert "server.log" in (refused.value.hint or "")
    with serving(tmp_path / "held"), pytest.raises(ConnectError, match="in use by another server"):
        Server.start(tmp_path / "held")


def test_every_option_of_the_server_is_one_of_serving():
    @click.command()
    @options.server_parameters
    def command(**_given):
        pass

    theirs = {parameter.name: parameter.opts[0] for parameter in command.params} | {"state_dir": "--state-dir"}
    ours = set(ServerOptions.__annotations__)
    assert {field.name for field in fields(options.ServerOptions)} - {"state_dir", "stop_at_eof"} == ours
    for name in ours:
        several = name in {"conformance_specs", "regions", "faults"}
        given: Any = {name: ["a"] if several else "a"}
        assert to_arguments(given) == [theirs[name], "a"]
    assert to_arguments({"tls": True, "conformance_strict": False}) == ["--tls"]


def test_control_routes_tell_what_is_wrong(server):
    with pytest.raises(ControlError, match="advance_seconds must be a number") as refused:
        server.advance(-1)
    assert refused.value.status == 400
    with pytest.raises(ControlError, match="must carry the admin token"):
        Control(server.url, None).call("GET", "clock")
    with pytest.raises(ControlError, match="no answer") as nobody:
        Control("http://127.0.0.1:9", None).call("GET", "health")
    assert (nobody.value.status, bool(nobody.value.hint)) == (None, True)
    for url in ("ftp://127.0.0.1", "127.0.0.1:80", "http://127.0.0.1:http"):
        with pytest.raises(ConfigurationError, match="not the URL of a server"):
            Control(url, None)


def test_importing_the_package_costs_next_to_nothing():
    program = "import sys, json; import maas_client.testing; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"httpx", "pydantic", "starlette", "asyncio", "http", "subprocess"}
