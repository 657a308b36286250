"""`client.jobs`."""

from __future__ import annotations

import os
from contextlib import aclosing
from typing import TYPE_CHECKING, Unpack

from maas_client.core import stepping
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import BadRequestError, ConfigurationError, ConflictError
from maas_client.resources import _job_parts as parts
from maas_client.resources._job_filters import View, check_status, write_properties, write_view
from maas_client.resources._names import check_job_name
from maas_client.resources._session import Session, mirrors
from maas_client.types import FineTuningJob, JobStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

    from maas_client.resources._job_create import JobOptions
    from maas_client.resources._job_metrics import MetricSource
    from maas_client.resources._job_watch import Until
    from maas_client.resources._poller import AsyncPoller, Poller
    from maas_client.types import Artifact, ChildJob, DataAsset, Download, File, JobEvent, Metrics


class AsyncJobs:
    """Fine-tuning jobs. A job runs at the service whether anybody watches it or not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(
        self, model: str, *, training_file: File | DataAsset | str, **options: Unpack[JobOptions]
    ) -> FineTuningJob:
        """Create a fine-tuning job; return at once, before training starts.

        The name makes it safe to repeat: the same definition under the same name is one job, however often it is sent.

        Args:
            model: Base model as the catalog spells it, such as `Phi-4-mini-instruct`.
            training_file: From `files.upload`, a data asset, the id of either, or `azureml:name:version`.
            **options: All of these may be left out.
                validation_file: As `training_file`; without it the service holds back a fifth of the training rows.
                n_epochs: Passes over the training file, at least 1; the service's choice if left out.
                batch_size: Rows in one step on one device, at least 1; the service's choice if left out.
                learning_rate: Peak learning rate, above 0; the service's choice if left out.
                learning_rate_multiplier: Not of this service, which takes `learning_rate`.
                name: A letter or digit, then letters, digits, hyphens and underscores; made up if left out.
                output_model: Name of the fine-tuned model; the job's if left out.
                display_name: For people; the job's name if left out.
                description: For people.
                experiment_name: Groups jobs in the studio; `maas-client` if left out.
                tags: Yours to set and to change. Creating a job again replaces the tags that it has.
                properties: Yours to set, once: the service adds to them, and a value is never changed.
                compute: Your machines to train on; the service's own if left out.
                notifications: Who gets mail when the job ends.
                allow_retired: Try it with a model that the service no longer trains.

        Returns:
            The job, not yet ended as a rule.

        Raises:
            ConfigurationError: Model, name or hyperparameter is wrong, or the model is retired. Nothing was sent.
            ConflictError: A job of this name has another definition.
            AmbiguousWriteError: No answer came, and looking did not tell whether the job exists.
            StatusError: The service said no.
        """
        return await parts.create_job(self._session, model, training_file=training_file, **options)

    async def get(self, job: FineTuningJob | str) -> FineTuningJob:
        """Get a job as it is now.

        Once it has succeeded, `fine_tuned_model` is filled (one more call, the first time); once failed, `error`.

        Raises:
            NotFoundError: There is none of this name.
        """
        return await self._session.run(self._session.dialect.jobs.get(_name(job)))

    def list(
        self,
        *,
        status: JobStatus | str | None = None,
        tag: str | None = None,
        properties: Mapping[str, str | None] | None = None,
        view: View = "active",
    ) -> AsyncPager[FineTuningJob]:
        """List fine-tuning jobs; pages are fetched as you go. `fine_tuned_model` and `error` are left to `get`.

        Args:
            status: Only jobs that stand there; sorted out on this side, since the service cannot.
            tag: Only jobs that have this tag, whatever its value.
            properties: Only jobs that have these properties; `None` stands for any value.
            view: `active` leaves out what was archived; `archived` gives nothing else; `all` gives both.

        Raises:
            ConfigurationError: There is no such status or view, or a property cannot be asked for.
        """
        wanted = None if status is None else check_status(status)
        seen, asked = write_view(view), write_properties(properties or {})

        async def fetch(cursor: str | None) -> Page[FineTuningJob]:
            flow = self._session.dialect.jobs.list_page(cursor, view=seen, tag=tag, properties=asked)
            return await self._session.run(flow)

        keep = None if wanted is None else (lambda job: job.status is wanted)
        return AsyncPager(fetch, key=lambda job: job.name, keep=keep)

    async def update(
        self,
        job: FineTuningJob | str,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> FineTuningJob:
        """Change what may be changed of a job, and return it; what is left out stays.

        Args:
            job: The job, or its name.
            display_name: For people.
            description: For people.
            tags: Added to those that it has; one of the same key gets the new value, and none is taken away.
            properties: Added likewise; the service refuses another value for one that it has.

        Raises:
            ConfigurationError: There is nothing to change.
            NotFoundError: There is none of this name.
        """
        given = {"displayName": display_name, "description": description, "tags": tags, "properties": properties}
        changes = {
            key: value if isinstance(value, str) else dict(value)
            for key, value in given.items()
            if value not in (None, {})
        }
        if not changes:
            raise ConfigurationError("There is nothing to change.", hint="Give a name, description, tag or property.")
        return await self._change(job, changes)

    async def archive(self, job: FineTuningJob | str) -> FineTuningJob:
        """Hide a job from lists; it and its model stay, and `restore` brings it back.

        Raises:
            NotFoundError: There is none of this name.
        """
        return await self._change(job, {"hidden": True})

    async def restore(self, job: FineTuningJob | str) -> FineTuningJob:
        """Show an archived job in lists again.

        Raises:
            NotFoundError: There is none of this name.
        """
        return await self._change(job, {"hidden": False})

    async def cancel(self, job: FineTuningJob | str) -> FineTuningJob:
        """Ask the service to stop a job; return once it has taken note. A job that has ended stays as it is.

        Raises:
            NotFoundError: There is none of this name.
        """
        name = _name(job)
        try:
            await self._session.run(self._session.dialect.jobs.cancel(name))
        except (ConflictError, BadRequestError):  # which of them says that it has ended is not documented
            current = await self.get(name)
            if current.status.is_terminal or current.status is JobStatus.CANCELLING:
                return current
            raise
        return await self.get(name)

    async def begin_delete(self, job: FineTuningJob | str) -> AsyncPoller[None]:
        """Start to delete a job that has ended; return at once. Its model stays.

        Raises:
            ConflictError: It has not ended.
            NotFoundError: There is none of this name.
        """
        return await parts.begin_delete(self._session, _name(job))

    def children(self, job: FineTuningJob | str) -> AsyncPager[ChildJob]:
        """List the parts of a job that the service shows as jobs of their own; none, as a rule, for serverless jobs.

        Raises:
            NotFoundError: There is none of this name; raised by the iteration.
        """
        name = _name(job)

        async def fetch(cursor: str | None) -> Page[ChildJob]:
            return await self._session.run(self._session.dialect.runs.children_page(name, cursor))

        return AsyncPager(fetch, key=lambda child: child.name)

    async def warnings(self, job: FineTuningJob | str) -> tuple[str, ...]:
        """Get what the service warned of so far, such as rows of the training file that it skipped.

        Raises:
            NotFoundError: There is no job of this name, or nothing is known of its run yet.
        """
        return await self._session.run(self._session.dialect.runs.warnings(_name(job)))

    async def metrics(self, job: FineTuningJob | str, *, source: MetricSource | None = None) -> Metrics:
        """Get every number that training reported so far, ordered by step, then key.

        Args:
            job: The job, or its name.
            source: `mlflow` or `native`, the two ways in which the service tells them; `None` takes MLflow's, and the
                other if that one is not to be had. The values are the same.

        Raises:
            NotFoundError: There is no job of this name.
        """
        return await parts.read_metrics(self._session, _name(job), source)

    async def logs(self, job: FineTuningJob | str, *, follow: bool = False) -> AsyncGenerator[str, None]:
        """Iterate over the lines of the job's log, line ends left out.

        Args:
            job: The job, or its name.
            follow: False gives the log as it is now. True goes on with new lines until the job has ended; outages and
                signed URLs that expire are lived through.

        Raises:
            NotFoundError: There is none of this name.
            TransportError: Following: the service was out of reach for a quarter of an hour.
        """
        lines = (parts.follow_logs if follow else parts.read_logs)(self._session, _name(job))
        async with aclosing(lines):
            async for line in lines:
                yield line

    def artifacts(self, job: FineTuningJob | str) -> AsyncPager[Artifact]:
        """List the files that a job has left so far: logs, checkpoints, the adapter; pages are fetched as you go."""
        return parts.artifacts(self._session, parts.artifacts_uri(_name(job)))

    async def download(
        self, job: FineTuningJob | str, folder: str | os.PathLike[str], *, overwrite: bool = False
    ) -> Download:
        """Fetch the files that a job has left so far; as `models.download`, which fetches the model alone.

        Raises:
            NotFoundError: There is no job of this name.
            ConfigurationError: A file is there already and differs, or cannot be written.
            PreconditionFailedError: A file changed at the service meanwhile, as logs of a running job do.
        """
        name = (await self.get(job)).name
        return await parts.download(self._session, parts.artifacts_uri(name), os.fspath(folder), overwrite=overwrite)

    async def watch(
        self,
        job: FineTuningJob | str,
        *,
        resume_token: str | None = None,
        timeout: float | None = None,
    ) -> AsyncGenerator[JobEvent, None]:
        """Iterate over what happens to a job, until it has ended: in order, nothing twice, outages lived through.

        Leaving the loop stops the watching only; the job goes on.

        Args:
            job: The job, or its name.
            resume_token: Of the last event seen, to go on after it, also in another process.
            timeout: Seconds to watch at most; `None` watches to the end.

        Raises:
            NotFoundError: There is none of this name.
            WaitTimeoutError: The time is over; the job goes on.
            TransportError: The service was out of reach for a quarter of an hour.
        """
        watcher = parts.Watcher(self._session, _name(job), resume_token, acknowledged=isinstance(job, FineTuningJob))
        async for event in watcher.events(timeout):
            yield event

    async def wait(
        self, job: FineTuningJob | str, *, until: Until = "completed", timeout: float | None = None
    ) -> FineTuningJob:
        """Wait until a job has succeeded, and return it with its `fine_tuned_model`; or until it runs.

        A stage that lasts longer than usual is logged, once, as a warning; `watch` tells more, as it sees the numbers.

        Args:
            job: The job, or its name.
            until: `completed`, or `running`: it has left the queue, or has succeeded already.
            timeout: Seconds to wait at most; `None` waits to the end.

        Raises:
            JobFailedError: It failed; `error` has the service's reason.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: The time is over; the job goes on, and waiting again goes on too.
            TransportError: The service was out of reach for a quarter of an hour.
        """
        watcher = parts.Watcher(self._session, _name(job), None, acknowledged=isinstance(job, FineTuningJob))
        seen = await watcher.until_ended(timeout, until=until)
        return parts.succeeded(seen) if seen.status.is_terminal else seen

    async def _change(self, job: FineTuningJob | str, changes: Mapping[str, object]) -> FineTuningJob:
        known = job if isinstance(job, FineTuningJob) else await self.get(job)
        await self._session.run(self._session.dialect.runs.update(known.name, known.experiment_name, changes))
        return await self.get(known.name)


def _name(job: FineTuningJob | str) -> str:
    return check_job_name(job) if isinstance(job, str) else job.name


@mirrors(AsyncJobs)
class Jobs:
    def __init__(self, jobs: AsyncJobs) -> None:
        self._jobs = jobs

    def create(
        self, model: str, *, training_file: File | DataAsset | str, **options: Unpack[JobOptions]
    ) -> FineTuningJob:
        return stepping.run(self._jobs.create(model, training_file=training_file, **options))

    def get(self, job: FineTuningJob | str) -> FineTuningJob:
        return stepping.run(self._jobs.get(job))

    def list(
        self,
        *,
        status: JobStatus | str | None = None,
        tag: str | None = None,
        properties: Mapping[str, str | None] | None = None,
        view: View = "active",
    ) -> Pager[FineTuningJob]:
        return Pager(self._jobs.list(status=status, tag=tag, properties=properties, view=view))

    def update(
        self,
        job: FineTuningJob | str,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> FineTuningJob:
        return stepping.run(
            self._jobs.update(job, display_name=display_name, description=description, tags=tags, properties=properties)
        )

    def archive(self, job: FineTuningJob | str) -> FineTuningJob:
        return stepping.run(self._jobs.archive(job))

    def restore(self, job: FineTuningJob | str) -> FineTuningJob:
        return stepping.run(self._jobs.restore(job))

    def cancel(self, job: FineTuningJob | str) -> FineTuningJob:
        return stepping.run(self._jobs.cancel(job))

    def begin_delete(self, job: FineTuningJob | str) -> Poller[None]:
        return parts.Poller(stepping.run(self._jobs.begin_delete(job)))

    def children(self, job: FineTuningJob | str) -> Pager[ChildJob]:
        return Pager(self._jobs.children(job))

    def warnings(self, job: FineTuningJob | str) -> tuple[str, ...]:
        return stepping.run(self._jobs.warnings(job))

    def metrics(self, job: FineTuningJob | str, *, source: MetricSource | None = None) -> Metrics:
        return stepping.run(self._jobs.metrics(job, source=source))

    def logs(self, job: FineTuningJob | str, *, follow: bool = False) -> Generator[str, None, None]:
        return stepping.iterate(self._jobs.logs(job, follow=follow))

    def artifacts(self, job: FineTuningJob | str) -> Pager[Artifact]:
        return Pager(self._jobs.artifacts(job))

    def download(
        self, job: FineTuningJob | str, folder: str | os.PathLike[str], *, overwrite: bool = False
    ) -> Download:
        return stepping.run(self._jobs.download(job, folder, overwrite=overwrite))

    def watch(
        self,
        job: FineTuningJob | str,
        *,
        resume_token: str | None = None,
        timeout: float | None = None,
    ) -> Generator[JobEvent, None, None]:
        return stepping.iterate(self._jobs.watch(job, resume_token=resume_token, timeout=timeout))

    def wait(
        self, job: FineTuningJob | str, *, until: Until = "completed", timeout: float | None = None
    ) -> FineTuningJob:
        return stepping.run(self._jobs.wait(job, until=until, timeout=timeout))
