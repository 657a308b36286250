"""The process: start, stop, kill -9, one folder for one server."""

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys

import pytest

LONG = 400_000.0


def run(*arguments):
    command = [sys.executable, "-m", "maas_client.server", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def clock(server):
    return server.send("GET", "/_maas/clock", headers={"x-maas-admin-token": server.ready["admin_token"]}).json[
        "now_seconds"
    ]


def test_everything_survives_kill_9(tmp_path, start, space_of):
    state = tmp_path / "state"
    first = start(state)
    space = space_of(first)
    space.train("done")
    guid = space.call("GET", "").json["properties"]["workspaceId"]
    model_id = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    endpoint = {"location": "eastus2", "properties": {"modelSettings": {"modelId": model_id}}}
    assert space.call("PUT", "/serverlessEndpoints/kept", endpoint).status == 201
    first.advance(60)
    keys = space.call("POST", "/serverlessEndpoints/kept/listKeys").json
    training = space.upload("x/train.jsonl", space.rows(30))
    assert space.submit("going", training).status == 201
    before = clock(first)
    first.kill()

    second = start(state)
    again = space_of(second, name=space.name)
    assert clock(second) == pytest.approx(before, abs=1e-3)
    assert again.call("GET", "").json["properties"]["workspaceId"] == guid
    assert again.call("POST", "/serverlessEndpoints/kept/listKeys").json == keys
    assert again.status("done") == "Completed"
    assert again.status("going") == "NotStarted"
    url = f"{again.blob_url('x/train.jsonl')}?{again.sas()}"
    assert second.send("GET", url).content == again.rows(30)
    second.advance(LONG)
    assert again.status("going") == "Completed"
    versions = again.call("GET", "/models/my-model/versions").json["value"]
    assert [item["properties"]["jobName"] for item in versions] == ["going", "done"]


def test_a_plan_that_was_lost_is_made_again(tmp_path, start, space_of):
    state = tmp_path / "state"
    first = start(state)
    space = space_of(first)
    space.submit("again", space.upload("a/train.jsonl", space.rows(30)))
    first.advance(0)
    first.kill()
    with sqlite3.connect(state / "state.db") as database:
        (plan,) = database.execute("SELECT plan FROM jobs").fetchone()
        database.execute("UPDATE jobs SET plan=NULL, ends_at=NULL")
    database.close()
    second = start(state)
    second.advance(0)
    with sqlite3.connect(state / "state.db") as database:
        assert database.execute("SELECT plan FROM jobs").fetchone() == (plan,)
    database.close()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_virtual_time_stands_still_while_down_and_never_runs_back(tmp_path, start, how):
    state, factor = tmp_path / "state", 1000.0
    first = start(state, clock=f"scaled:{factor:g}")
    shown = clock(first)
    if how == "kill":
        first.kill()
    else:
        assert first.stop() == 0
    with sqlite3.connect(state / "state.db") as database:
        (stored,) = database.execute("SELECT value FROM meta WHERE key='virtual_now'").fetchone()
    database.close()
    assert stored >= shown
    # A clock that does not move by itself shows exactly where time stood, however long the start took.
    assert clock(start(state)) == pytest.approx(stored, abs=1e-3)


def test_files_are_private_and_the_ready_file_has_the_ready_line(tmp_path, start):
    state, ready = tmp_path / "deep" / "state", tmp_path / "ready.json"
    server = start(state, "--ready-file", str(ready), "--admin-token", "t0ken")
    assert json.loads(ready.read_text()) == server.ready
    assert server.ready["event"] == "ready"
    assert server.ready["pid"] == server.process.pid
    assert (server.ready["admin_token"], server.ready["simulated"]) == ("t0ken", True)
    if os.name == "posix":
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in (ready, *state.glob("*.db"))} == {0o600}


def test_two_servers_never_share_a_folder(tmp_path, start):
    start(tmp_path / "state")
    second = run("--state-dir", tmp_path / "state")
    assert second.returncode == 1
    assert second.stdout == ""
    assert "in use by another server" in second.stderr
    assert second.stderr.count("\n") == 2


def test_what_cannot_start_says_why_in_one_line(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    old = tmp_path / "old"
    old.mkdir()
    with sqlite3.connect(old / "state.db") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        cases = [
            (["--state-dir", tmp_path / "a", "--port", port], 1, "Cannot listen"),
            (["--state-dir", file], 1, "cannot be written"),
            (["--state-dir", old], 1, "schema version 99"),
            (["--state-dir", tmp_path / "a", "--host", "0.0.0.0"], 2, "loopback"),
            (["--state-dir", tmp_path / "a", "--clock", "fast"], 2, "not a clock"),
            (["--state-dir", tmp_path / "a", "--port", "70000"], 2, "not a port"),
            (["--state-dir", tmp_path / "a", "--idle-exit", "0"], 2, "--idle-exit"),
            (["--state-dir", tmp_path / "a", "--admin-token", "a\nb"], 2, "--admin-token"),
        ]
        for arguments, code, words in cases:
            result = run(*arguments)
            assert (result.returncode, result.stdout) == (code, ""), result.stderr
            assert words in result.stderr
            assert result.stderr.count("\n") == 2


def test_idle_server_ends_by_itself(tmp_path, start):
    server = start(tmp_path / "state", "--idle-exit", "0.1")
    assert server.process.wait(timeout=20) == 0
    server.process.communicate()


def test_ctrl_c_ends_cleanly(tmp_path, start):
    server = start(tmp_path / "state", clock="real")
    server.process.send_signal(2)
    _, talk = server.process.communicate(timeout=20)
    assert (server.process.returncode, talk) == (0, "")
