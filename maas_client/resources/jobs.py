"""`client.jobs`."""

import logging
from collections.abc import AsyncGenerator, Generator, Mapping
from itertools import chain

from maas_client import catalog
from maas_client.backends.azureml.jobs import FINGERPRINT, JobDraft
from maas_client.core import stepping
from maas_client.core.paging import AsyncPager, Page, Pager
from maas_client.errors import (
    AmbiguousWriteError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    JobCancelledError,
    JobFailedError,
    MaaSError,
    NotFoundError,
    UnsupportedByServiceError,
)
from maas_client.resources._job_logs import read_logs
from maas_client.resources._job_watch import Watcher
from maas_client.resources._names import check_job_name, new_job_name
from maas_client.resources._session import Session, mirrors
from maas_client.types import File, FineTuningJob, Hyperparameters, JobEvent, JobStatus, MetricPoint

logger = logging.getLogger("maas_client")


class AsyncJobs:
    """Fine-tuning jobs. A job runs at the service whether anybody watches it or not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(
        self,
        model: str,
        *,
        training_file: File | str,
        validation_file: File | str | None = None,
        n_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        learning_rate_multiplier: float | None = None,
        name: str | None = None,
        output_model: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        experiment_name: str = "maas-client",
        tags: Mapping[str, str] | None = None,
        allow_retired: bool = False,
    ) -> FineTuningJob:
        """Create a fine-tuning job; return at once, before training starts.

        The name makes it safe to repeat: the same definition under the same name is one job, however often it is sent.

        Args:
            model: Base model as the catalog spells it, such as `Phi-4-mini-instruct`.
            training_file: From `files.upload`, or its id.
            validation_file: Likewise; `None` lets the service hold back a fifth of the training rows.
            n_epochs: Passes over the training file, at least 1; `None` leaves it to the service.
            batch_size: Rows in one step on one device, at least 1; `None` leaves it to the service.
            learning_rate: Peak learning rate, above 0; `None` leaves it to the service.
            learning_rate_multiplier: Not of this service, which takes `learning_rate`.
            name: A letter or digit, then letters, digits, hyphens and underscores; `None` makes one up.
            output_model: Name of the fine-tuned model; `None` takes the job's.
            display_name: For people; `None` takes the job's name.
            description: For people.
            experiment_name: Groups jobs in the studio.
            tags: Yours to set.
            allow_retired: Try it with a model that the service no longer trains.

        Returns:
            The job, not yet ended as a rule.

        Raises:
            ConfigurationError: Model, name or hyperparameter is wrong, or the model is retired. Nothing was sent.
            ConflictError: A job of this name has another definition.
            AmbiguousWriteError: No answer came, and looking did not tell whether the job exists.
            StatusError: The service said no.
        """
        if learning_rate_multiplier is not None:
            raise UnsupportedByServiceError(
                "This service takes no learning_rate_multiplier.", hint="Give learning_rate, such as 2e-5."
            )
        base = catalog.get(model)
        today = (await self._session.io.now()).date()
        for warning in (
            *catalog.check_finetune(base, today=today, emulator=self._session.emulator, allow_retired=allow_retired),
            *catalog.check_hyperparameters(base, n_epochs=n_epochs, batch_size=batch_size, learning_rate=learning_rate),
        ):
            logger.warning("%s", warning)
        chosen = check_job_name(name) if name is not None else new_job_name(base.id)
        draft = JobDraft(
            name=chosen,
            model_uri=catalog.uri(base),
            training_file=_file_id(training_file),
            validation_file=None if validation_file is None else _file_id(validation_file),
            hyperparameters=Hyperparameters(n_epochs=n_epochs, batch_size=batch_size, learning_rate=learning_rate),
            output_model=output_model or chosen,
            display_name=display_name,
            description=description,
            experiment_name=experiment_name,
            tags=dict(tags or {}),
        )
        try:
            return await self._session.run(self._session.dialect.jobs.create(draft))
        except MaaSError as error:
            if not error.may_have_happened:
                raise
            return await self._look_for(draft, error)

    async def get(self, job: FineTuningJob | str) -> FineTuningJob:
        """Get a job as it is now.

        Once it has succeeded, `fine_tuned_model` is filled (one more call, the first time); once failed, `error`.

        Raises:
            NotFoundError: There is none of this name.
        """
        return await self._session.run(self._session.dialect.jobs.get(_name(job)))

    def list(self, *, status: JobStatus | str | None = None, tag: str | None = None) -> AsyncPager[FineTuningJob]:
        """List fine-tuning jobs; pages are fetched as you go. `fine_tuned_model` and `error` are left to `get`.

        Args:
            status: Only jobs that stand there; sorted out on this side, since the service cannot.
            tag: Only jobs that have this tag, whatever its value.

        Raises:
            ConfigurationError: There is no such status.
        """
        wanted = None if status is None else _status(status)

        async def fetch(cursor: str | None) -> Page[FineTuningJob]:
            return await self._session.run(self._session.dialect.jobs.list_page(cursor, tag=tag))

        keep = None if wanted is None else (lambda job: job.status is wanted)
        return AsyncPager(fetch, key=lambda job: job.name, keep=keep)

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

    async def metrics(self, job: FineTuningJob | str) -> tuple[MetricPoint, ...]:
        """Get every number that training reported so far, ordered by step, then key.

        Raises:
            NotFoundError: There is no job of this name.
        """
        name = _name(job)
        flows = self._session.dialect.metrics
        try:
            latest = await self._session.run(flows.latest(name))
        except NotFoundError:
            await self.get(name)  # the job is missing, or has not reported anything yet
            return ()

        async def history(key: str) -> tuple[MetricPoint, ...]:
            return await self._session.run(flows.history(name, key))

        histories = await self._session.io.map(history, tuple(latest), limit=4)
        points = chain.from_iterable(histories)
        return tuple(sorted(points, key=lambda point: (point.step, point.key)))

    async def logs(self, job: FineTuningJob | str) -> AsyncGenerator[str, None]:
        """Iterate over the lines of the job's log as it is now, line ends left out."""
        async for line in read_logs(self._session, _name(job)):
            yield line

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
        watcher = Watcher(self._session, _name(job), resume_token)
        async for event in watcher.events(timeout):
            yield event

    async def wait(self, job: FineTuningJob | str, *, timeout: float | None = None) -> FineTuningJob:
        """Wait until a job has succeeded, and return it with its `fine_tuned_model`.

        Args:
            job: The job, or its name.
            timeout: Seconds to wait at most; `None` waits to the end.

        Raises:
            JobFailedError: It failed; `error` has the service's reason.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: The time is over; the job goes on, and waiting again goes on too.
            TransportError: The service was out of reach for a quarter of an hour.
        """
        ended = await Watcher(self._session, _name(job), None).until_ended(timeout)
        if ended.status is JobStatus.SUCCEEDED:
            return ended
        if ended.status is JobStatus.CANCELLED:
            raise JobCancelledError(f"The job {ended.name} was cancelled.", job=ended)
        reason = f"{ended.error.code}: {ended.error.message}" if ended.error else "the service gave no reason"
        raise JobFailedError(
            f"The job {ended.name} failed: {reason}",
            job=ended,
            error=ended.error,
            hint=f"Read its log: maas-ft jobs logs {ended.name}. A new attempt needs a new name.",
        )

    async def _look_for(self, draft: JobDraft, lost: MaaSError) -> FineTuningJob:
        """After an answer was lost: adopt the job if it is ours."""
        try:
            found = await self.get(draft.name)
        except NotFoundError:
            raise lost from None
        except MaaSError as error:
            raise AmbiguousWriteError(
                f"The job {draft.name} may or may not have been created: {lost.message}",
                hint=f"Look with `maas-ft jobs get {draft.name}`, or submit again under that name: it stays one job.",
                operation="Jobs_CreateOrUpdate",
            ) from error
        if found.properties.get(FINGERPRINT) == draft.fingerprint():
            return found
        raise ConflictError(
            f"A job named {draft.name} exists and has another definition.",
            status=409,
            operation="Jobs_CreateOrUpdate",
            hint="Use another name, or the definition that the existing job has.",
        ) from lost


def _name(job: FineTuningJob | str) -> str:
    return check_job_name(job) if isinstance(job, str) else job.name


def _file_id(file: File | str) -> str:
    return file.id if isinstance(file, File) else file


def _status(status: JobStatus | str) -> JobStatus:
    try:
        return JobStatus(status)
    except ValueError:
        words = ", ".join(word.value for word in JobStatus)
        raise ConfigurationError(f"{status!r} is no job status.", hint=f"One of: {words}.") from None


@mirrors(AsyncJobs)
class Jobs:
    def __init__(self, jobs: AsyncJobs) -> None:
        self._jobs = jobs

    def create(
        self,
        model: str,
        *,
        training_file: File | str,
        validation_file: File | str | None = None,
        n_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        learning_rate_multiplier: float | None = None,
        name: str | None = None,
        output_model: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        experiment_name: str = "maas-client",
        tags: Mapping[str, str] | None = None,
        allow_retired: bool = False,
    ) -> FineTuningJob:
        return stepping.run(
            self._jobs.create(
                model,
                training_file=training_file,
                validation_file=validation_file,
                n_epochs=n_epochs,
                batch_size=batch_size,
                learning_rate=learning_rate,
                learning_rate_multiplier=learning_rate_multiplier,
                name=name,
                output_model=output_model,
                display_name=display_name,
                description=description,
                experiment_name=experiment_name,
                tags=tags,
                allow_retired=allow_retired,
            )
        )

    def get(self, job: FineTuningJob | str) -> FineTuningJob:
        return stepping.run(self._jobs.get(job))

    def list(self, *, status: JobStatus | str | None = None, tag: str | None = None) -> Pager[FineTuningJob]:
        return Pager(self._jobs.list(status=status, tag=tag))

    def cancel(self, job: FineTuningJob | str) -> FineTuningJob:
        return stepping.run(self._jobs.cancel(job))

    def metrics(self, job: FineTuningJob | str) -> tuple[MetricPoint, ...]:
        return stepping.run(self._jobs.metrics(job))

    def logs(self, job: FineTuningJob | str) -> Generator[str, None, None]:
        return stepping.iterate(self._jobs.logs(job))

    def watch(
        self,
        job: FineTuningJob | str,
        *,
        resume_token: str | None = None,
        timeout: float | None = None,
    ) -> Generator[JobEvent, None, None]:
        return stepping.iterate(self._jobs.watch(job, resume_token=resume_token, timeout=timeout))

    def wait(self, job: FineTuningJob | str, *, timeout: float | None = None) -> FineTuningJob:
        return stepping.run(self._jobs.wait(job, timeout=timeout))
