"""How far training has come, told from the numbers it reports.

The Hugging Face Trainer, which the service runs, reports a fractional `epoch` with each logged step; so steps per epoch
are `step / epoch`, and the total is known as soon as the number of epochs is. The older releases round `epoch` to two
places: the estimate is made anew with each report and gets better.

Source: transformers 4.x, `Trainer.log`; azureml-acft-accelerator `FinetuneCallback.on_log`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

from maas_client.types import JobProgress

WINDOW = 6
"""Reports over which the rate is taken."""
LARGEST_TOTAL = 1e9
"""An estimate beyond it comes from a broken report."""
SUMMARY_KEY = "train_runtime"
"""Reported once, at the last step."""


@dataclass(frozen=True, slots=True)
class Track:
    """What must be remembered between two reports."""

    step: int = 0
    epoch: float | None = None
    total_steps: int | None = None
    recent: tuple[tuple[float, int], ...] = ()
    """The last reports, as (Unix seconds, step), steps ascending; of reports of one moment the last."""


def advance(track: Track, step: int, metrics: Mapping[str, float], at: float, n_epochs: int | None) -> Track:
    """Take one report into account.

    Args:
        track: What was known before.
        step: The optimiser step of the report.
        metrics: Its numbers.
        at: When it was made, Unix seconds.
        n_epochs: Epochs asked for; without them the total stays unknown until the end.
    """
    if step < track.step:
        return track
    reported = metrics.get("epoch")
    epoch = track.epoch if reported is None or not isfinite(reported) else reported
    total = step if SUMMARY_KEY in metrics else _total(step, reported, n_epochs)
    if total is None:
        total = track.total_steps
    if total is not None:
        total = max(total, step)
    recent = track.recent
    if not recent or step > recent[-1][1]:
        earlier = recent[:-1] if recent and recent[-1][0] == at else recent
        recent = (*earlier, (at, step))[-WINDOW:]
    return replace(track, step=step, epoch=epoch, total_steps=total, recent=recent)


def progress_of(track: Track, step: int) -> JobProgress:
    """Return the progress to tell with a report of `step`."""
    rate = _rate(track)
    left = None if track.total_steps is None else track.total_steps - track.step
    return JobProgress(
        step=step,
        total_steps=track.total_steps,
        epoch=track.epoch,
        steps_per_second=rate,
        eta_seconds=None if rate is None or left is None else left / rate,
    )


def _total(step: int, epoch: float | None, n_epochs: int | None) -> int | None:
    if n_epochs is None or epoch is None or not epoch > 0 or step <= 0:
        return None
    estimate = step / epoch * n_epochs
    return round(estimate) if 0 < estimate < LARGEST_TOTAL else None


def _rate(track: Track) -> float | None:
    if len(track.recent) < 2:
        return None
    (begin, first), (end, last) = track.recent[0], track.recent[-1]
    return (last - first) / (end - begin) if end > begin else None
