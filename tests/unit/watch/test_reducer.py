"""From looks to events."""

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maas_client.errors import ConfigurationError
from maas_client.types import FineTuningJob, Hyperparameters, JobStatus, MetricPoint, ServiceError
from maas_client.watch import Reducer, Snapshot

BEGIN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
STATUS = {
    "NotStarted": JobStatus.QUEUED, "Provisioning": JobStatus.QUEUED, "Queued": JobStatus.QUEUED,
    "Running": JobStatus.RUNNING, "Finalizing": JobStatus.RUNNING, "Paused": JobStatus.PAUSED,
    "CancelRequested": JobStatus.CANCELLING, "Completed": JobStatus.SUCCEEDED, "Failed": JobStatus.FAILED,
    "Canceled": JobStatus.CANCELLED, "NotResponding": JobStatus.UNKNOWN,
}  # fmt: skip


def job(word: str, **changes: Any) -> FineTuningJob:
    fields: dict[str, Any] = {
        "name": "j", "status": STATUS[word], "raw_status": word, "model": "Phi-4", "training_file": "f",
        "output_model": "out", "hyperparameters": Hyperparameters(n_epochs=3),
    }  # fmt: skip
    return FineTuningJob(**{**fields, **changes})


def look(
    word: str,
    second: float = 0,
    metrics: Iterable[MetricPoint] = (),
    warnings: Iterable[str] = (),
    **changes: Any,
) -> Snapshot:
    return Snapshot(job(word, **changes), BEGIN + timedelta(seconds=second), tuple(metrics), tuple(warnings))


def point(key: str, step: int, value: float = 1.0, second: float | None = None) -> MetricPoint:
    at = None if second is None else BEGIN + timedelta(seconds=second)
    return MetricPoint(key=key, value=value, step=step, created_at=at)


def told(reducer: Reducer, *looks: Snapshot) -> list[str]:
    return [event.message for one in looks for event in reducer.feed(one)]


def test_status_words_are_told_when_they_change():
    looks = [look(word) for word in ["NotStarted", "NotStarted", "Queued", "Queued", "Running", "Finalizing"]]
    reducer = Reducer()
    events = [event for one in looks for event in reducer.feed(one)]
    assert [(event.type, event.level, event.status, event.raw_status) for event in events] == [
        ("status", "info", JobStatus.QUEUED, "NotStarted"),
        ("status", "info", JobStatus.QUEUED, "Queued"),
        ("status", "info", JobStatus.RUNNING, "Running"),
        ("status", "info", JobStatus.RUNNING, "Finalizing"),
    ]
    assert str(events[0]) == "12:00:00 queued     NotStarted"


@pytest.mark.parametrize("first", ["Running", "Paused"])
def test_running_never_goes_back_to_queued(first):
    reducer = Reducer()
    reducer.feed(look(first))
    (event,) = reducer.feed(look("Queued"))
    assert (event.status, event.raw_status) == (JobStatus.RUNNING, "Queued")
    assert event.message == "Queued again, after training had begun"
    assert reducer.feed(look("Queued")) == []
    resumed = Reducer(event.resume_token)
    assert [event.status for event in resumed.feed(look("Provisioning"))] == [JobStatus.RUNNING]


def test_unknown_is_a_warning_and_not_the_end():
    reducer = Reducer()
    (event,) = reducer.feed(look("NotResponding"))
    assert (event.level, event.status) == ("warning", JobStatus.UNKNOWN)
    assert told(reducer, look("Running"), look("Completed")) == ["Running", "Completed: registered as out"]


@pytest.mark.parametrize("word", ["Completed", "Failed", "Canceled"])
def test_the_first_end_is_kept(word):
    reducer = Reducer()
    assert len(reducer.feed(look(word))) == 1
    flips = [look(other, 1, [point("loss", 9)], ["w"]) for other in ["Running", "Completed", "Failed", "Canceled"]]
    assert told(reducer, *flips) == []
    assert told(Reducer(reducer.resume_token), *flips) == []


@pytest.mark.parametrize(
    ("word", "changes", "level", "message"),
    [
        ("Completed", {}, "info", "Completed: registered as out"),
        ("Completed", {"fine_tuned_model": "azureml:out:1"}, "info", "Completed: registered as azureml:out:1"),
        (
            "Completed",
            {"simulated": True},
            "info",
            "Completed: registered as out (simulated: nothing was really trained)",
        ),
        ("Failed", {}, "error", "Failed: the service gave no reason"),
        ("Failed", {"error": ServiceError()}, "error", "Failed: the service gave no reason"),
        ("Failed", {"error": ServiceError(code="UserError", message="row\n 3")}, "error", "Failed: UserError: row 3"),
        ("Failed", {"error": ServiceError(message="m")}, "error", "Failed: m"),
        ("Failed", {"error": ServiceError(code="C")}, "error", "Failed: C"),
        ("Canceled", {}, "warning", "Canceled"),
        ("Canceled", {"raw_status": ""}, "warning", "cancelled"),
    ],
)
def test_the_end_in_words(word, changes, level, message):
    (event,) = Reducer().feed(look(word, **changes))
    assert (event.type, event.level, event.message) == ("status", level, message)


def test_one_event_a_step_ascending_once():
    reducer = Reducer()
    points = [point("loss", 20, 1.8), point("learning_rate", 10, 4.1e-6), point("loss", 10, 1.9), point("loss", 10, 7)]
    assert told(reducer, look("Running", 0, points)) == ["Running"]
    assert told(reducer, look("Running", 10, points)) == ["step 10  loss 1.9000  lr 4.1e-06", "step 20  loss 1.8000"]
    assert reducer.high_water == {"loss": 20, "learning_rate": 10}
    assert told(reducer, look("Running", 20, points)) == []


def test_a_step_waits_until_all_its_numbers_can_be_read():
    reducer = Reducer()
    reducer.feed(look("Running", 0, [point("loss", 10)]))
    racing = [point("loss", 10), point("learning_rate", 10), point("learning_rate", 20)]
    assert told(reducer, look("Running", 10, racing)) == ["step 10  loss 1.0000  lr 1.0e+00"]
    assert told(reducer, look("Running", 15)) == []
    assert told(reducer, look("Running", 20, [point("learning_rate", 20), point("loss", 20), point("loss", 30)])) == [
        "step 20  loss 1.0000  lr 1.0e+00"
    ]


def test_the_last_look_tells_all_and_the_end_last():
    reducer = Reducer()
    reducer.feed(look("Running"))
    last = look("Completed", 9, [point("loss", 30, second=5), point("train_loss", 31), point("eval_loss", 30)], ["w"])
    events = reducer.feed(last)
    assert [event.type for event in events] == ["metrics", "metrics", "message", "status"]
    assert [event.status.is_terminal for event in events] == [False, False, False, True]
    assert events[0].message == "step 30  loss 1.0000  eval loss 1.0000"
    assert events[1].message == "step 31  train summary: mean loss 1.0000"
    assert [event.created_at.second for event in events] == [5, 9, 9, 9]


def test_a_job_that_is_over_when_first_seen():
    events = Reducer().feed(look("Completed", 0, [point("loss", 1)], ["w"]))
    assert [event.status for event in events] == [JobStatus.RUNNING, JobStatus.RUNNING, JobStatus.SUCCEEDED]


def test_status_comes_before_metrics_while_it_runs():
    reducer = Reducer()
    reducer.feed(look("Queued", 0, [point("loss", 1)]))
    events = reducer.feed(look("Running", 1, [point("loss", 1)], ["w"]))
    assert [event.type for event in events] == ["status", "metrics", "message"]


def test_late_numbers_of_a_told_step_are_not_lost():
    reducer = Reducer()
    done = [point("loss", 40), point("epoch", 40, 1.0)]
    told(reducer, look("Running", 0, done), look("Running", 10, done))
    late = [*done, point("eval_loss", 40, 1.5), point("epoch", 40, 1.0), point("loss", 50)]
    assert told(reducer, look("Running", 20, late)) == ["step 40/120  eval loss 1.5000"]


def test_numbers_that_are_not_finite_survive():
    reducer = Reducer()
    (event, _) = reducer.feed(look("Failed", 0, [point("loss", 1, math.nan), point("grad_norm", 1, math.inf)]))
    assert math.isnan(event.metrics["loss"])
    assert event.metrics["grad_norm"] == math.inf
    assert event.message == "step 1  loss nan"
    json.loads(event.resume_token)


def test_other_metrics_are_shown_when_there_is_nothing_better():
    (event, _) = Reducer().feed(look("Completed", 0, [point(key, 5) for key in "abcdef"]))
    assert event.message == "step 5  a 1  b 1  c 1  d 1"
    (event, _) = Reducer().feed(look("Completed", 0, [point("epoch", 5, 0.5)]))
    assert event.message == "step 5/30  epoch 0.5"


def test_metrics_carry_their_progress():
    points = [point("loss", step, 1.0, step / 2) for step in (10, 20, 30)]
    points += [point("epoch", step, step / 40) for step in (10, 20, 30)]
    events = Reducer().feed(look("Completed", 60, points))
    progress = events[2].progress
    assert progress is not None
    assert (progress.step, progress.total_steps, progress.epoch) == (30, 120, 0.75)
    assert (progress.steps_per_second, progress.eta_seconds) == (2.0, 45.0)
    assert events[2].message == "step 30/120  loss 1.0000  epoch 0.75"
    assert events[2].metrics == {"loss": 1.0, "epoch": 0.75}
    assert events[3].progress is None


def test_warnings_once_each():
    reducer = Reducer()
    assert told(reducer, look("Running", 0, (), ["a\nb"]), look("Running", 1, (), ["c", "a\nb", "c"])) == [
        "Running", "a b", "c",
    ]  # fmt: skip
    assert told(Reducer(reducer.resume_token), look("Running", 2, (), ["c", "a\nb", "\ud800"])) == ["\ud800"]


def test_a_note_changes_nothing():
    reducer = Reducer()
    reducer.feed(look("Running"))
    before = reducer.resume_token
    event = reducer.note(job("Queued"), BEGIN, "warning", "connection\nlost")
    assert (event.type, event.level, event.message) == ("message", "warning", "connection lost")
    assert (event.status, event.raw_status) == (JobStatus.RUNNING, "Running")
    assert event.resume_token == reducer.resume_token == before


def test_a_note_before_the_first_look():
    event = Reducer().note(job("Queued"), BEGIN, "info", "hello")
    assert (event.status, event.raw_status) == (JobStatus.QUEUED, "Queued")


def test_a_token_of_another_job():
    reducer = Reducer()
    (event,) = reducer.feed(look("Running"))
    with pytest.raises(ConfigurationError, match="belongs to the job 'j', not to 'k'"):
        Reducer(event.resume_token).feed(look("Running", name="k"))


def test_a_token_holds_no_text_of_warnings():
    reducer = Reducer()
    reducer.feed(look("Running", 0, (), ["sig=s3cret"]))
    assert "s3cret" not in reducer.resume_token
    assert "\n" not in reducer.resume_token


GOOD = json.loads(Reducer().resume_token)


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "[]", "5", "null", "{}", '{"v":1}', "[" * 100_000,
        json.dumps({**GOOD, "status": "dancing"}),
        json.dumps({**GOOD, "job": None}),
        json.dumps({**GOOD, "steps": [1]}),
        json.dumps({**GOOD, "settled": math.inf}),
        json.dumps({**GOOD, "track": [1, 2]}),
        json.dumps({**GOOD, "warned": [1]}),
    ],
)  # fmt: skip
def test_bad_token(token):
    with pytest.raises(ConfigurationError, match="not a resume token"):
        Reducer(token)


def test_token_of_a_later_version():
    with pytest.raises(ConfigurationError, match="version 2; this release reads version 1"):
        Reducer(json.dumps({**GOOD, "v": 2}))


def test_times_of_a_clock_that_runs_ahead_are_cut_to_the_moment_of_seeing():
    reducer = Reducer()
    reducer.feed(look("Running", 1))
    ahead = [point("loss", step, second=1000.0 + step) for step in (10, 20, 30)]
    reducer.feed(look("Running", 2, [*ahead[:2], point("epoch", 20, 1.0)]))
    first = reducer.feed(look("Running", 3, [*ahead[:2], point("epoch", 20, 1.0)]))
    last = reducer.feed(look("Completed", 5, [*ahead, point("epoch", 20, 1.0)]))
    times = [event.created_at for event in [*first, *last]]
    assert times == [BEGIN + timedelta(seconds=second) for second in (3, 3, 5, 5)]
    assert last[0].progress is not None
    assert last[0].progress.steps_per_second == pytest.approx(5.0)  # step 20 at 3 s, step 30 at 5 s
