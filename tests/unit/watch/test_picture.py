"""The picture of a job that is folded from its events: stages and their times, numbers, estimates."""

from datetime import UTC, datetime

import pytest

from maas_client.types import FineTuningJob, JobEvent, JobProgress, JobStatus
from maas_client.watch import JobPicture, Stage, stage_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ZERO = BEGIN.timestamp()
JOB = FineTuningJob(
    name="bot",
    status=JobStatus.QUEUED,
    raw_status="NotStarted",
    model="Phi-4",
    training_file="t",
    output_model="o",
    created_at=BEGIN,
)


def event(
    status: JobStatus, word: str = "", *, step: int | None = None, total: int | None = None, **numbers: float
) -> JobEvent:
    eta = numbers.pop("eta", None)
    return JobEvent(
        type="status" if step is None else "metrics",
        message=f"{word} it is",
        job_name="bot",
        created_at=BEGIN,
        status=status,
        raw_status=word or status.value.title(),
        metrics=numbers,
        progress=None if step is None else JobProgress(step=step, total_steps=total, eta_seconds=eta, epoch=1.5),
    )


def test_each_stage_has_its_time():
    picture = JobPicture(JOB, at=ZERO + 5)
    assert (picture.stage, picture.seconds_in_stages(ZERO + 9)) == (Stage.QUEUED, [])
    picture.feed(event(JobStatus.QUEUED, "NotStarted"), ZERO + 6)
    picture.feed(event(JobStatus.QUEUED, "Preparing"), ZERO + 60)
    picture.feed(event(JobStatus.QUEUED, "Queued"), ZERO + 100)
    picture.feed(event(JobStatus.RUNNING), ZERO + 400)
    picture.feed(event(JobStatus.RUNNING, step=1), ZERO + 450)
    assert picture.seconds_in_stages(ZERO + 500) == [
        (Stage.QUEUED, 60.0),  # since the job was created, not since it was watched
        (Stage.PREPARING, 40.0),
        (Stage.QUEUED, 300.0),
        (Stage.RUNNING, 100.0),
    ]
    assert not picture.is_over
    picture.feed(event(JobStatus.RUNNING, "Finalizing"), ZERO + 600)
    picture.feed(event(JobStatus.SUCCEEDED, "Completed"), ZERO + 630)
    assert picture.seconds_in_stages(ZERO + 9000)[-2:] == [(Stage.RUNNING, 200.0), (Stage.FINISHING, 30.0)]
    assert (picture.is_over, picture.end, picture.came_late) == (True, "Completed it is", False)


def test_of_a_job_that_runs_already_it_is_not_known_since_when():
    picture = JobPicture(JOB, at=ZERO + 3600)
    picture.feed(event(JobStatus.RUNNING), ZERO + 3601)
    assert picture.came_late
    assert picture.seconds_in_stages(ZERO + 3610) == [(Stage.RUNNING, 10.0)]
    assert picture.created == ZERO


def test_of_a_scaled_clock_nothing_but_our_own_times_counts():
    picture = JobPicture(JOB, at=ZERO + 3600, scaled=True)
    picture.feed(event(JobStatus.QUEUED), ZERO + 3601)
    assert picture.created is None
    assert picture.seconds_in_stages(ZERO + 3602) == [(Stage.QUEUED, 2.0)]
    picture.feed(event(JobStatus.RUNNING, step=10, total=100, eta=9000.0), ZERO + 3610)
    assert picture.eta_seconds(ZERO + 3610) is None
    picture.feed(event(JobStatus.RUNNING, step=30, total=100, eta=7000.0), ZERO + 3611)
    assert picture.eta_seconds(ZERO + 3611) == pytest.approx(3.5)


def test_the_service_s_own_estimate_counts_down_while_it_runs():
    picture = JobPicture(JOB)
    picture.feed(event(JobStatus.RUNNING, step=10, total=100, eta=90.0, learning_rate=2e-5), 10.0)
    assert (picture.share, picture.epoch, picture.learning_rate) == (0.1, 1.5, 2e-5)
    assert [picture.eta_seconds(at) for at in (10.0, 40.0, 500.0)] == [90.0, 60.0, 0.0]
    picture.feed(event(JobStatus.RUNNING, step=20), 20.0)
    assert (picture.total_steps, picture.eta_seconds(20.0), picture.learning_rate) == (100, None, 2e-5)


def test_what_the_watcher_says_itself_is_no_news_of_the_job():
    picture = JobPicture(JOB)
    assert picture.quiet_seconds(50.0) == 0.0
    picture.feed(event(JobStatus.RUNNING), 10.0)
    picture.feed(event(JobStatus.RUNNING).model_copy(update={"type": "message"}), 40.0)
    assert picture.quiet_seconds(50.0) == 40.0


def test_times_may_be_the_events_own():
    picture = JobPicture(JOB)
    picture.feed(event(JobStatus.QUEUED))
    assert picture.quiet_seconds(ZERO + 3) == 3.0


def test_overfitting_shows_until_it_is_made_up_for():
    picture = JobPicture(JOB)
    shown = []
    for step, validation in ((10, 1.2), (20, 1.0), (30, 1.1), (40, 1.2), (50, 1.3), (60, 1.2), (70, 1.0)):
        picture.feed(event(JobStatus.RUNNING, step=step, loss=2.0 - step / 100, eval_loss=validation), float(step))
        shown.append(picture.overfit is not None)
    assert shown == [False, False, False, False, True, True, False]
    assert picture.losses[0] == (10, 1.9)


@pytest.mark.parametrize(
    ("status", "word", "before", "stage"),
    [
        (JobStatus.QUEUED, "NotStarted", None, Stage.QUEUED),
        (JobStatus.QUEUED, "Provisioning", Stage.QUEUED, Stage.PREPARING),
        (JobStatus.RUNNING, "Queued", Stage.RUNNING, Stage.RUNNING),  # told as running, once it has run
        (JobStatus.RUNNING, "Preparing", Stage.RUNNING, Stage.RUNNING),
        (JobStatus.RUNNING, "Finalizing", Stage.RUNNING, Stage.FINISHING),
        (JobStatus.PAUSED, "Paused", Stage.RUNNING, Stage.RUNNING),
        (JobStatus.CANCELLING, "CancelRequested", Stage.QUEUED, Stage.FINISHING),
        (JobStatus.UNKNOWN, "NotResponding", Stage.RUNNING, Stage.RUNNING),
        (JobStatus.UNKNOWN, "Brandnew", None, Stage.QUEUED),
        (JobStatus.CANCELLED, "Canceled", Stage.FINISHING, Stage.OVER),
    ],
)
def test_stages(status, word, before, stage):
    assert stage_of(status, word, before) is stage
