"""How far a job is watched: until it runs, for a time, and the exit codes of both."""

import json

from tests.cli.program import MODEL

CREATE = ("submit", "--local", "--model", MODEL, "--train", "train.jsonl", "--epochs", "1000")


def test_until_it_runs_and_for_a_time(invoke, data):
    done = invoke(*CREATE, "--name", "bot", "--until", "running", "--output", "json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["job"]["status"] == "running"
    assert "Watch it: maas-ft jobs watch bot --local" in done.stderr

    told = invoke("jobs", "watch", "bot", "--local", "--until", "running", "-o", "json")
    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert (told.exit_code, events[-1]["status"]) == (0, "running")

    stopped = invoke("jobs", "watch", "bot", "--local", "--timeout", "0.1")
    assert stopped.exit_code == 8
    assert "hint: Go on watching: maas-ft jobs watch bot --local" in stopped.stderr

    again = invoke(*CREATE, "--name", "bot", "--timeout", "0.1")
    assert again.exit_code == 8
    assert "Resume with: maas-ft runs resume" in again.stderr

    assert invoke("jobs", "cancel", "bot", "--local").exit_code == 0
    assert invoke("jobs", "watch", "bot", "--local", "--until", "running").exit_code == 7


def test_a_deployment_needs_the_end(invoke, data):
    refused = invoke(*CREATE, "--deploy", "--until", "running")
    assert refused.exit_code == 2
    assert "--deploy needs the job's end" in refused.stderr
