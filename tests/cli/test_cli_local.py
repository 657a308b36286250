"""The embedded server: found, started once, restarted where it was; and what is told when it cannot be."""

import json
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maas_client.cli import _background, _local
from maas_client.cli._local import ensure_local, find_local, local_folder
from maas_client.errors import ConfigurationError, ConnectError

PRIVATE = stat.S_IRUSR | stat.S_IWUSR


@pytest.fixture
def folder(own_folders: Path) -> Path:
    return own_folders


def test_one_is_started_shared_and_kept_private(folder):
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: ensure_local(folder), range(4)))

    assert len({server.pid for server in servers}) == 1
    assert find_local(folder) == servers[0]
    assert stat.S_IMODE((folder / "ready.json").stat().st_mode) == PRIVATE
    assert stat.S_IMODE((folder / "server.log").stat().st_mode) == PRIVATE
    assert os.getsid(servers[0].pid) != os.getsid(0)
    token = json.loads((folder / "ready.json").read_text())["admin_token"]
    assert token not in (folder / "server.log").read_text()


def test_after_a_kill_it_comes_back_on_its_port(folder):
    first = ensure_local(folder)
    os.kill(first.pid, 9)
    os.waitpid(first.pid, 0)
    assert find_local(folder) is None

    second = ensure_local(folder)

    assert second.pid != first.pid
    assert second.url == first.url


def test_a_port_that_somebody_took_is_given_up(folder):
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (folder / "port").write_text(str(port))
        server = ensure_local(folder)

    assert server.url != f"http://127.0.0.1:{port}"
    assert (folder / "port").read_text() == server.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "ready",
    [
        "{",
        "[]",
        '{"url": "http://127.0.0.1:1", "pid": PID}',
        '{"url": "http://127.0.0.1:1", "pid": PID, "subscription_id": "s", "resource_group": "g", "workspace": "w"}',
        '{"url": "http://example.com:1", "pid": PID, "subscription_id": "s", "resource_group": "g", "workspace": "w"}',
    ],
)
def test_a_ready_file_that_leads_nowhere_is_no_server(folder, ready):
    folder.mkdir()
    (folder / "ready.json").write_text(ready.replace("PID", str(os.getpid())))

    try:
        assert find_local(folder) is None
    finally:
        (folder / "ready.json").unlink()  # what ends servers after a test must not find this process in it


def test_without_the_extra_the_way_to_get_it_is_told(folder, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(ConfigurationError, match="starlette, uvicorn") as caught:
        ensure_local(folder)

    assert caught.value.hint == "pip install 'maas-client[server]'"
    assert not folder.exists()


def test_a_server_that_fails_to_start_is_quoted(folder, monkeypatch):
    monkeypatch.setattr(_local, "CLOCK", "cuckoo")

    with pytest.raises(ConnectError, match=r"The local server did not start: .*cuckoo") as caught:
        ensure_local(folder)

    assert str(folder / "server.log") in (caught.value.hint or "")


def test_a_server_that_says_nothing_is_ended(folder, monkeypatch):
    monkeypatch.setattr(_background, "START_SECONDS", 0.0)

    with pytest.raises(ConnectError, match="it said nothing"):
        ensure_local(folder)


def test_a_folder_that_cannot_be_used_is_told(folder):
    folder.write_text("a file")

    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        ensure_local(folder)

    assert "MAAS_LOCAL_DIR" in (caught.value.hint or "")


def test_where_it_is(tmp_path):
    assert local_folder({"MAAS_LOCAL_DIR": str(tmp_path)}) == tmp_path
    assert local_folder({}).name == "local"
    assert "maas-client" in str(local_folder({}))
