"""How far, and when to look again."""

import math

import pytest

from maas_client.watch import Cadence, Track, advance, next_delay, progress_of

SERVICE, EMULATOR = Cadence.for_service(), Cadence.for_emulator()


def test_total_and_rate():
    track = Track()
    for step in range(10, 90, 10):
        track = advance(track, step, {"epoch": step / 50}, step * 4.0, 3)
    progress = progress_of(track, 80)
    assert (progress.step, progress.total_steps, progress.epoch) == (80, 150, 1.6)
    assert (progress.steps_per_second, progress.eta_seconds) == (0.25, 280.0)
    assert len(track.recent) == 6


def test_rate_is_of_the_recent_reports():
    track = Track()
    for step, at in [(1, 0.0), (2, 1000.0), (3, 1001.0), (4, 1002.0), (5, 1003.0), (6, 1004.0), (7, 1005.0)]:
        track = advance(track, step, {}, at, None)
    assert progress_of(track, 7).steps_per_second == 1.0
    assert progress_of(track, 7).eta_seconds is None


@pytest.mark.parametrize(
    ("step", "metrics", "n_epochs", "total"),
    [
        (10, {"epoch": 0.25}, None, None),
        (10, {"loss": 1.0}, 3, None),
        (10, {"epoch": 0.0}, 3, None),
        (10, {"epoch": -1.0}, 3, None),
        (10, {"epoch": math.nan}, 3, None),
        (10, {"epoch": math.inf}, 3, None),
        (10, {"epoch": 1e-320}, 3, None),
        (0, {"epoch": 0.1}, 3, None),
        (10, {"epoch": 0.19}, 3, 158),
        (10, {"epoch": 9.0}, 3, 10),
        (157, {"train_runtime": 9.0, "epoch": 2.99}, 3, 157),
        (157, {"train_runtime": 9.0}, None, 157),
    ],
)
def test_total(step, metrics, n_epochs, total):
    assert progress_of(advance(Track(), step, metrics, 0.0, n_epochs), step).total_steps == total


def test_what_is_known_stays_known():
    track = advance(Track(), 10, {"epoch": 0.5}, 0.0, 2)
    track = advance(track, 20, {"loss": 1.0, "epoch": math.nan}, 5.0, 2)
    assert (track.total_steps, track.epoch) == (40, 0.5)


def test_an_older_report_changes_nothing():
    track = advance(Track(), 10, {"epoch": 0.5}, 10.0, 2)
    assert advance(track, 9, {"epoch": 0.1}, 11.0, 2) == track


def test_no_rate_without_two_moments():
    track = advance(advance(Track(), 10, {"epoch": 0.5}, 7.0, 2), 20, {"epoch": 1.0}, 7.0, 2)
    assert progress_of(track, 20).steps_per_second is None
    assert progress_of(track, 20).eta_seconds is None
    assert progress_of(advance(track, 20, {}, 9.0, 2), 20).steps_per_second is None


@pytest.mark.parametrize(
    ("cadence", "age", "quiet", "delay"),
    [
        (SERVICE, 0, 0, 5.0),
        (SERVICE, 19, 0, 5.0),
        (SERVICE, 20, 0, 10.0),
        (SERVICE, 300, 300, 10.0),
        (SERVICE, 600, 600, 20.0),
        (SERVICE, 9000, 9000, 60.0),
        (SERVICE, 9000, 10, 10.0),
        (EMULATOR, 0, 0, 0.25),
        (EMULATOR, 1, 1, 0.5),
        (EMULATOR, 30, 30, 1.0),
        (EMULATOR, 900, 900, 2.0),
        (Cadence(0.1, 1.0), 0, 0, 0.2),
        (SERVICE, -5, -5, 5.0),
    ],
)
def test_steady_delay(cadence, age, quiet, delay):
    assert next_delay(cadence, status_age_seconds=age, quiet_seconds=quiet) == delay


@pytest.mark.parametrize(("hint", "draw", "delay"), [(None, 1, 5), (0, 1, 5), (3, 1, 5), (30, 0, 30), (100, 1, 110)])
def test_a_hint_is_never_undercut(hint, draw, delay):
    assert next_delay(SERVICE, retry_after=hint, draw=draw) == pytest.approx(delay)


@pytest.mark.parametrize(
    ("cadence", "errors", "draw", "delay"),
    [
        (SERVICE, 1, 1, 10), (SERVICE, 1, 0, 5), (SERVICE, 2, 1, 20), (SERVICE, 3, 1, 40), (SERVICE, 4, 1, 60),
        (SERVICE, 10_000, 0, 30), (EMULATOR, 1, 0, 0.25), (EMULATOR, 9, 1, 2),
    ],
)  # fmt: skip
def test_backoff(cadence, errors, draw, delay):
    assert next_delay(cadence, errors=errors, draw=draw) == delay


def test_backoff_is_drawn_at_random():
    assert len({next_delay(SERVICE, errors=4) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("out", "hint", "over"),
    [(0, None, False), (900, None, False), (901, None, True), (800, 100, False), (800, 101, True)],
)
def test_giving_up(out, hint, over):
    assert SERVICE.gives_up(out, retry_after=hint) is over
