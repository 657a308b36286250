"""What a watcher knows of a job: folded from its events, for the live display. Pure."""

from itertools import pairwise

from maas_client.types import JobEvent, JobStatus

CURVE_POINTS = 28
_BARS = "▁▂▃▄▅▆▇█"
_WAITING = frozenset({JobStatus.VALIDATING_FILES, JobStatus.QUEUED})


class Progress:
    """How far one job is. Every `at` is a reading, in seconds, of one clock.

    Attributes:
        word: The service's own word for where the job stands.
        status: The same in our words.
        step, total_steps: Optimiser steps.
        loss, eval_loss: The last ones reported, nats per token.
        curve: The training losses, oldest first.
        last_event: When the last event came.
    """

    def __init__(self, started: float, *, scaled: bool) -> None:
        """Begin.

        Args:
            started: When the job was created, or watching began.
            scaled: True if the service's clock runs otherwise than ours, so that its own estimates say nothing to us.
        """
        self._started = started
        self._scaled = scaled
        self._running_since: float | None = None
        self._ended: float | None = None
        self._first_step: tuple[float, int] | None = None
        self._eta: tuple[float, float] | None = None
        self.word = ""
        self.status = JobStatus.UNKNOWN
        self.step = 0
        self.total_steps: int | None = None
        self.loss: float | None = None
        self.eval_loss: float | None = None
        self.curve: list[float] = []
        self.last_event = started

    def feed(self, event: JobEvent, at: float) -> None:
        """Take an event into account."""
        self.last_event = at
        self.word, self.status = event.raw_status, event.status
        if self._running_since is None and event.status not in _WAITING:
            self._running_since = at
        if event.status.is_terminal:
            self._ended = at
        self._numbers(event, at)

    def _numbers(self, event: JobEvent, at: float) -> None:
        if "loss" in event.metrics:
            self.loss = event.metrics["loss"]
            self.curve.append(self.loss)
        self.eval_loss = event.metrics.get("eval_loss", self.eval_loss)
        if event.progress is None:
            return
        self.step = max(self.step, event.progress.step)
        self.total_steps = event.progress.total_steps or self.total_steps
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

    @property
    def share(self) -> float | None:
        """How much of the training is done, 0 to 1, once that is known."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else None

    def queued_seconds(self, at: float) -> float:
        """Return how long the job waited before it ran."""
        return max(0.0, (self._running_since if self._running_since is not None else at) - self._started)

    def running_seconds(self, at: float) -> float | None:
        """Return how long the job has run; `None` before that."""
        if self._running_since is None:
            return None
        return max(0.0, (self._ended if self._ended is not None else at) - self._running_since)

    def eta_seconds(self, at: float) -> float | None:
        """Return the estimated seconds to the last step."""
        if self._eta is None or self._ended is not None or self.status in _WAITING:
            return None
        told, seconds = self._eta
        return max(0.0, seconds - (at - told))


def curve(values: list[float]) -> str:
    """Draw numbers as bars, lowest to highest, neighbours averaged so that all fit in; those not finite left out."""
    finite = [value for value in values if abs(value) < float("inf")]
    if not finite:
        return ""
    count = min(len(finite), CURVE_POINTS)
    edges = [len(finite) * index // count for index in range(count + 1)]
    means = [sum(finite[begin:end]) / (end - begin) for begin, end in pairwise(edges)]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((mean - low) * scale)] for mean in means)
