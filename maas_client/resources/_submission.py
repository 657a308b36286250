"""A submission at work: steps that are done once, whatever happens in between.

A step that was begun and of which no result is known is looked for at the service before anything is repeated.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import sha256

import msgspec

from maas_client.core.journal import Data, Journal, Kind, Record
from maas_client.errors import DatasetError, OperationError, UsageError
from maas_client.resources._deployment_create import OPERATION as DEPLOYMENT_OPERATION
from maas_client.resources._deployment_create import begin_deployment
from maas_client.resources._job_create import OPERATION as JOB_OPERATION
from maas_client.resources._job_create import put_job
from maas_client.resources._job_watch import Watcher, succeeded
from maas_client.resources._journaled import Journaled
from maas_client.resources._session import Session
from maas_client.resources._submission_record import UPLOADS, describe, read_plan, write_token
from maas_client.resources.deployments import deployment_poller
from maas_client.resources.files import AsyncFiles
from maas_client.types import (
    Deployment,
    File,
    FineTuningJob,
    JobEvent,
    Plan,
    PlannedFile,
    SubmissionInfo,
    SubmissionResult,
    UploadEvent,
)


class AsyncSubmission:
    """One plan being applied: go on with it as often as need be, in any process; it stays one job.

    Nothing is sent before it is written down in the journal, and what is done is never done again.
    """

    def __init__(self, session: Session, journal: Journal, record: Record) -> None:
        self._session = session
        self._plan = plan = read_plan(record)
        place = (plan.resource_manager, plan.subscription_id, plan.resource_group, plan.workspace, plan.name)
        self._steps = Journaled(session.io, journal, record, "\n".join(place))

    @property
    def id(self) -> str:
        """Its own, on this machine."""
        return self._steps.record.id

    @property
    def plan(self) -> Plan:
        """What is to be done."""
        return self._plan

    @property
    def info(self) -> SubmissionInfo:
        """How it stands, as far as this object knows."""
        return describe(self._steps.record)

    @property
    def token(self) -> str:
        """A text, free of secrets, from which `submissions.resume` goes on, also on another machine."""
        return write_token(self._steps.record)

    async def upload(self, file: PlannedFile) -> File:
        """Upload one of the plan's files; return once the service holds it. What is there is not sent again.

        Raises:
            DatasetError: The file is no longer the one that was planned.
            JournalError: Nothing was sent: the journal cannot hold it, or somebody else is at work on it.
            StatusError: The service said no.
            TransportError: No usable answer.
        """
        async with self._steps.step(UPLOADS[file.part], _intent(file)) as attempt:
            if attempt.before.result is not None:
                return File.model_validate(attempt.before.result)
            await self._refuse_another(file)
            uploaded = await AsyncFiles(self._session).upload(file.path, sha256=file.sha256)
            attempt.result = uploaded.model_dump(mode="json")
        return uploaded

    async def upload_events(self, file: PlannedFile) -> AsyncGenerator[UploadEvent, None]:
        """Upload one of the plan's files as `upload` does, and iterate over how far it is; the last event has the file.

        Leaving the loop stops the upload; the next one goes on.

        Raises:
            DatasetError: The file is no longer the one that was planned.
            JournalError: Nothing was sent: the journal cannot hold it, or somebody else is at work on it.
            StatusError: The service said no.
            TransportError: No usable answer.
        """
        async with self._steps.step(UPLOADS[file.part], _intent(file), lend=True) as attempt:
            last = _uploaded_before(file, attempt.before.result)
            if last is None:
                await self._refuse_another(file)
                sending = AsyncFiles(self._session).upload_events(file.path, sha256=file.sha256)
                async with aclosing(sending) as events:
                    async for event in events:
                        if event.file is None:
                            yield event
                        else:
                            last, attempt.result = event, event.file.model_dump(mode="json")
        if last is not None:
            yield last  # after the journal has it: who leaves the loop here has left nothing undone

    async def create_job(self) -> FineTuningJob:
        """Create the job, after the uploads that it needs; return at once. If it is there already, get it.

        Raises:
            DatasetError: A file is no longer the one that was planned.
            ConflictError: A job of this name has another definition.
            AmbiguousWriteError: No answer came, and looking did not tell whether the job exists.
            JournalError: Nothing was sent: the journal cannot hold it, or somebody else is at work on it.
            StatusError: The service said no.
        """
        for file in self._plan.files:
            await self.upload(file)
        plan = self._plan
        digest = sha256(msgspec.json.encode(plan.body, order="sorted")).hexdigest()
        intent = {"operation": JOB_OPERATION, "name": plan.name, "fingerprint": plan.fingerprint}
        async with self._steps.step("create-job", {**intent, "body_sha256": digest}) as attempt:
            if attempt.before.result is not None:
                return await self._get_job()
            job = await put_job(
                self._session, plan.name, plan.body, plan.fingerprint, look_first=attempt.may_have_happened
            )
            attempt.result = {"name": job.name, "status": job.status.value}
        return job

    async def watch(self, *, timeout: float | None = None) -> AsyncGenerator[JobEvent, None]:
        """Create the job if need be, and iterate over what happens to it, until it has ended; nothing twice.

        Leaving the loop stops the watching only; the next one, in this process or another, goes on after it.

        Args:
            timeout: Seconds to watch at most; `None` watches to the end.

        Raises:
            WaitTimeoutError: The time is over; the job goes on.
            TransportError: The service was out of reach for a quarter of an hour.
        """
        await self.create_job()
        name = self._plan.name
        async with self._steps.step("wait", {"name": name}, lend=True) as attempt:
            if attempt.before.result is not None:
                return
            told = attempt.before.note.get("resume_token")
            async for event in Watcher(self._session, name, told, acknowledged=True).events(timeout):
                if event.type == "status":
                    await self._steps.try_write("wait", Kind.NOTE, {"resume_token": event.resume_token})
                yield event
            attempt.result = _ended(await Watcher(self._session, name, None, acknowledged=True).until_ended(None))

    async def wait(self, *, timeout: float | None = None) -> FineTuningJob:
        """Create the job if need be, wait until it has succeeded, and return it with its `fine_tuned_model`.

        Args:
            timeout: Seconds to wait at most; `None` waits to the end.

        Raises:
            JobFailedError: It failed; `error` has the service's reason.
            JobCancelledError: It was cancelled.
            WaitTimeoutError: The time is over; the job goes on, and waiting again goes on too.
        """
        await self.create_job()
        async with self._steps.step("wait", {"name": self._plan.name}) as attempt:
            if attempt.before.result is not None:
                return succeeded(await self._get_job())
            ended = await Watcher(self._session, self._plan.name, None, acknowledged=True).until_ended(timeout)
            attempt.result = _ended(ended)
        return succeeded(ended)

    async def deploy(self) -> Deployment:
        """Wait for the job, deploy its model as planned, and return the deployment once it can be asked.

        Raises:
            UsageError: The plan has no deployment.
            OperationError: The job or the deployment did not succeed.
            ConflictError: A deployment of this name serves another model.
            AmbiguousWriteError: No answer came, and looking did not tell whether the deployment exists.
        """
        wish = self._plan.deployment
        if wish is None:
            raise UsageError("This submission deploys nothing.", hint="Plan it with deploy=..., or use deployments.")
        job = await self.wait()
        if job.fine_tuned_model is None:
            raise OperationError(
                f"The job {job.name} has succeeded, but its model is not registered yet; nothing was deployed.",
                hint="Go on later: what is done stays done.",
            )
        intent = {"operation": DEPLOYMENT_OPERATION, "name": wish.name, "model": job.fine_tuned_model}
        async with self._steps.step("deploy", intent) as attempt:
            if attempt.before.result is not None:
                return await self._session.run(self._session.dialect.deployments.get(wish.name))
            operation = await begin_deployment(
                self._session,
                wish.name,
                model=job.fine_tuned_model,
                tags=wish.tags,
                content_safety=wish.content_safety,
                look_first=attempt.may_have_happened,
            )
            await self._steps.try_write("deploy", Kind.NOTE, {"accepted": True})
            deployment = await deployment_poller(self._session, operation, wish.name).result()
            attempt.result = {"name": deployment.name, "url": deployment.inference_uri}
        return deployment

    async def run(self) -> SubmissionResult:
        """Do all that is planned and not done yet, and return what came of it.

        Raises:
            MaaSError: A step went wrong, as the methods of the steps say; call again, here or elsewhere, to go on.
        """
        files = tuple([await self.upload(file) for file in self._plan.files])
        job = await (self.wait() if self._plan.wait else self.create_job())
        deployment = await self.deploy() if self._plan.deployment is not None else None
        return SubmissionResult(job=job, files=files, deployment=deployment)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self._plan.name}>"

    async def _get_job(self) -> FineTuningJob:
        return await self._session.run(self._session.dialect.jobs.get(self._plan.name))

    async def _refuse_another(self, file: PlannedFile) -> None:
        """Refuse a file whose content is another; one that was only moved about or touched is digested and taken."""
        source = await self._session.io.open_file(file.path)
        try:
            if (source.size, source.mtime_ns, source.inode) == (file.bytes, file.mtime_ns, file.inode):
                return
            same = source.size == file.bytes and await source.sha256() == file.sha256
        finally:
            await source.close()
        if not same:
            raise DatasetError(
                f"{file.path} changed after it was checked; it was not sent.",
                hint="Bring back the file as it was and go on; or submit anew, under another name.",
            )


def _intent(file: PlannedFile) -> Data:
    return {"path": file.path, "sha256": file.sha256, "bytes": file.bytes}


def _uploaded_before(planned: PlannedFile, result: Data | None) -> UploadEvent | None:
    if result is None:
        return None
    file, size = File.model_validate(result), planned.bytes
    return UploadEvent(filename=file.filename, done_bytes=size, total_bytes=size, elapsed_seconds=0.0, file=file)


def _ended(job: FineTuningJob) -> Data:
    return {"status": job.status.value, "fine_tuned_model": job.fine_tuned_model}
