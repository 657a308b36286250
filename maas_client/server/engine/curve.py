"""A plausible loss curve: from properties of the data, the learning rate and a seed, never from a model.

The training loss falls exponentially with the learning rate spent so far (a cosine schedule without warm-up), from
a start between 1.5 and 2.5 towards a floor that repeated data lower. The evaluation loss follows, a little above,
and rises again when passes over the data are many.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from maas_client.server.engine.data import TrainingData
from maas_client.server.engine.hyperparameters import Hyperparameters
from maas_client.server.engine.seed import Seed

MAX_LOGGED = 1000
MAX_EVALUATIONS = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """Steps of a run: optimizer steps an epoch and in all, and how many lie between two logged ones."""

    epochs: int
    steps_per_epoch: int
    total: int
    logging_steps: int

    def epoch(self, step: int) -> float:
        """Return passes over the data after a step, 0 to `epochs`."""
        return step / self.steps_per_epoch

    def logged(self) -> Iterator[int]:
        """Yield the steps that log a loss, at most about `MAX_LOGGED`."""
        yield from range(self.logging_steps, self.total + 1, self.logging_steps)

    def evaluated(self) -> Iterator[int]:
        """Yield the last step of every epoch (of very many epochs: of some, always of the last)."""
        stride = -(-self.epochs // MAX_EVALUATIONS)
        for epoch in range(1, self.epochs + 1):
            if epoch % stride == 0 or epoch == self.epochs:
                yield epoch * self.steps_per_epoch


def run_shape(rows: int, hyper: Hyperparameters) -> Shape:
    """Return the steps of a run.

    The service logs every 10 steps; small runs log oftener so that there is a curve to watch, very long ones at
    multiples of 10.

    Source: azureml-assets, `oss_chat_completion_pipeline` 0.0.29, `logging_steps` 10.
    """
    batches = -(-rows // hyper.batch_size)
    steps = -(-batches // hyper.accumulation)
    total = steps * hyper.epochs
    logging_steps = min(10, max(1, total // 20)) * max(1, -(-total // (10 * MAX_LOGGED)))
    return Shape(hyper.epochs, steps, total, logging_steps)


@dataclass(frozen=True, slots=True)
class Curve:
    """The losses of one run, by step."""

    shape: Shape
    learning_rate: float
    start: float
    floor: float
    speed: float
    heat: float
    seed: Seed

    def rate(self, step: int) -> float:
        """Return the learning rate after a step: half a cosine from the first rate to 0."""
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * step / self.shape.total))

    def loss(self, step: int) -> float:
        """Return the noisy training loss at a step, nats per token, above 0."""
        smooth = self._smooth(step)
        return max(0.01, smooth * (1 + 0.06 * self.seed.jitter("loss", step)))

    def grad_norm(self, step: int) -> float:
        """Return the gradient norm at a step, above 0."""
        return (0.3 + 0.7 * self._smooth(step)) * (1 + 0.35 * self.seed.jitter("grad", step))

    def eval_loss(self, step: int) -> float:
        """Return the evaluation loss after a step, nats per token, above 0."""
        epoch = self.shape.epoch(step)
        gap = 0.04 + 0.08 * self.seed.unit("gap")
        overfit = min(0.8, 0.035 * max(0.0, epoch - 2) * (0.6 + 0.8 * self.seed.unit("overfit")))
        return self._smooth(step) + gap + overfit + 0.005 * self.seed.jitter("eval", step)

    def _smooth(self, step: int) -> float:
        x = step / self.shape.total
        # The area under the cosine schedule up to here, 1 at the end, in passes over the data.
        spent = self.shape.epochs * (x + math.sin(math.pi * x) / math.pi)
        loss = self.floor + (self.start - self.floor) * math.exp(-self.speed * spent)
        return loss + self.heat * (1 - math.exp(-6 * x))


def make_curve(shape: Shape, data: TrainingData, hyper: Hyperparameters, seed: Seed) -> Curve:
    """Return the curve of a run: a higher learning rate learns faster, and above about 1e-3 it does harm."""
    start = 1.5 + seed.unit("start")
    return Curve(
        shape=shape,
        learning_rate=hyper.learning_rate,
        start=start,
        floor=0.25 + 0.35 * data.distinct + 0.25 * seed.unit("floor"),
        speed=0.9 * min(3.0, max(0.15, math.sqrt(hyper.learning_rate / 5e-6))),
        heat=max(0.0, math.log10(hyper.learning_rate / 1e-3)),
        seed=seed,
    )
