"""When a model begins to learn its rows by heart: the validation loss rises while the training loss goes on falling.

The rule. The validation loss has risen at three evaluations in a row, by one per cent of its lowest value in all, and
the training loss between the last two evaluations was lower on average than before the first rise. Two rises happen by
chance, and a loss that differs in its third digit says nothing; where both losses rise, something else is wrong, such
as the learning rate. The numbers are our judgement: the service says nothing of the kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from maas_client.types import JobEvent

RISES = 3
"""Evaluations in a row, each above the one before it."""
SMALLEST_RISE = 0.01
"""Of all of them together, as a share of the lowest validation loss."""

Point = tuple[int, float]
"""An optimiser step and a loss (nats per token)."""


@dataclass(frozen=True, slots=True)
class Overfit:
    """A rise of the validation loss that looks like overfitting.

    Attributes:
        step: Where the validation loss was lowest before it rose.
        lowest: The validation loss there.
        latest: The validation loss now.
        rises: Evaluations in a row that were above the one before them.
    """

    step: int
    lowest: float
    latest: float
    rises: int

    def __str__(self) -> str:
        return (
            f"Overfitting? The validation loss has risen {self.rises} times in a row, from {self.lowest:.4f} at step "
            f"{self.step} to {self.latest:.4f}, while the training loss went on falling. Fewer epochs or more varied "
            "rows may give a better model."
        )


def overfit(losses: Sequence[Point], evaluations: Sequence[Point]) -> Overfit | None:
    """Return what looks like overfitting at the last evaluation; `None` if nothing does.

    Args:
        losses: Training losses, steps ascending; those not finite are left out.
        evaluations: Validation losses, likewise.
    """
    held_out = [point for point in evaluations if isfinite(point[1])]
    first = len(held_out) - 1
    while first > 0 and held_out[first - 1][1] < held_out[first][1]:
        first -= 1
    rises = len(held_out) - 1 - first
    if rises < RISES:
        return None
    (step, lowest), (last_step, latest) = held_out[first], held_out[-1]
    before = _mean(losses, held_out[first - 1][0] if first else 0, step)
    now = _mean(losses, held_out[-2][0], last_step)
    if latest - lowest < SMALLEST_RISE * abs(lowest) or before is None or now is None or now >= before:
        return None
    return Overfit(step, lowest, latest, rises)


def _mean(losses: Sequence[Point], after: int, until: int) -> float | None:
    """Average what was reported between two evaluations; if nothing was, the last report before counts."""
    known = [(step, loss) for step, loss in losses if step <= until and isfinite(loss)]
    between = [loss for step, loss in known if step > after]
    return sum(between) / len(between) if between else known[-1][1] if known else None


@dataclass(slots=True)
class Overfitting:
    """What one watch has seen of the two losses; one that resumed another has seen what came since."""

    losses: list[Point] = field(default_factory=list)
    evaluations: list[Point] = field(default_factory=list)
    told: int = -1
    """The step from which a rise was told."""

    def look(self, event: JobEvent) -> str | None:
        """Take an event into account; return what to say, once for each rise."""
        if event.progress is None:
            return None
        step = event.progress.step
        if "loss" in event.metrics:
            self.losses.append((step, event.metrics["loss"]))
        if "eval_loss" not in event.metrics:
            return None
        self.evaluations.append((step, event.metrics["eval_loss"]))
        found = overfit(self.losses, self.evaluations)
        if found is None or found.step == self.told:
            return None
        self.told = found.step
        return str(found)
