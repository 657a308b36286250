"""Runs: whatever stops `submit`, the next command goes on, and it stays one job."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maas_client.cli._options import Choice
from maas_client.core.journal import Entry, Kind
from maas_client.journal import SqliteJournal
from maas_client.testing import Faults, Workspace
from maas_client.types import Plan, SubmissionInfo, SubmissionState
from tests.cli.program import MODEL, environment, program

SUBMIT = ("submit", "--model", MODEL, "--train", "train.jsonl", "--yes")
RESUME = re.compile(r"Resume with: maas-ft runs resume ([0-9a-f]{8})\Z")


@pytest.fixture
def faults(place: Workspace) -> Iterator[Faults]:
    ordered = Faults(place)
    yield ordered
    ordered.clear()


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        program(*arguments), env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def jobs(place: Workspace) -> list[str]:
    with place.client() as client:
        return [job.name for job in client.jobs.list(view="all")]


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Look again for as long as the process runs."""
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_while_the_answer_is_awaited_it_says_how_to_go_on(invoke, data, place, faults, number, code):
    faults.on("Jobs_CreateOrUpdate", "commit-then-stall")
    process = start(*SUBMIT, "--name", "bot")
    # A fault has fired before the service has done what it was asked for.
    wait_for(lambda: jobs(place) == ["bot"], process)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (code, "")
    assert "Interrupted. The job bot may have been created; going on looks for it first." in err
    assert "Traceback" not in err
    found = RESUME.search(err.rstrip())
    assert found is not None, err
    shown = invoke("runs", "show", found[1])
    assert re.search(r"create-job +sent +1 ", shown.stdout)
    refused = invoke("runs", "forget", "bot")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "which may exist." in refused.stderr

    done = invoke("runs", "resume", found[1])
    assert done.exit_code == 0, done.stderr
    assert f"Run {found[1]}: job bot, next is create-job." in done.stderr
    assert "train.jsonl: uploaded earlier; nothing was sent." in done.stderr
    assert "Job bot exists already with this definition" in done.stderr
    assert "status  succeeded" in done.stdout
    assert jobs(place) == ["bot"]


def test_killed_while_it_watches_it_goes_on_and_tells_nothing_twice(invoke, data, place, faults):
    stuck = faults.on("Jobs_Get", "stall", nth=4)
    process = start(*SUBMIT, "--name", "bot", "--deploy")
    wait_for(lambda: stuck.completed, process)
    process.kill()
    _, before = process.communicate()
    done = invoke("submit", "--resume", "--output", "json")

    assert done.exit_code == 0, done.stderr
    assert " step " in before
    assert " step " not in done.stderr
    document = json.loads(done.stdout)
    assert (document["job"]["status"], document["deployment"]["name"]) == ("succeeded", "bot")
    assert jobs(place) == ["bot"]
    (known,) = json.loads(invoke("runs", "list", "--all", "--output", "json").stdout)
    assert (known["id"], known["state"]) == (document["run"], "done")
    assert invoke("runs", "list").stdout.split() == ["RUN", "JOB", "STATE", "NEXT", "STEP", "CHANGED", "WORKSPACE"]


def test_an_outcome_that_is_not_known_is_nine(invoke, data, place, faults, monkeypatch):
    monkeypatch.setenv("MAAS_MAX_RETRIES", "0")
    faults.on("Jobs_CreateOrUpdate", "commit-then-drop")
    faults.on("Jobs_Get", "drop-before-commit", nth=2)
    done = invoke(*SUBMIT, "--name", "bot")

    assert (done.exit_code, done.stdout) == (9, "")
    assert "error: The job bot may or may not have been created: " in done.stderr
    assert RESUME.search(done.stderr.rstrip()) is not None
    assert invoke("submit", "--resume", "bot").exit_code == 0
    assert jobs(place) == ["bot"]


def test_a_job_without_a_name_is_not_made_twice(invoke, data, place, faults, monkeypatch):
    monkeypatch.setenv("MAAS_MAX_RETRIES", "0")
    faults.on("Jobs_CreateOrUpdate", "commit-then-drop")
    faults.on("Jobs_Get", "drop-before-commit")
    first = invoke(*SUBMIT)
    again = invoke(*SUBMIT)

    assert (first.exit_code, again.exit_code) == (9, 2)
    assert "was cut off while it created the same job" in again.stderr
    assert len(jobs(place)) == 1
    assert invoke("runs", "resume").exit_code == 0
    assert len(jobs(place)) == 1


def test_a_service_out_of_reach_leaves_a_run_to_go_on_with(invoke, data, place, faults, monkeypatch):
    monkeypatch.setenv("MAAS_MAX_RETRIES", "0")
    faults.on("Blob_Put", "drop-before-commit")
    done = invoke(*SUBMIT, "--name", "bot", "--no-watch")

    assert done.exit_code == 10
    assert RESUME.search(done.stderr.rstrip()) is not None
    assert jobs(place) == []
    resumed = invoke("runs", "resume", "bot")
    assert resumed.exit_code == 0
    assert "train.jsonl: uploaded." in resumed.stderr
    assert "Watch it: maas-ft jobs watch bot --subscription" in resumed.stderr
    nothing = invoke("runs", "resume")
    assert (nothing.exit_code, nothing.stdout) == (2, "")
    assert "There is no run to go on with." in nothing.stderr


def test_a_deployment_that_did_not_come_up_is_gone_on_with(invoke, data, place, faults, monkeypatch):
    monkeypatch.setenv("MAAS_MAX_RETRIES", "0")
    faults.on("ServerlessEndpoints_CreateOrUpdate", {"do": "status", "status": 429})
    done = invoke(*SUBMIT, "--name", "bot", "--deploy", "-o", "json")

    assert done.exit_code == 10, done.stderr
    document = json.loads(done.stdout)
    assert (document["job"]["status"], document["deployment"]) == ("succeeded", None)
    assert document["error"]["type"] == "RateLimitError"
    assert RESUME.search(document["error"]["hint"]) is not None
    assert done.stderr.count("Resume with") == 1
    assert RESUME.search(done.stderr.rstrip()) is not None
    resumed = invoke("runs", "resume", "-o", "json")
    assert json.loads(resumed.stdout)["deployment"]["name"] == "bot"
    assert " step " not in resumed.stderr


def test_a_file_that_changed_is_not_sent(invoke, data, place, faults, monkeypatch):
    monkeypatch.setenv("MAAS_MAX_RETRIES", "0")
    faults.on("Blob_Put", "drop-before-commit")
    invoke(*SUBMIT, "--name", "bot")
    data.write_text(data.read_text().replace("What is 1 plus", "What is 2 plus"))
    done = invoke("runs", "resume", "bot")

    assert done.exit_code == 3
    assert "train.jsonl changed after it was checked; it was not sent." in done.stderr
    assert jobs(place) == []


def test_a_run_that_is_over_is_forgotten(invoke, data, place):
    assert invoke(*SUBMIT, "--name", "bot", "--epochs", "1").exit_code == 0
    (info,) = json.loads(invoke("runs", "list", "--all", "-o", "json").stdout)
    journal = SqliteJournal()
    journal.write(info["id"], Entry("wait", Kind.NOTE, datetime.now(UTC), {"seen": 1}))

    assert "everything is done" in invoke("runs", "resume", "bot").stderr
    assert invoke("runs", "forget", "bot", "--over").exit_code == 2
    assert invoke("runs", "forget").exit_code == 2
    forgotten = invoke("runs", "forget", "--over", "-o", "json")
    assert json.loads(forgotten.stdout) == {"forgotten": [info["id"]]}
    assert f"Run {info['id']} (job bot) forgotten." in forgotten.stderr
    missing = invoke("runs", "show", "bot")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "hint: See which there are: maas-ft runs list" in missing.stderr


def test_two_at_once_are_told(invoke, data, place, faults):
    waiting = faults.on("Jobs_CreateOrUpdate", "commit-then-stall")
    process = start(*SUBMIT, "--name", "bot")
    wait_for(lambda: waiting.completed, process)
    second = invoke("runs", "resume", "bot")
    process.kill()
    process.communicate()

    assert (second.exit_code, second.stdout) == (2, "")
    assert "is at work on this run" in second.stderr
    assert invoke("runs", "resume", "bot").exit_code == 0
    assert jobs(place) == ["bot"]


def test_where_nothing_can_be_written_down_nothing_is_sent(invoke, data, place, monkeypatch):
    monkeypatch.setenv("MAAS_JOURNAL_DIR", str(data / "below a file"))
    done = invoke(*SUBMIT, "--name", "bot")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "Nothing was sent." in done.stderr
    assert "hint: Name another folder in MAAS_JOURNAL_DIR." in done.stderr
    assert jobs(place) == []


@pytest.mark.parametrize("more", [("--model", MODEL), ("-f", "job.yaml"), ("--tag", "a=b"), ("--deploy",)])
def test_resume_takes_nothing_that_describes_a_job(invoke, more):
    done = invoke("submit", "--resume", "bot", *more)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "leave out what describes a job" in done.stderr


def test_no_secret_lies_in_the_journal(invoke, data, place, tmp_path):
    assert invoke(*SUBMIT, "--name", "bot", "--deploy").exit_code == 0
    secrets = data.read_text().splitlines()
    with place.client() as client:
        secrets += [client.deployments.keys("bot").primary.get_secret_value()]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "journal").rglob("*") if path.is_file())

    assert b"create-job" in kept
    assert [secret for secret in secrets if secret.encode() in kept] == []
    for shape in (b"sig=", b"Bearer ", b"eyJ", b"What is 1 plus"):
        assert shape not in kept


@pytest.mark.parametrize(
    ("choice", "again"),
    [
        (Choice(local=True), Choice(local=True)),
        (Choice(profile="prod"), Choice(False, "prod", "s", "g", "w", None)),
        (Choice(False, None, "s", "g", "w", "AzureChinaCloud"), Choice(False, None, "s", "g", "w", "AzureChinaCloud")),
    ],
)
def test_the_way_to_the_service_is_kept_with_a_run(choice, again, tmp_path, monkeypatch):
    from maas_client.cli._carry_out import choice_of, labels_of
    from maas_client.cli._target import find_target

    (tmp_path / "config.toml").write_text(
        "[profiles.prod]\nsubscription_id = 's'\nresource_group = 'g'\nworkspace = 'w'\n"
    )
    plan = Plan(
        resource_manager="https://management.azure.com", subscription_id="s", resource_group="g", workspace="w",
        name="bot", model=MODEL, body={}, fingerprint="f",
    )  # fmt: skip
    moment = datetime.now(UTC)
    info = SubmissionInfo(
        id="1", state=SubmissionState.OPEN, plan=plan, steps=(), begun_at=moment, changed_at=moment,
        labels=labels_of(find_target(choice)),
    )  # fmt: skip
    assert choice_of(info) == again


SECOND = """
import os, signal, sys
from maas_client.cli import main
signal.signal(signal.SIGINT, main._stop); signal.signal(signal.SIGTERM, main._stop)
try:
    print("ready", flush=True)
    signal.pause()
except KeyboardInterrupt:
    print("stopping", flush=True)
    while True:
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("never")
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_time_nothing_is_waited_for(number, code):
    with subprocess.Popen([sys.executable, "-c", SECOND], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for word in ("ready", "stopping"):
            assert process.stdout.readline() == f"{word}\n"
            process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "")


def test_a_reader_who_leaves_early_is_no_error(invoke, data, place):
    assert invoke(*SUBMIT, "--name", "bot", "--no-watch").exit_code == 0
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        command: Any = program("runs", "list", "--all")
        done = subprocess.run(command, env=environment(), stdout=closed, stderr=subprocess.PIPE, text=True, check=False)

    assert (done.returncode, done.stderr) == (141, "")
    assert Path.cwd().exists()
