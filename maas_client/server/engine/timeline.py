"""When things happen, in virtual seconds after the job was created."""

import math
from dataclasses import dataclass

from maas_client.server.engine.curve import Shape
from maas_client.server.engine.seed import Seed

MAX_RUNNING = 7200.0
"""Two hours: no simulated run lasts longer, however much there is to do."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The stages of a run; `train_start` to `train_end` is when steps are done."""

    stages: tuple[tuple[str, float], ...]
    running: float
    train_start: float
    train_end: float
    finalizing: float

    def at(self, step: int, total: int) -> float:
        """Return when a step is done."""
        return round(self.train_start + (self.train_end - self.train_start) * step / total, 3)


def timeline(shape: Shape, seed: Seed) -> Timeline:
    """Return the times of a run that completes: growing with the root of its steps, 60 seconds to two hours."""
    stages, running = _before(seed)
    length = (60 + 12 * math.sqrt(shape.total)) * (1 + 0.08 * seed.jitter("running"))
    length = min(MAX_RUNNING, max(60.0, length))
    finalizing = round(running + length, 3)
    completed = round(finalizing + 30 + 5 * seed.jitter("finalizing"), 3)
    return Timeline(
        stages=(*stages, ("Finalizing", finalizing), ("Completed", completed)),
        running=running,
        train_start=running + 0.12 * length,
        train_end=running + 0.96 * length,
        finalizing=finalizing,
    )


def failing_stages(seed: Seed) -> tuple[tuple[str, float], ...]:
    """Return the stages of a run that fails while it prepares its data.

    Bad data does not fail the request that creates the job: it fails the run, later.
    """
    stages, running = _before(seed)
    return (*stages, ("Failed", round(running + 30 + 10 * seed.jitter("failed"), 3)))


def _before(seed: Seed) -> tuple[tuple[tuple[str, float], ...], float]:
    stages = [("NotStarted", 0.0)]
    offset = 0.0
    for status, seconds in (("Provisioning", 4), ("Preparing", 40), ("Queued", 50), ("Running", 50)):
        offset = round(offset + seconds * (1 + 0.25 * seed.jitter(status)), 3)
        stages.append((status, offset))
    return tuple(stages), offset
