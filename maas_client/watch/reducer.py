"""From looks at a job to what happened to it: each thing told once, in order, and the end never missed.

Theory of operation. A look is a whole picture, events are what is new in it. So all that must be remembered is what was
told: a status, the last step of each metric, the warnings. After each event that memory is written into the event's
resume token; whoever starts from it and looks again sees the same picture and is told the rest.

The metrics of one step are read with several requests, one a metric, while training goes on: the last of them may show
a step that the first could not show yet. Therefore a step is told one look after it was first seen, when all its
numbers are there; at the end everything is told. `high_water` counts what was told, so that the caller reads a step
that was held back again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from maas_client.errors import ConfigurationError
from maas_client.types import FineTuningJob, JobEvent, JobProgress, JobStatus, MetricPoint
from maas_client.watch.progress import advance, progress_of
from maas_client.watch.state import State, digest
from maas_client.watch.wording import metrics_line, one_line, status_line

Level = Literal["info", "warning", "error"]

_BEFORE_TRAINING = frozenset({JobStatus.VALIDATING_FILES, JobStatus.QUEUED})
_TRAINING = frozenset({JobStatus.RUNNING, JobStatus.PAUSING, JobStatus.PAUSED, JobStatus.RESUMING})
_LEVELS: Mapping[JobStatus, Level] = {
    JobStatus.FAILED: "error",
    JobStatus.CANCELLED: "warning",
    JobStatus.UNKNOWN: "warning",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one look saw. Read the job first and its metrics after it, so that the last look has the last metrics."""

    job: FineTuningJob
    seen_at: datetime
    """When (UTC)."""
    metrics: tuple[MetricPoint, ...] = ()
    """All points, or those above `Reducer.high_water`; in any order, duplicates do no harm."""
    warnings: tuple[str, ...] = ()
    """All warnings of the run so far."""


class Reducer:
    """Tells what is new. One for one watch of one job."""

    def __init__(self, resume_token: str | None = None) -> None:
        """Start from the beginning, or after the event that carried `resume_token`.

        Raises:
            ConfigurationError: The text is not such a token, or one of a later version.
        """
        self._state = State() if resume_token is None else State.from_token(resume_token)

    @property
    def high_water(self) -> Mapping[str, int]:
        """The last step told of each metric; points up to it need not be read again."""
        return self._state.high_water

    @property
    def resume_token(self) -> str:
        """A text from which another reducer goes on with the next look."""
        return self._state.to_token()

    def feed(self, snapshot: Snapshot) -> list[JobEvent]:
        """Return what is new: a change of status, metrics by step, warnings, and last of all the end.

        After the end this is nothing, whatever the service says later.

        Raises:
            ConfigurationError: The resume token belongs to another job.
        """
        job = snapshot.job
        self._check(job)
        if self._state.is_over:
            return []
        events: list[JobEvent] = []
        if not job.status.is_terminal:
            events += self._status(snapshot)
        events += self._metrics(snapshot)
        events += self._warnings(snapshot)
        if job.status.is_terminal:
            events += self._status(snapshot)
        newest = max((point.step for point in snapshot.metrics), default=-1)
        self._state = replace(self._state, settled_step=max(self._state.settled_step, newest))
        return events

    def note(self, snapshot_job: FineTuningJob, seen_at: datetime, level: Level, message: str) -> JobEvent:
        """Make an event of what the watcher has to say itself, such as a lost connection."""
        return self._event(Snapshot(snapshot_job, seen_at), "message", one_line(message), level=level)

    def _check(self, job: FineTuningJob) -> None:
        known = self._state.job_name
        if known and known != job.name:
            raise ConfigurationError(
                f"The resume token belongs to the job {known!r}, not to {job.name!r}.",
                hint=f"Watch {known!r} with it, or watch {job.name!r} without a resume token.",
            )
        self._state = replace(self._state, job_name=job.name)

    def _status(self, snapshot: Snapshot) -> Iterable[JobEvent]:
        job, state = snapshot.job, self._state
        shown = self._shown(job)
        if (shown, job.raw_status) == (state.status, state.raw_status):
            return
        self._state = replace(
            state, status=shown, raw_status=job.raw_status, has_run=state.has_run or shown in _TRAINING
        )
        yield self._event(snapshot, "status", status_line(job, shown), level=_LEVELS.get(shown, "info"))

    def _metrics(self, snapshot: Snapshot) -> Iterable[JobEvent]:
        job = snapshot.job
        for step, points in sorted(self._untold(snapshot).items()):
            reported = [point.created_at for point in points.values() if point.created_at is not None]
            # A service's clock may run ahead of ours, a local server's by far: nothing happened after it was seen.
            at = min(max(reported, default=snapshot.seen_at), snapshot.seen_at)
            metrics = {key: point.value for key, point in sorted(points.items())}
            state = self._state
            track = advance(state.track, step, metrics, at.timestamp(), job.hyperparameters.n_epochs)
            told = MappingProxyType({**state.high_water, **dict.fromkeys(metrics, step)})
            self._state = replace(state, track=track, high_water=told)
            progress = progress_of(track, step)
            line = metrics_line(metrics, progress)
            yield self._event(snapshot, "metrics", line, at=at, metrics=metrics, progress=progress)

    def _untold(self, snapshot: Snapshot) -> Mapping[int, dict[str, MetricPoint]]:
        state, is_last = self._state, snapshot.job.status.is_terminal
        steps: defaultdict[int, dict[str, MetricPoint]] = defaultdict(dict)
        for point in snapshot.metrics:
            is_new = point.step > state.high_water.get(point.key, -1)
            if is_new and (is_last or point.step <= state.settled_step):
                steps[point.step].setdefault(point.key, point)
        return steps

    def _warnings(self, snapshot: Snapshot) -> Iterable[JobEvent]:
        for warning in snapshot.warnings:
            mark = digest(warning)
            if mark not in self._state.warned:
                self._state = replace(self._state, warned=(*self._state.warned, mark))
                yield self._event(snapshot, "message", one_line(warning), level="warning")

    def _shown(self, job: FineTuningJob) -> JobStatus:
        return JobStatus.RUNNING if self._state.has_run and job.status in _BEFORE_TRAINING else job.status

    def _standing(self, job: FineTuningJob) -> JobStatus:
        """Return what was last told: no event before the last one says that the job is over."""
        if self._state.status is not None:
            return self._state.status
        return JobStatus.RUNNING if job.status.is_terminal else job.status

    def _event(
        self,
        snapshot: Snapshot,
        kind: Literal["status", "metrics", "message"],
        message: str,
        *,
        level: Level = "info",
        at: datetime | None = None,
        metrics: Mapping[str, float] | None = None,
        progress: JobProgress | None = None,
    ) -> JobEvent:
        job = snapshot.job
        return JobEvent(
            type=kind,
            level=level,
            message=message,
            job_name=job.name,
            created_at=at or snapshot.seen_at,
            status=self._standing(job),
            raw_status=self._state.raw_status or job.raw_status,
            metrics=dict(metrics or {}),
            progress=progress,
            resume_token=self._state.to_token(),
        )
