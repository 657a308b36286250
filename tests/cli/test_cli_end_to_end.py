"""The program itself: processes, their streams, signals and exit codes, against the real local server."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from maas_client import MaaSClient
from maas_client.cli._local import ensure_local
from tests.cli.program import MODEL, environment, program, server_facts, stop_server

SUBMIT = ("submit", "--local", "--model", MODEL, "--train", "train.jsonl")

pytestmark = pytest.mark.slow


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def started(data: Path, request: pytest.FixtureRequest) -> "subprocess.Popen[str]":
    """A `submit` that has begun to watch a job which takes a while."""
    epochs = getattr(request, "param", 40)
    process = subprocess.Popen(
        program(*SUBMIT, "--name", "slow", "--epochs", str(epochs)),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if " step " in line:
            return process
    raise AssertionError("it ended before it trained")


def test_from_data_to_an_answer(run, inside, invoke, data):
    done = run(*SUBMIT, "--name", "bot_1", "--deploy", "--tag", "team=support")

    assert done.returncode == 0, done.stderr
    facts = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert facts["job"] == "bot_1"
    assert facts["status"].startswith("succeeded (simulated")
    assert facts["deployment"] == "bot-1"
    assert facts["url"].startswith("http://127.0.0.1:")
    assert 'Chat with it: maas-ft chat bot-1 "Hello" --local' in done.stderr
    assert "\x1b" not in done.stderr
    assert " step " in done.stderr

    answer = inside("chat", "bot-1", "What is 7 plus 7?", "--local", "--system", "Be brief.", "--temperature", "0")
    assert (answer.returncode, answer.stdout) == (0, "It is 14. Ask me another one.\n")
    assert answer.stderr == "(simulated: no model answered)\n"
    document = json.loads(inside("chat", "bot-1", "Hello", "--local", "--max-tokens", "3", "-o", "json").stdout)
    assert document["simulated"] is True
    assert "there is no model" in invoke("deployments", "info", "bot-1", "--local").stdout
    assert json.loads(invoke("deployments", "info", "bot-1", "--local", "-o", "json").stdout)["provider"] == "Microsoft"
    asked = ("chat", "bot-1", "What is 7 plus 7?", "--local", "--set", "top_k=40")
    shaped = invoke(*asked, "--seed", "7", "--top-p", "1", "--stop", "Ask", "--frequency-penalty", "0.5")
    assert (shaped.exit_code, shaped.stdout) == (0, "It is 14. \n")
    refused = invoke(*asked, "--extra-parameters", "error", "--json-object")
    assert (refused.exit_code, refused.stdout) == (6, "")
    assert "top_k" in refused.stderr

    again = invoke(*SUBMIT, "--name", "bot_1", "--tag", "team=support")
    assert again.exit_code == 0
    assert "Job bot_1 exists already with this definition (succeeded); it stays one job." in again.stderr
    other = invoke(*SUBMIT, "--name", "bot_1", "--epochs", "9", "--output", "json")
    assert other.exit_code == 6
    assert json.loads(other.stdout)["error"]["type"] == "ConflictError"

    assert [job["name"] for job in json.loads(invoke("jobs", "list", "--local", "-o", "json").stdout)] == ["bot_1"]
    assert invoke("jobs", "list", "--local", "--status", "running").stdout.split() == [
        "NAME", "STATUS", "CREATED", "MODEL",
    ]  # fmt: skip
    shown = words(invoke("jobs", "get", "bot_1", "--local").stdout)
    assert "simulated nothing was really trained" in shown
    assert "tags team=support" in shown
    assert "SIMULATED" in invoke("jobs", "logs", "bot_1", "--local").stdout
    assert json.loads(invoke("jobs", "logs", "bot_1", "--local", "-o", "json").stdout)["job"] == "bot_1"
    points = json.loads(invoke("jobs", "metrics", "bot_1", "--local", "-o", "json").stdout)
    assert {"loss", "eval_loss"} <= {point["key"] for point in points}
    assert invoke("jobs", "metrics", "bot_1", "--local").stdout.startswith("STEP  epoch")
    assert invoke("jobs", "cancel", "bot_1", "--local").exit_code == 0

    events = [
        json.loads(line) for line in invoke("jobs", "watch", "bot_1", "--local", "-o", "json").stdout.splitlines()
    ]
    assert events[-1]["status"] == "succeeded"
    rest = invoke("jobs", "watch", "bot_1", "--local", "-o", "json", "--resume-token", events[-2]["resume_token"])
    assert [json.loads(line)["status"] for line in rest.stdout.splitlines()] == ["succeeded"]

    assert invoke("models", "list", "--local").stdout.splitlines()[1].split() == ["bot-1", "1", "bot_1", MODEL]
    assert json.loads(invoke("models", "get", "bot-1", "--local", "-o", "json").stdout)["simulated"] is True
    assert "base model" in invoke("models", "get", "bot-1", "--version", "1", "--local").stdout

    assert invoke("deployments", "list", "--local").stdout.splitlines()[1].startswith("bot-1 ")
    assert "Online" in invoke("deployments", "get", "bot-1", "--local").stdout
    masked = invoke("deployments", "keys", "bot-1", "--local")
    assert masked.stdout == "primary    ********\nsecondary  ********\n"
    keys = json.loads(invoke("deployments", "keys", "bot-1", "--local", "--show", "-o", "json").stdout)
    assert len(set(keys.values())) == 2
    replaced = invoke("deployments", "keys", "bot-1", "--local", "--regenerate", "secondary", "--show", "-o", "json")
    new = json.loads(replaced.stdout)
    assert (new["primary"], new["secondary"] != keys["secondary"]) == (keys["primary"], True)
    # A fine-tuned model has one deployment.
    assert invoke("deployments", "create", "second", "--job", "bot_1", "--local").exit_code == 6
    assert "Deployment bot-1 deleted." in invoke("deployments", "delete", "bot-1", "--local").stderr
    second = invoke("deployments", "create", "second", "--job", "bot_1", "--local")
    assert "deployment second status succeeded" in words(second.stdout)
    gone = invoke("deployments", "delete", "second", "--local", "-o", "json")
    assert json.loads(gone.stdout) == {"name": "second", "deleted": True}
    assert invoke("deployments", "get", "second", "--local").exit_code == 5


def test_json_is_one_document(run, data):
    done = run(*SUBMIT, "--name", "one", "--output", "json")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["job"]["status"] == "succeeded"
    assert document["simulated"] is True
    assert document["deployment"] is None
    assert document["files"]["training"]["bytes"] == data.stat().st_size
    assert " step " in done.stderr


@pytest.mark.parametrize("started", [1000], indirect=True)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_stops_the_watching_only(inside, started, own_folders, number, code):
    started.send_signal(number)
    out, err = started.communicate(timeout=20)

    assert (started.returncode, out) == (code, "")
    assert "Stopped watching. The job slow goes on." in err
    assert "Go on watching: maas-ft jobs watch slow --local" in err
    assert err.splitlines()[-1].startswith("Resume with: maas-ft runs resume ")
    assert "Traceback" not in err

    waited = inside("jobs", "watch", "slow", "--local", "--timeout", "0")
    assert waited.returncode == 8
    assert "hint: Go on watching: maas-ft jobs watch slow --local" in waited.stderr

    cancelled = inside("jobs", "cancel", "slow", "--local")
    assert cancelled.returncode == 0
    watched = inside("jobs", "watch", "slow", "--local")
    assert watched.returncode == 7
    assert "error: The job slow was cancelled." in watched.stderr
    assert "status cancelled (Canceled)" in words(watched.stdout)


def test_ctrl_c_stops_following_a_log_and_says_how_to_go_on(started, own_folders):
    follower = subprocess.Popen(
        program("jobs", "logs", "slow", "--local", "--follow"),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert follower.stdout is not None
    assert follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    _, err = follower.communicate(timeout=20)
    started.kill()
    started.communicate()

    assert follower.returncode == 130
    assert "Go on watching: maas-ft jobs logs slow --follow --local" in err


def test_a_watcher_rides_through_the_server_s_death(run, started, own_folders):
    killed = server_facts(own_folders)
    stop_server(own_folders, signal.SIGKILL)
    assert run("jobs", "get", "slow", "--local").returncode == 0
    assert server_facts(own_folders)["pid"] != killed["pid"]

    out, err = started.communicate(timeout=45)
    assert started.returncode == 0, err
    assert "status succeeded" in words(out)
    assert "Traceback" not in err


def test_without_watching_the_job_goes_on(run, inside, data):
    done = run(*SUBMIT, "--name", "later", "--no-watch")

    assert done.returncode == 0, done.stderr
    assert "whenever the local server runs" in done.stderr
    assert "Watch it: maas-ft jobs watch later --local" in done.stderr
    assert inside("jobs", "watch", "later", "--local").returncode == 0


def test_a_job_that_failed_is_told_with_its_reason(inside, tmp_path, own_folders):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"no": "messages"}\n' * 30)
    server = ensure_local(own_folders)
    with MaaSClient(
        base_url=server.url,
        emulator=True,
        subscription_id=server.subscription_id,
        resource_group=server.resource_group,
        workspace=server.workspace,
    ) as client:
        client.jobs.create(MODEL, training_file=client.files.upload(bad), name="bad")
    done = inside("jobs", "watch", "bad", "--local")

    assert done.returncode == 7
    assert "status failed (Failed)" in words(done.stdout)
    assert "error: The job bad failed: " in done.stderr
    assert "Likely cause: rows that are broken" in done.stderr
    assert f"maas-ft data check bad.jsonl --model {MODEL} ." in done.stderr
    assert "maas-ft jobs logs bad --local" in done.stderr
    checked = inside("data", "check", "bad.jsonl", "--model", MODEL)
    assert (checked.returncode, "messages" in checked.stdout) == (3, True)
    assert "has no model yet (failed)" in inside("deployments", "create", "x", "--job", "bad", "--local").stderr


def test_a_reader_who_leaves_early_is_no_error(own_folders):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            program("models", "list"), env=environment(), stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (done.returncode, done.stderr) == (141, "")


def test_no_server_is_ten(run):
    settings = {
        "MAAS_BASE_URL": "http://127.0.0.1:9",
        "MAAS_EMULATOR": "1",
        "MAAS_SUBSCRIPTION_ID": "s",
        "MAAS_RESOURCE_GROUP": "g",
        "MAAS_WORKSPACE": "w",
        "MAAS_MAX_RETRIES": "0",
    }
    done = run("jobs", "list", **settings)

    assert done.returncode == 10
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")


def test_no_credential_is_four(run, data):
    settings = {
        "MAAS_SUBSCRIPTION_ID": "s",
        "MAAS_RESOURCE_GROUP": "g",
        "MAAS_WORKSPACE": "w",
        "PATH": "",
        "HOME": str(data.parent),
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
    }
    done = run("submit", "--model", "Phi-4", "--train", "train.jsonl", "--yes", "--no-watch", **settings)

    assert done.returncode == 4, done.stderr
    assert "error: " in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "No job was created" not in done.stdout


def test_serve_prints_its_ready_line_and_stops_cleanly(tmp_path):
    process = subprocess.Popen(
        program("serve", "--state-dir", str(tmp_path / "state"), "--clock", "manual"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["event"] == "ready"
    assert ready["clock"] == "manual"
    process.terminate()
    _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (0, "")


def test_serve_tells_wrong_options(run, tmp_path):
    done = run("serve", "--state-dir", str(tmp_path), "--clock", "cuckoo")

    assert done.returncode == 2
    assert "cuckoo" in done.stderr


def test_the_local_server_survives_the_command(run, data, own_folders):
    run("jobs", "list", "--local")
    first = server_facts(own_folders)
    run("jobs", "list", "--local")

    assert server_facts(own_folders)["pid"] == first["pid"]
