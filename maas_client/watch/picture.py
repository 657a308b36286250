"""What a watcher knows of a job, folded from its events: what a terminal, a notebook or a page draws."""

from datetime import timedelta

from maas_client.types import FineTuningJob, JobEvent, JobStatus
from maas_client.types.curves import panels
from maas_client.types.drawing import pairs, text
from maas_client.watch.overfitting import Overfit, Point, overfit
from maas_client.watch.stages import Stage, stage_of


class JobPicture:
    """How far one job is. Every `at` is a time in Unix seconds, of one clock.

    Attributes:
        job: The job as it was when the picture was begun.
        word: The service's own word for where the job stands.
        status: The same in our words.
        stages: Each stage that was seen, with the time at which it began, in their order.
        came_late: True if the job had run before it was first seen: when it left the queue is not known then.
        step, total_steps: Optimiser steps.
        epoch: Passes over the training file.
        losses, evaluations: Training and validation losses reported, as (step, nats per token).
        learning_rate: The last one reported.
        overfit: What looks like overfitting, until the validation loss is as low again as it was before.
        end: One line on how it ended.
        last_news: When something was last heard of the job itself.
    """

    def __init__(self, job: FineTuningJob, *, at: float | None = None, scaled: bool = False) -> None:
        """Begin.

        Args:
            job: The job.
            at: When it was first seen; left out, the first event tells.
            scaled: True if the service's clock runs otherwise than ours, so that its own times say nothing to us.
        """
        self.job = job
        self._scaled = scaled
        self._begun = at
        self._first_step: tuple[float, int] | None = None
        self._eta: tuple[float, float] | None = None
        self.word = ""
        self.status = JobStatus.UNKNOWN
        self.stages: list[tuple[Stage, float]] = []
        self.came_late = False
        self.step = 0
        self.total_steps: int | None = None
        self.epoch: float | None = None
        self.losses: list[Point] = []
        self.evaluations: list[Point] = []
        self.learning_rate: float | None = None
        self.overfit: Overfit | None = None
        self.end = ""
        self.last_news = at
        self._latest = at or 0.0

    def feed(self, event: JobEvent, at: float | None = None) -> None:
        """Take an event into account; `at`: when it came, the event's own time if left out."""
        at = event.created_at.timestamp() if at is None else at
        self._latest = at
        if self._begun is None:
            self._begun = at
        if event.type != "message" or self.last_news is None:
            self.last_news = at
        self.word, self.status = event.raw_status, event.status
        self._stage(at)
        if event.status.is_terminal:
            self.end = event.message
        self._numbers(event, at)

    @property
    def is_over(self) -> bool:
        """True once the job has ended."""
        return self.status.is_terminal

    @property
    def stage(self) -> Stage:
        """The stage now."""
        return self.stages[-1][0] if self.stages else Stage.QUEUED

    @property
    def created(self) -> float | None:
        """When the job was created, as far as our clock can tell."""
        if self._scaled or self.job.created_at is None:
            return None
        return self.job.created_at.timestamp()

    @property
    def share(self) -> float | None:
        """How much of the training is done, 0 to 1, once that is known."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else None

    def seconds_in_stages(self, at: float) -> list[tuple[Stage, float]]:
        """Return each stage before the end and how long it lasted, the one now until `at`."""
        ends = [*(begin for _, begin in self.stages[1:]), at]
        lasted = zip(self.stages, ends, strict=False)  # before the first stage there is an end alone
        return [(stage, max(0.0, end - begin)) for (stage, begin), end in lasted if stage is not Stage.OVER]

    def quiet_seconds(self, at: float) -> float:
        """Return for how long nothing was heard of the job."""
        return 0.0 if self.last_news is None else max(0.0, at - self.last_news)

    def eta_seconds(self, at: float) -> float | None:
        """Return the estimated seconds to the last step."""
        if self._eta is None or self.stage is not Stage.RUNNING:
            return None
        told, seconds = self._eta
        return max(0.0, seconds - (at - told))

    def _repr_html_(self) -> str:
        """Draw it in a notebook, as of the last event."""
        stages = self.seconds_in_stages(self._latest)
        eta = self.eta_seconds(self._latest)
        asked = self.job.hyperparameters.n_epochs
        facts = {
            "status": self.status if self.stages else None,
            "the service says": self.word,
            "simulated": "nothing is really trained" if self.job.simulated else None,
            "stages": ", ".join(f"{stage} {_time(seconds)}" for stage, seconds in stages),
            "done": None if self.share is None else f"{self.share:.0%}, step {self.step} of {self.total_steps}",
            "epoch": None if self.epoch is None else f"{self.epoch:.4g}" + ("" if asked is None else f" of {asked}"),
            "ETA": None if eta is None else _time(eta),
            "to be noted": None if self.overfit is None else str(self.overfit),
            "end": self.end,
        }
        curves = panels([("loss", self.losses), ("validation loss", self.evaluations)])
        return pairs(f"Fine-tuning job {text(self.job.name)}", facts) + curves

    def _stage(self, at: float) -> None:
        stage = stage_of(self.status, self.word, self.stage)
        if self.stages and stage is self.stage:
            return
        if not self.stages:
            self.came_late = stage not in {Stage.QUEUED, Stage.PREPARING}
            created = None if self.came_late else self.created
            at = self._begun or at if created is None else created
        self.stages.append((stage, at))

    def _numbers(self, event: JobEvent, at: float) -> None:
        if event.progress is None:
            return
        step = event.progress.step
        self.step = max(self.step, step)
        self.total_steps = event.progress.total_steps or self.total_steps
        self.epoch = self.epoch if event.progress.epoch is None else event.progress.epoch
        self.learning_rate = event.metrics.get("learning_rate", self.learning_rate)
        if "loss" in event.metrics:
            self.losses.append((step, event.metrics["loss"]))
        if "eval_loss" in event.metrics:
            latest = event.metrics["eval_loss"]
            self.evaluations.append((step, latest))
            found = overfit(self.losses, self.evaluations)
            if found is not None or (self.overfit is not None and latest <= self.overfit.lowest):
                self.overfit = found
        self._eta = self._estimate(event, at)

    def _estimate(self, event: JobEvent, at: float) -> tuple[float, float] | None:
        if not self._scaled:
            seconds = event.progress.eta_seconds if event.progress else None
            return None if seconds is None else (at, seconds)
        if self._first_step is None:
            self._first_step = (at, self.step)
        begin, first = self._first_step
        if at <= begin or self.step <= first or self.total_steps is None:
            return self._eta
        return at, (self.total_steps - self.step) * (at - begin) / (self.step - first)


def _time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
