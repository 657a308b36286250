"""`client.submissions`."""

import os
import uuid
from collections.abc import Generator, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Unpack

from maas_client.core import stepping
from maas_client.core.journal import Entry, Journal, Kind, Record
from maas_client.errors import ConfigurationError
from maas_client.resources._job_create import JobOptions
from maas_client.resources._names import is_made_up
from maas_client.resources._plan import Decided, decide, refuse_secrets, same_but_for_name
from maas_client.resources._session import Session, mirrors
from maas_client.resources._submission import AsyncSubmission
from maas_client.resources._submission_record import describe, read_plan, read_token
from maas_client.types import (
    DataAsset,
    Deployment,
    File,
    FineTuningJob,
    JobEvent,
    Plan,
    PlannedDeployment,
    PlannedFile,
    StepState,
    SubmissionInfo,
    SubmissionResult,
    SubmissionState,
    UploadEvent,
)

if TYPE_CHECKING:
    from maas_client.dataset import Report


class AsyncSubmissions:
    """Jobs from file to model in steps that are journaled: where one process was ended, the next one goes on."""

    def __init__(self, session: Session, journal: Journal) -> None:
        self._session = session
        self._journal = journal

    async def create(
        self,
        model: str,
        *,
        training_file: File | DataAsset | str | os.PathLike[str],
        check: bool = True,
        report: "Report | None" = None,
        deploy: PlannedDeployment | str | None = None,
        wait: bool = True,
        labels: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> AsyncSubmission:
        """Decide on a job in full and write it down; nothing is sent before the submission is run.

        The same again, under a name of your choice, is the submission that is open already.

        Args:
            model: Base model as the catalog spells it, such as `Phi-4-mini-instruct`.
            training_file: Path of a local file; or one that the service has, as `jobs.create` takes it.
            check: Whether local files are checked first; see `maas_client.dataset.check`.
            report: Of a check that was made; its digests are taken, and what changed since is refused.
            deploy: Name of the deployment to make of the model, or all that can be said of it.
            wait: Whether the submission waits for the job's end.
            labels: Kept with it on this machine.
            **options: Those of `jobs.create`; the validation file may be a path likewise.

        Returns:
            The submission: `run()` does all of it, its other methods a step each.

        Raises:
            ConfigurationError: Something is wrong or missing; or the same job may exist already, from a submission that
                was cut off.
            DatasetError: The data has errors; `report` has all of them.
            JournalError: It cannot be written down.
        """
        decided = await decide(
            self._session,
            model,
            training_file=training_file,
            check=check,
            report=report,
            deploy=deploy,
            wait=wait,
            options=options,
        )
        refuse_secrets(labels or {})
        records = await self._records()
        open_already = _open_already(records, decided.plan)
        if open_already is None:
            if is_made_up(decided.plan.name, decided.plan.model):
                _refuse_twin(records, decided.plan)
            open_already = await self._begin(decided, labels or {})
        return AsyncSubmission(self._session, self._journal, open_already)

    async def resume(self, submission: str) -> AsyncSubmission:
        """Take up a submission of an earlier process; nothing is sent before it is run.

        Args:
            submission: Its id, the name of its job, or its token, which may come from another machine.

        Raises:
            ConfigurationError: There is none, or it is of another workspace than this client's.
            JournalError: The journal cannot be read.
        """
        if submission.lstrip().startswith("{"):
            record = await self._adopt(read_token(submission, await self._session.io.now()))
        else:
            record = await self._find(submission)
        _refuse_elsewhere(self._session, read_plan(record))
        return AsyncSubmission(self._session, self._journal, record)

    async def list(self) -> tuple[SubmissionInfo, ...]:
        """Tell of all submissions in the journal, of any workspace; the one that changed last comes first.

        Raises:
            JournalError: The journal cannot be read.
        """
        return tuple(sorted(map(describe, await self._records()), key=lambda info: info.changed_at, reverse=True))

    async def get(self, submission: str) -> SubmissionInfo:
        """Tell of a submission by its id, or by the name of its job.

        Raises:
            ConfigurationError: There is none.
            JournalError: The journal cannot be read.
        """
        return describe(await self._find(submission))

    async def forget(self, submission: str) -> SubmissionInfo:
        """Remove a submission from the journal, and return what it was; at the service nothing changes.

        Raises:
            ConfigurationError: There is none.
            JournalError: The journal cannot be written.
        """
        record = await self._find(submission)
        await self._session.io.offload(partial(self._journal.forget, record.id))
        return describe(record)

    async def _records(self) -> tuple[Record, ...]:
        return await self._session.io.offload(self._journal.records)

    async def _find(self, submission: str) -> Record:
        return find_record(await self._records(), submission)

    async def _begin(self, decided: Decided, labels: Mapping[str, str]) -> Record:
        now = await self._session.io.now()
        plan, report = decided.plan, decided.report
        checked = {"findings": dict(report.counts), "rows": [file.rows for file in report.files]} if report else {}
        entries = (Entry("check", Kind.RESULT, now, checked),) if plan.files else ()
        record = Record(uuid.uuid4().hex[:8], now, plan.model_dump(mode="json"), dict(labels), entries)
        await self._session.io.offload(partial(self._journal.begin, record))
        return record

    async def _adopt(self, record: Record) -> Record:
        known = await self._session.io.offload(partial(self._journal.read, record.id))
        if known is not None:
            return known
        refuse_secrets(asdict(record))
        await self._session.io.offload(partial(self._journal.begin, record))
        return record


def find_record(records: tuple[Record, ...], submission: str) -> Record:
    """Find a submission by its id, or by the name of its job: the newest that is open, else the newest.

    Raises:
        ConfigurationError: There is none.
    """
    named = [record for record in records if submission in (record.id, record.plan.get("name"))]
    still_open = [record for record in named if describe(record).state is SubmissionState.OPEN]
    if not named:
        raise ConfigurationError(
            f"There is no run {submission!r} in the journal.", hint="See which there are: maas-ft runs list"
        )
    return (still_open or named)[-1]


def _open_already(records: tuple[Record, ...], plan: Plan) -> Record | None:
    """Find the submission of the same plan that can be gone on with."""
    wanted = plan.model_dump(mode="json")
    for record in reversed(records):
        if describe(record).state is SubmissionState.OPEN and record.plan == wanted:
            return record
    return None


def _refuse_twin(records: tuple[Record, ...], plan: Plan) -> None:
    """Refuse a second job where a first one of the same content, under another made-up name, may exist unseen.

    Raises:
        ConfigurationError: There may be one.
    """
    for record in records:
        if record.step("create-job").state is StepState.SENT and same_but_for_name(read_plan(record), plan):
            name = record.plan["name"]
            raise ConfigurationError(
                f"The run {record.id} was cut off while it created the same job, {name}, which may exist.",
                hint=f"Go on with it: maas-ft runs resume {record.id} . To have another job, give it a name; to drop "
                f"this one: maas-ft runs forget {record.id}",
            )


def _refuse_elsewhere(session: Session, plan: Plan) -> None:
    target = session.dialect.target
    here = (target.subscription_id, target.resource_group, target.workspace, session.emulator)
    there = (plan.subscription_id, plan.resource_group, plan.workspace, plan.emulator)
    # An emulator may listen elsewhere after a restart; the cloud's address is part of where a job is.
    if here != there or (plan.resource_manager != target.arm and not plan.emulator):
        raise ConfigurationError(
            f"This submission is of the workspace {plan.workspace} in {plan.resource_group}, not of this client's.",
            hint="Use a client, or the options, of the workspace that it was planned for.",
        )


@mirrors(AsyncSubmission)
class Submission:
    def __init__(self, submission: AsyncSubmission) -> None:
        self._submission = submission

    @property
    def id(self) -> str:
        """Its own, on this machine."""
        return self._submission.id

    @property
    def plan(self) -> Plan:
        """What is to be done."""
        return self._submission.plan

    @property
    def info(self) -> SubmissionInfo:
        """How it stands, as far as this object knows."""
        return self._submission.info

    @property
    def token(self) -> str:
        """A text, free of secrets, from which `submissions.resume` goes on, also on another machine."""
        return self._submission.token

    def upload(self, file: PlannedFile) -> File:
        return stepping.run(self._submission.upload(file))

    def upload_events(self, file: PlannedFile) -> Generator[UploadEvent, None, None]:
        return stepping.iterate(self._submission.upload_events(file))

    def create_job(self) -> FineTuningJob:
        return stepping.run(self._submission.create_job())

    def watch(self, *, timeout: float | None = None) -> Generator[JobEvent, None, None]:
        return stepping.iterate(self._submission.watch(timeout=timeout))

    def wait(self, *, timeout: float | None = None) -> FineTuningJob:
        return stepping.run(self._submission.wait(timeout=timeout))

    def deploy(self) -> Deployment:
        return stepping.run(self._submission.deploy())

    def run(self) -> SubmissionResult:
        return stepping.run(self._submission.run())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.plan.name}>"


@mirrors(AsyncSubmissions)
class Submissions:
    def __init__(self, submissions: AsyncSubmissions) -> None:
        self._submissions = submissions

    def create(
        self,
        model: str,
        *,
        training_file: File | DataAsset | str | os.PathLike[str],
        check: bool = True,
        report: "Report | None" = None,
        deploy: PlannedDeployment | str | None = None,
        wait: bool = True,
        labels: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> Submission:
        submission = self._submissions.create(
            model,
            training_file=training_file,
            check=check,
            report=report,
            deploy=deploy,
            wait=wait,
            labels=labels,
            **options,
        )
        return Submission(stepping.run(submission))

    def resume(self, submission: str) -> Submission:
        return Submission(stepping.run(self._submissions.resume(submission)))

    def list(self) -> tuple[SubmissionInfo, ...]:
        return stepping.run(self._submissions.list())

    def get(self, submission: str) -> SubmissionInfo:
        return stepping.run(self._submissions.get(submission))

    def forget(self, submission: str) -> SubmissionInfo:
        return stepping.run(self._submissions.forget(submission))
