"""The picture that the live display draws: folded from events, and within 80 columns."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from maas_client.cli import _live
from maas_client.cli._live import LiveView
from maas_client.cli._progress import CURVE_POINTS, Progress, curve
from maas_client.types import FineTuningJob, JobEvent, JobProgress, JobStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(status: JobStatus, *, step: int | None = None, total: int | None = None, **numbers: float) -> JobEvent:
    eta = numbers.pop("eta", None)
    progress = None if step is None else JobProgress(step=step, total_steps=total, eta_seconds=eta)
    return JobEvent(
        type="status" if step is None else "metrics",
        message="",
        job_name="a",
        created_at=NOW,
        status=status,
        raw_status=status.value.title(),
        metrics=numbers,
        progress=progress,
    )


def test_queue_and_run_time_are_told_apart():
    progress = Progress(100.0, scaled=False)
    progress.feed(event(JobStatus.QUEUED), 101.0)
    assert (progress.queued_seconds(130.0), progress.running_seconds(130.0)) == (30.0, None)

    progress.feed(event(JobStatus.RUNNING), 140.0)
    assert (progress.queued_seconds(150.0), progress.running_seconds(150.0)) == (40.0, 10.0)

    progress.feed(event(JobStatus.SUCCEEDED), 200.0)
    assert (progress.queued_seconds(900.0), progress.running_seconds(900.0)) == (40.0, 60.0)


def test_the_service_s_own_estimate_counts_down():
    progress = Progress(0.0, scaled=False)
    progress.feed(event(JobStatus.RUNNING, step=10, total=100, eta=90.0, loss=2.0), 10.0)

    assert progress.share == 0.1
    assert [progress.eta_seconds(at) for at in (10.0, 40.0, 500.0)] == [90.0, 60.0, 0.0]
    progress.feed(event(JobStatus.SUCCEEDED), 20.0)
    assert progress.eta_seconds(20.0) is None


def test_of_a_scaled_clock_the_rate_is_our_own():
    progress = Progress(0.0, scaled=True)
    progress.feed(event(JobStatus.RUNNING, step=10, total=100, eta=9000.0), 1.0)
    assert progress.eta_seconds(1.0) is None

    progress.feed(event(JobStatus.RUNNING, step=30, total=100, eta=7000.0), 2.0)
    assert progress.eta_seconds(2.0) == pytest.approx(3.5)


def test_curves():
    assert curve([]) == curve([float("nan")]) == ""
    assert curve([1.0, 1.0]) == "▁▁"
    assert curve([3.0, 2.0, float("inf"), 1.0]) == "█▅▁"
    assert len(curve([float(value) for value in range(1000)])) == CURVE_POINTS


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("no_color", ["", "1"])
def test_the_display_fits_and_takes_no_orders_from_the_service(monkeypatch, encoding, no_color):
    memory = io.BytesIO()
    screen = io.TextIOWrapper(memory, encoding=encoding, errors="strict")
    monkeypatch.setenv("NO_COLOR", no_color)

    def console(**_: object) -> Console:
        return Console(file=screen, force_terminal=True, width=80, color_system="standard", highlight=False)

    monkeypatch.setattr(_live, "Console", console)
    job = FineTuningJob(
        name="n" * 200,
        status=JobStatus.QUEUED,
        raw_status="Queued",
        model="Phi-4",
        training_file="t",
        output_model="o",
        created_at=NOW,
        simulated=True,
    )
    view = LiveView(job, scaled=True)
    with view.shown():
        view.feed(event(JobStatus.QUEUED))
        for step in range(1, 60):
            numbers = {"loss": 2.0 / step, "eval_loss": 1.5}
            view.feed(event(JobStatus.RUNNING, step=step, total=60, eta=60.0 - step, **numbers))
        note = event(JobStatus.RUNNING).model_copy(
            update={"type": "message", "message": "\x1b]0;x\x07", "level": "warning"}
        )
        view.feed(note)
    screen.flush()
    text = memory.getvalue().decode(encoding)

    assert "step 59/60" in text
    assert "simulated" in text
    assert "\\x1b]0;x\\x07" in text
    assert "\x1b]0;" not in text
    assert ("\x1b[1;36m" in text) is (no_color == "")
