"""Follow a job: look, tell what is new, wait, look again."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Literal, TypeVar, get_args

from maas_client.errors import (
    ConfigurationError,
    JobCancelledError,
    JobFailedError,
    MaaSError,
    NotFoundError,
    WaitTimeoutError,
)
from maas_client.resources._pace import Pace
from maas_client.resources._session import Session
from maas_client.types import FineTuningJob, JobEvent, JobStatus, MetricPoint
from maas_client.watch import Overfitting, Reducer, Snapshot, Stall, advice

Until = Literal["running", "completed"]
"""What is waited for: that the job has left the queue, or that it has ended."""

logger = logging.getLogger("maas_client")

STARTED = {JobStatus.RUNNING, JobStatus.PAUSING, JobStatus.PAUSED, JobStatus.RESUMING}
_REPORTING = {JobStatus.RUNNING, JobStatus.CANCELLING, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}

_SAID: Mapping[str, object] = {"type": "message", "level": "warning", "metrics": {}, "progress": None}

LATE_MODEL_POLLS = 10
LATE_JOB_POLLS = 10
"""So often a job that the service has acknowledged may be missing, before it was seen, until that is believed."""

T = TypeVar("T")


class Watcher:
    """One loop over one job."""

    def __init__(self, session: Session, name: str, resume_token: str | None, *, acknowledged: bool) -> None:
        """Make the loop; `acknowledged`: the service has said that there is this job, whatever a read says yet."""
        self._session = session
        self._name = name
        self._reducer = Reducer(resume_token)
        self._pace = Pace(session)
        self._polls_without_model = 0
        self._polls_without_job = 0 if acknowledged else LATE_JOB_POLLS
        self._last: FineTuningJob | None = None
        self._warnings: tuple[str, ...] = ()
        self._stall = Stall()
        self._overfitting = Overfitting()

    async def events(self, timeout: float | None) -> AsyncGenerator[JobEvent, None]:
        """Give events until the job has ended."""
        deadline = await self._deadline(timeout)
        while True:
            failures = self._pace.failures
            seen = await self._pace.ask(partial(self._unless_late, self._look), deadline=deadline)
            if seen is None:
                await self._pause(deadline)
                continue
            if isinstance(seen, MaaSError):
                if failures == 0 and self._last is not None:
                    yield await self._note(self._last, "warning", f"Connection lost ({seen.message}) Trying again.")
                await self._pause(deadline, error=seen)
                continue
            if failures > 0 and self._last is not None:
                yield await self._note(self._last, "info", "Connected again.")
            news = self._reducer.feed(seen)
            for event in news:
                yield event
                if hint := self._overfitting.look(event):
                    # As of that event: the job may be over by now, which the last event alone says.
                    yield event.model_copy(update={**_SAID, "message": hint})
            if seen.job.status.is_terminal:
                return
            if stalled := self._stall.look(seen.job, await self._session.io.monotonic(), news=bool(news)):
                yield await self._note(seen.job, "warning", stalled)
            self._remember(seen.job, told=bool(news))
            await self._pause(deadline)

    async def until_ended(self, timeout: float | None, *, until: Until = "completed") -> FineTuningJob:
        """Look at nothing but the status until the job has ended, or runs, and return it."""
        if until not in get_args(Until):
            raise ConfigurationError(f"There is no waiting until {until!r}.", hint="Wait until running or completed.")
        deadline = await self._deadline(timeout)
        while True:
            seen = await self._pace.ask(partial(self._unless_late, self._get), deadline=deadline)
            if seen is None:
                await self._pause(deadline)
                continue
            if isinstance(seen, MaaSError):
                await self._pause(deadline, error=seen)
                continue
            if seen.status.is_terminal and not self._awaits_model(seen):
                return seen
            if until == "running" and seen.status in STARTED:
                return seen
            await self._log_stall(seen)
            self._remember(seen, told=False)
            await self._pause(deadline)

    async def _log_stall(self, job: FineTuningJob) -> None:
        # While training runs, whether it stalls shows in its numbers alone, which nobody reads here.
        if job.status not in STARTED and (stalled := self._stall.look(job, await self._session.io.monotonic())):
            logger.warning("%s: %s", job.name, stalled)

    def _remember(self, job: FineTuningJob, *, told: bool) -> None:
        changed = self._last is None or job.raw_status != self._last.raw_status
        self._pace.mark(changed=changed, told=told)
        self._last = job

    def _awaits_model(self, job: FineTuningJob) -> bool:
        """Tell whether the model is still to come: it is registered a moment before or after the job says Completed."""
        if job.status is not JobStatus.SUCCEEDED or job.fine_tuned_model is not None:
            return False
        self._polls_without_model += 1
        return self._polls_without_model <= LATE_MODEL_POLLS

    async def _unless_late(self, look: Callable[[], Awaitable[T]]) -> T | None:
        """Look; nothing while reads are behind the write that made the job."""
        try:
            return await look()
        except NotFoundError:
            self._polls_without_job += 1
            if self._last is not None or self._polls_without_job > LATE_JOB_POLLS:
                raise
            return None

    async def _get(self) -> FineTuningJob:
        return await self._pace.run(self._session.dialect.jobs.get(self._name))

    async def _look(self) -> Snapshot:
        job = await self._get()
        metrics: tuple[MetricPoint, ...] = ()
        if job.status in _REPORTING:
            with suppress(NotFoundError):  # what a run tells may come into being after the run
                metrics = await self._new_metrics()
            if self._last is None or self._last.raw_status != job.raw_status:
                with suppress(NotFoundError):
                    self._warnings = await self._pace.run(self._session.dialect.runs.warnings(self._name))
        return Snapshot(job=job, seen_at=await self._session.io.now(), metrics=metrics, warnings=self._warnings)

    async def _new_metrics(self) -> tuple[MetricPoint, ...]:
        flows = self._session.dialect.metrics
        told: Mapping[str, int] = self._reducer.high_water
        latest = await self._pace.run(flows.latest(self._name))
        moved = [key for key, point in latest.items() if point.step > told.get(key, -1)]

        async def history(key: str) -> tuple[MetricPoint, ...]:
            return await self._pace.run(flows.history(self._name, key))

        histories = await self._session.io.map(history, moved, limit=4)
        return tuple(point for points in histories for point in points)

    async def _note(self, job: FineTuningJob, level: Literal["info", "warning"], message: str) -> JobEvent:
        return self._reducer.note(job, await self._session.io.now(), level, message)

    async def _deadline(self, timeout: float | None) -> float | None:
        return None if timeout is None else await self._session.io.monotonic() + timeout

    async def _pause(self, deadline: float | None, *, error: MaaSError | None = None) -> None:
        if not await self._pace.pause(deadline, error=error):
            where = self._last.status.value if self._last is not None else "unknown"
            raise WaitTimeoutError(
                f"The job {self._name} has not ended ({where}); it goes on.",
                resume_token=self._reducer.resume_token,
                hint=f"Go on watching: maas-ft jobs watch {self._name}",
            )


def succeeded(ended: FineTuningJob) -> FineTuningJob:
    """Return a job that has succeeded; raise what became of any other."""
    if ended.status is JobStatus.SUCCEEDED:
        return ended
    if ended.status is JobStatus.CANCELLED:
        raise JobCancelledError(f"The job {ended.name} was cancelled.", job=ended)
    reason = f"{ended.error.code}: {ended.error.message}" if ended.error else "the service gave no reason"
    raise JobFailedError(
        f"The job {ended.name} failed: {reason}",
        job=ended,
        error=ended.error,
        hint=advice(ended),
    )
