"""The rule of overfitting: what it says, and each of its conditions alone keeping it silent."""

from datetime import UTC, datetime

import pytest

from maas_client.types import JobEvent, JobProgress, JobStatus
from maas_client.watch import Overfitting, overfit

FALLING = [(step, 2.0 - step / 100) for step in range(10, 101, 10)]
RISING = [(20, 1.2), (40, 1.0), (60, 1.02), (80, 1.05), (100, 1.1)]


def test_validation_rises_while_training_falls():
    found = overfit(FALLING, RISING)
    assert found is not None
    assert (found.step, found.lowest, found.latest, found.rises) == (40, 1.0, 1.1, 3)
    assert str(found).startswith("Overfitting? The validation loss has risen 3 times in a row, from 1.0000 at step 40")


def test_it_may_rise_from_the_first_evaluation():
    assert overfit(FALLING, RISING[1:]) is not None


def test_losses_reported_seldom_are_compared_by_the_last_before():
    assert overfit([(10, 2.0), (50, 1.5)], RISING) is not None
    assert overfit([(50, 1.5)], RISING) is None  # nothing before the rise to compare with


@pytest.mark.parametrize(
    ("losses", "evaluations"),
    [
        ([], []),
        (FALLING, []),
        ([], RISING),
        (FALLING, RISING[:-1]),  # two rises
        (FALLING, [*RISING[:-1], (100, 1.05)]),  # the third is none
        (FALLING, [*RISING, (120, 1.0)]),  # it fell again
        (FALLING, [(40, 1.0), (60, 1.001), (80, 1.002), (100, 1.003)]),  # hardly
        ([(step, step / 100) for step in range(10, 101, 10)], RISING),  # training got worse too
        ([(step, 1.0) for step in range(10, 101, 10)], RISING),  # training stands
        (FALLING, [(40, 1.0), (60, float("nan")), (80, 1.05), (100, 1.1)]),
        ([(step, float("inf")) for step, _ in FALLING], RISING),
    ],
)
def test_otherwise_nothing_is_said(losses, evaluations):
    assert overfit(losses, evaluations) is None


def event(step: int, **metrics: float) -> JobEvent:
    return JobEvent(
        type="metrics",
        message="",
        job_name="bot",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        status=JobStatus.RUNNING,
        raw_status="Running",
        metrics=metrics,
        progress=JobProgress(step=step),
    )


def test_each_rise_is_told_once():
    watch = Overfitting()
    validation = {20: 1.2, 40: 1.0, 60: 1.1, 80: 1.2, 100: 1.3, 120: 1.4, 140: 0.9, 160: 1.0, 180: 1.1, 200: 1.2}
    told = []
    for step in range(10, 201, 10):
        held_out = {"eval_loss": validation[step]} if step in validation else {}
        if said := watch.look(event(step, loss=2.0 - step / 200, **held_out)):
            told.append((step, said.partition("from ")[2].partition(" to ")[0]))
    assert told == [(100, "1.0000 at step 40"), (200, "0.9000 at step 140")]


def test_what_is_no_report_says_nothing():
    assert Overfitting().look(event(10).model_copy(update={"progress": None})) is None
