"""Watching and waiting: outages, time limits, resuming, and ends of every kind."""

from typing import Any

import pytest

from maas_client.errors import (
    ConfigurationError,
    ConnectError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    WaitTimeoutError,
)
from maas_client.resources.jobs import AsyncJobs, Jobs
from maas_client.types import JobEvent, JobStatus
from tests.unit.resources.world import World, job, refusal, world

DOWN = ConnectError("Nobody answers at management.azure.com.")
VERSIONS = {"value": [{"name": "1", "properties": {"jobName": "bot"}}]}


def jobs(asked: World) -> Jobs:
    return Jobs(AsyncJobs(asked.session()))


def told(asked: World, **options: Any) -> list[tuple[str, str]]:
    return [(event.type, event.message) for event in jobs(asked).watch("bot", **options)]


def metrics(*steps: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers in which the run has reported `loss` at these steps."""
    latest: dict[str, Any] = (
        {"run": {"data": {"metrics": [{"key": "loss", "value": 1.0, "step": steps[-1]}]}}} if steps else {}
    )
    return latest, {"metrics": [{"key": "loss", "value": 1.0, "step": step} for step in steps]}


def training(*looks: tuple[str, tuple[int, ...]]) -> World:
    """A world in which each look sees a status and these steps."""
    asked = world().on("ModelVersions_List", VERSIONS)
    asked.on("Jobs_Get", *[job(status) for status, _ in looks])
    asked.on("MLflow_GetRun", *[metrics(*steps)[0] for status, steps in looks if status != "Queued"])
    asked.on("MLflow_GetMetricHistory", *[metrics(*steps)[1] for status, steps in looks if steps])
    return asked


def test_watch_tells_what_happens_and_ends_with_the_end():
    asked = training(("Queued", ()), ("Running", (10,)), ("Running", (10, 20)), ("Completed", (10, 20, 30)))
    asked.on("RunHistory_GetDetails", {"warnings": [{"message": "2 lines skipped"}]})
    events = list(jobs(asked).watch("bot"))
    assert [(event.type, event.status.value, event.progress.step if event.progress else None) for event in events] == [
        ("status", "queued", None),
        ("status", "running", None),
        ("message", "running", None),
        ("metrics", "running", 10),
        ("metrics", "running", 20),
        ("metrics", "running", 30),
        ("status", "succeeded", None),
    ]
    assert events[2].level == "warning"
    assert events[-1].message.startswith("Completed: registered as azureml://")
    assert asked.clock == sum(asked.sleeps) > 0


async def test_watch_is_the_same_without_a_loop():
    asked = training(("Queued", ()), ("Completed", (10,)))
    kinds = [event.type async for event in AsyncJobs(asked.session()).watch("bot")]
    assert kinds == ["status", "metrics", "status"]


def test_watch_lives_through_an_outage_and_says_so_once():
    asked = world().on(
        "Jobs_Get",
        job("Running"),
        DOWN,
        DOWN,
        RequestTimeoutError("late"),
        refusal(503),
        job("Running"),
        job("Canceled"),
    )
    assert told(asked) == [
        ("status", "Running"),
        ("message", "Connection lost (Nobody answers at management.azure.com.) Trying again."),
        ("message", "Connected again."),
        ("status", "Canceled"),
    ]


def test_watch_that_begins_in_an_outage_says_nothing_of_it():
    assert told(world().on("Jobs_Get", DOWN, DOWN, job("Canceled"))) == [("status", "Canceled")]


def test_an_outage_that_lasts_too_long_ends_the_watch():
    asked = world().on("Jobs_Get", job("Running"), DOWN)
    with pytest.raises(ConnectError):
        told(asked)
    assert 800 < asked.clock < 1100
    assert max(asked.sleeps) <= 66


def test_an_outage_that_cannot_pass_ends_the_watch_at_once():
    hopeless = ConnectError("The certificate cannot be verified.")
    hopeless.permanent = True
    asked = world().on("Jobs_Get", job("Running"), hopeless)
    with pytest.raises(ConnectError, match="certificate"):
        told(asked)
    assert len(asked.sleeps) == 1


def test_a_hint_of_the_service_is_waited_for_but_not_beyond_the_longest_outage():
    asked = world().on("Jobs_Get", job("Running"), refusal(429, retry_after="300"), job("Canceled"))
    assert told(asked)[-1] == ("status", "Canceled")
    assert 300 <= asked.sleeps[-1] <= 330
    with pytest.raises(RateLimitError) as caught:
        told(world().on("Jobs_Get", job("Running"), refusal(429, retry_after="3600")))
    assert caught.value.retry_at is not None


def test_a_job_that_is_not_there_or_was_deleted_ends_the_watch():
    with pytest.raises(NotFoundError):
        told(world().on("Jobs_Get", refusal(404)))
    with pytest.raises(NotFoundError):
        told(world().on("Jobs_Get", job("Running"), refusal(404)))


def test_a_run_that_nothing_is_known_of_yet_does_not_end_the_watch():
    asked = world().on("Jobs_Get", job("Running"), job("Canceled"))
    asked.on("MLflow_GetRun", refusal(404)).on("RunHistory_GetDetails", refusal(404))
    assert told(asked) == [("status", "Running"), ("status", "Canceled")]


@pytest.mark.parametrize("timeout", [0, 3, 47.5])
def test_watch_stops_when_its_time_is_over(timeout):
    asked = world().on("Jobs_Get", job("Running"))
    seen: list[JobEvent] = []
    with pytest.raises(WaitTimeoutError, match=r"The job bot has not ended \(running\); it goes on") as caught:
        seen.extend(jobs(asked).watch("bot", timeout=timeout))
    assert asked.clock == pytest.approx(timeout)
    assert caught.value.resume_token
    assert caught.value.hint is not None
    assert "maas-ft jobs watch bot" in caught.value.hint
    assert asked.operations().count("Jobs_Get") == len(asked.sleeps) + 1


def test_time_is_over_also_in_an_outage():
    asked = world().on("Jobs_Get", DOWN)
    with pytest.raises(WaitTimeoutError, match=r"\(unknown\)"):
        told(asked, timeout=60)
    assert asked.clock == pytest.approx(60)


def test_time_is_over_rather_than_asking_sooner_than_the_service_wants():
    asked = world().on("Jobs_Get", refusal(429, retry_after="100"))
    with pytest.raises(WaitTimeoutError):
        told(asked, timeout=60)
    assert asked.sleeps == []


def test_a_watch_goes_on_from_each_of_its_events_without_a_repeat():
    looks = (("Queued", ()), ("Running", (10,)), ("Running", (10, 20)), ("Completed", (10, 20, 30)))
    events = list(jobs(training(*looks)).watch("bot"))
    messages = [event.message.split("  ")[0] for event in events]
    for position, event in enumerate(events):
        rest = jobs(training(looks[-1])).watch("bot", resume_token=event.resume_token)
        again = [later.message.split("  ")[0] for later in rest]
        missed = [word for word in messages[position + 1 :] if word != "Running"]
        assert again == missed


def test_a_watch_goes_on_after_its_time_was_over():
    looks = (("Running", (10,)), ("Running", (10, 20)))
    with pytest.raises(WaitTimeoutError) as caught:
        told(training(*looks), timeout=20)
    rest = told(training(("Completed", (10, 20, 30))), resume_token=caught.value.resume_token)
    assert [kind for kind, _ in rest][-1] == "status"
    assert "Running" not in [message for _, message in rest]


def test_a_resume_token_of_another_job_is_refused():
    (event,) = jobs(world().on("Jobs_Get", job("Canceled", name="other"))).watch("other")
    with pytest.raises(ConfigurationError, match="belongs to the job 'other'"):
        told(world().on("Jobs_Get", job("Running")), resume_token=event.resume_token)
    with pytest.raises(ConfigurationError, match="not a resume token"):
        told(world(), resume_token="x")


def test_a_watch_may_be_left():
    asked = world().on("Jobs_Get", job("Running"))
    watch = jobs(asked).watch("bot")
    assert next(watch).status is JobStatus.RUNNING
    watch.close()
    assert asked.sleeps == []


@pytest.mark.parametrize(
    ("word", "minutes"),
    [
        ("NotStarted", 30),
        ("Queued", 120),
        ("Running", 60),
        ("Finalizing", 60),
        ("NotResponding", 30),
        ("Teleporting", 120),
    ],
)
def test_a_stage_that_outlasts_its_usual_time_is_said_once_to_be_stalled(word, minutes):
    asked = world().on("Jobs_Get", job(word))
    said: list[tuple[JobEvent, float]] = []
    with pytest.raises(WaitTimeoutError):
        said.extend((event, asked.clock) for event in jobs(asked).watch("bot", timeout=minutes * 60 * 3))
    status, (stalled, at) = said
    assert status[0].type == "status"
    assert (stalled.type, stalled.level) == ("message", "warning")
    assert f"No news in {word} for" in stalled.message
    assert f"within {minutes} minutes" in stalled.message
    assert "maas-ft jobs logs bot" in stalled.message
    assert minutes * 60 < at <= minutes * 60 + 61
    usual = world().on("Jobs_Get", job(word))
    early: list[JobEvent] = []
    with pytest.raises(WaitTimeoutError):
        early.extend(jobs(usual).watch("bot", timeout=minutes * 60 - 1))
    assert [event.type for event in early] == ["status"]


def test_news_begin_the_time_anew_and_a_new_stage_may_stall_again():
    asked = world().on("ModelVersions_List", VERSIONS)
    asked.on("Jobs_Get", job("Queued"), *[job("Running")] * 400, job("Completed"))
    asked.on("MLflow_GetRun", *[metrics(10)[0]] * 200, metrics(10, 20)[0])
    asked.on("MLflow_GetMetricHistory", *[metrics(10)[1]] * 2, metrics(10, 20)[1])
    events = list(jobs(asked).watch("bot"))
    told = ["stalled" if event.message.startswith("Stalled?") else event.message.split("  ")[0] for event in events]
    assert told == ["Queued", "Running", "step 10", "stalled", "step 20", "stalled", events[-1].message]
    assert events[-1].status is JobStatus.SUCCEEDED


# Waiting


def test_wait_for_success_and_for_the_model_that_comes_late():
    asked = world().on("Jobs_Get", job("Running"), DOWN, job("Completed"))
    asked.on("ModelVersions_List", refusal(404), {"value": []}, VERSIONS)
    ended = jobs(asked).wait("bot")
    assert ended.fine_tuned_model == "azureml://locations/eastus2/workspaces/w/models/ft/versions/1"
    assert "MLflow_GetRun" not in asked.operations()


def test_wait_does_not_wait_for_ever_for_a_model():
    asked = world().on("Jobs_Get", job("Completed")).on("ModelVersions_List", refusal(404))
    assert jobs(asked).wait("bot").fine_tuned_model is None
    assert len(asked.sleeps) == 10


def test_wait_for_failure_says_why():
    reason = {"error": {"error": {"code": "UserError", "message": "fewer than 10 samples"}}}
    asked = world().on("Jobs_Get", job("Failed")).on("RunHistory_GetDetails", reason)
    with pytest.raises(JobFailedError, match="The job bot failed: UserError: fewer than 10 samples") as caught:
        jobs(asked).wait("bot")
    assert caught.value.error is not None
    assert (caught.value.job.name, caught.value.error.code) == ("bot", "UserError")
    with pytest.raises(JobFailedError, match="gave no reason"):
        jobs(world().on("Jobs_Get", job("Failed"))).wait("bot")


def test_wait_for_a_job_that_was_cancelled():
    with pytest.raises(JobCancelledError) as caught:
        jobs(world().on("Jobs_Get", job("Canceled"))).wait("bot")
    assert caught.value.job.status is JobStatus.CANCELLED


@pytest.mark.parametrize("word", ["Running", "NotResponding", "Paused", "Teleporting"])
def test_wait_stops_when_its_time_is_over(word):
    asked = world().on("Jobs_Get", job(word))
    with pytest.raises(WaitTimeoutError) as caught:
        jobs(asked).wait("bot", timeout=100)
    assert isinstance(caught.value, TimeoutError)
    assert asked.clock == pytest.approx(100)


def test_wait_looks_less_often_while_nothing_happens():
    asked = world().on("Jobs_Get", job("Running"))
    with pytest.raises(WaitTimeoutError):
        jobs(asked).wait("bot", timeout=3600)
    assert asked.sleeps[0] < 10 <= asked.sleeps[10] <= max(asked.sleeps) <= 60


def test_a_watch_says_when_training_overfits():
    losses = [{"key": "loss", "value": 2.0 - step / 100, "step": step} for step in range(10, 61, 10)]
    held_out = [{"key": "eval_loss", "value": 1.0 + step / 100, "step": step} for step in range(20, 61, 10)]
    asked = world().on("ModelVersions_List", VERSIONS).on("Jobs_Get", job("Completed"))
    asked.on("MLflow_GetRun", {"run": {"data": {"metrics": [losses[-1], held_out[-1]]}}})
    asked.on("MLflow_GetMetricHistory", lambda request: {"metrics": losses if "=loss" in request.url else held_out})
    events = list(jobs(asked).watch("bot"))

    (said,) = [event for event in events if event.type == "message"]
    assert (said.level, said.status) == ("warning", JobStatus.RUNNING)
    assert said.message.startswith(
        "Overfitting? The validation loss has risen 3 times in a row, from 1.2000 at step 20"
    )
    assert events[events.index(said) - 1].metrics == {"eval_loss": 1.5, "loss": 1.5}
    assert events[-1].status is JobStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("words", "ends_as"),
    [(("Queued", "Running"), "running"), (("Paused",), "paused"), (("Queued", "Completed"), "succeeded")],
)
def test_waiting_until_it_runs(words, ends_as):
    asked = world().on("ModelVersions_List", VERSIONS).on("Jobs_Get", *map(job, words))
    assert jobs(asked).wait("bot", until="running").status == ends_as
    assert asked.operations().count("Jobs_Get") == len(words)


def test_a_job_that_ends_before_it_runs():
    with pytest.raises(JobCancelledError):
        jobs(world().on("Jobs_Get", job("Queued"), job("Canceled"))).wait("bot", until="running")
    with pytest.raises(WaitTimeoutError):
        jobs(world().on("Jobs_Get", job("Queued"))).wait("bot", until="running", timeout=60)
    with pytest.raises(ConfigurationError, match="no waiting until 'runing'"):
        jobs(world()).wait("bot", until="runing")  # type: ignore[arg-type]


def test_waiting_logs_once_that_a_queue_is_long_and_says_nothing_of_training(caplog):
    with pytest.raises(WaitTimeoutError):
        jobs(world().on("Jobs_Get", job("Queued"))).wait("bot", timeout=30_000)
    with pytest.raises(WaitTimeoutError):
        jobs(world().on("Jobs_Get", job("Running"))).wait("bot", timeout=30_000)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("maas_client", "WARNING")
    assert record.getMessage().startswith("bot: Stalled? No news in Queued for")
