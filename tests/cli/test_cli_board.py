"""Several jobs at once: a row for each, the columns that fit, and one exit code for all."""

import json
from math import exp

import pytest

from tests.cli.conftest import Invoke
from tests.cli.program import MODEL
from tests.cli.scenes import JOB, Scene

NAMES = ("support-bot", "tickets-2026-long-name-of-a-job-that-is-long", "old", "wrong", "tiny")


def several(columns: int, rows: int, **options: str) -> Scene:
    scene = Scene(columns, rows, *(JOB.model_copy(update={"name": name}) for name in NAMES), **options)
    with scene.view.shown():
        for name in NAMES:
            scene.of(name).status("Queued", after=1)
        scene.of(NAMES[0]).status("Running", after=200)
        scene.of(NAMES[1]).status("Running", after=1)
        for step in range(10, 501, 10):
            held_out = {"eval_loss": 1.0 + abs(step - 200) / 1000} if step % 100 == 0 else {}
            scene.of(NAMES[0]).report(step, loss=0.7 + 1.4 * exp(-step / 150), **held_out)
        scene.of(NAMES[1]).report(40, loss=1.9)
        scene.of("old").status("Completed", "Completed: registered as old:1", after=1)
        scene.of("wrong").status("Failed", "Failed: UserError: no rows", after=1)
        scene.seconds += 20
        scene.screen()
    return scene


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_golden_screens(same_screen, columns):
    text = several(columns, 24).screen()
    assert max(map(len, text.splitlines())) < columns
    assert text.count("support-bot") == 1
    same_screen(f"watch-several-{columns}", text)


def test_with_ascii_alone():
    assert several(120, 24, encoding="ascii").screen().isascii()


def test_more_jobs_than_rows():
    text = several(80, 6).screen()
    assert [name for name in NAMES if f" {name[:10]}" in text] == ["support-bot", NAMES[1], "tiny"]  # those that go on
    assert "and 2 more: 1 failed, 1 succeeded" in text
    assert len(text.splitlines()) <= 6


def submit(invoke: Invoke, *names: str) -> None:
    for name, epochs in zip(names, ("1", "1000", "1"), strict=False):
        created = invoke(
            "submit", "--local", "--model", MODEL, "--train", "train.jsonl", "--name", name, "--epochs", epochs,
            "--no-watch",
        )  # fmt: skip
        assert created.exit_code == 0, created.stderr


def test_several_are_watched_to_their_ends(invoke, data):
    submit(invoke, "one", "long")
    stopped = invoke("jobs", "watch", "one", "long", "one", "--local", "--timeout", "5")
    assert stopped.exit_code == 8
    assert "hint: Go on watching: maas-ft jobs watch long --local" in stopped.stderr
    assert [line.split()[:2] for line in stopped.stdout.splitlines()[1:]] == [["one", "succeeded"], ["long", "running"]]
    assert "one  " in stopped.stderr
    assert "loss " in stopped.stderr

    running = invoke("jobs", "watch", "--all", "--local", "--until", "running", "-o", "json")
    assert running.exit_code == 0
    assert {event["job_name"] for event in map(json.loads, running.stdout.splitlines())} == {"long"}

    assert invoke("jobs", "cancel", "long", "--local").exit_code == 0
    ended = invoke("jobs", "watch", "one", "long", "--local")
    assert ended.exit_code == 7
    assert "1 of 2 jobs did not succeed: long (cancelled)." in ended.stderr
    assert invoke("jobs", "watch", "one", "nobody", "--local").exit_code == 5

    over = invoke("jobs", "watch", "--all", "--local")
    assert (over.exit_code, over.stdout, over.stderr) == (0, "", "Every job has ended.\n")


@pytest.mark.parametrize("arguments", [(), ("bot", "--all"), ("a", "b", "--resume-token", "t")])
def test_wrong_usage(invoke, arguments):
    assert invoke("jobs", "watch", "--local", *arguments).exit_code == 2
