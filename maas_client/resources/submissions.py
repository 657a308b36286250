"""`client.submissions`."""

import os
import uuid
from collections.abc import Generator, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Unpack

from maas_client.core import stepping
from maas_client.core.journal import Entry, Journal, Kind, Record
from maas_client.resources._job_create import JobOptions
from maas_client.resources._names import is_made_up
from maas_client.resources._plan import Wish, decide, refuse_secrets
from maas_client.resources._plan_cost import check_limit
from maas_client.resources._plan_moved import refuse_moved
from maas_client.resources._plan_preflight import looked_at, refuse_failed
from maas_client.resources._session import Session, mirrors
from maas_client.resources._submission import AsyncSubmission
from maas_client.resources._submission_find import (
    applied,
    find_record,
    has_begun,
    open_already,
    refuse_elsewhere,
    refuse_twin,
)
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
    SubmissionInfo,
    SubmissionResult,
    UploadEvent,
)

if TYPE_CHECKING:
    from maas_client.dataset import Price, Report


class AsyncSubmissions:
    """Jobs from file to model in steps that are journaled: where one process was ended, the next one goes on."""

    def __init__(self, session: Session, journal: Journal) -> None:
        self._session = session
        self._journal = journal

    async def plan(
        self,
        model: str,
        *,
        training_file: File | DataAsset | str | os.PathLike[str],
        check: bool = True,
        report: "Report | None" = None,
        deploy: PlannedDeployment | str | None = None,
        wait: bool = True,
        prices: "str | os.PathLike[str] | Price | None" = None,
        max_cost: float | None = None,
        preflight: bool = False,
        labels: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> Plan:
        """Decide on a job in full, to look at it before `apply` does it; nothing is changed, and nothing written down.

        Args:
            model: Base model as the catalog spells it, such as `Phi-4-mini-instruct`.
            training_file: Path of a local file; or one that the service has, as `jobs.create` takes it.
            check: Whether local files are checked first; see `maas_client.dataset.check`.
            report: Of a check that was made; its digests are taken, and what changed since is refused.
            deploy: Name of the deployment to make of the model, or all that can be said of it.
            wait: Whether the submission waits for the job's end.
            prices: A list of prices (TOML), or a price from `maas_client.dataset`; without it no amount is stated.
            max_cost: What training may cost at most, in the currency of the price. A deployment's hours do not count.
            preflight: Whether to look if it could be sent from here now; the service is asked for that.
            labels: Kept with it, and with its submission on this machine.
            **options: Those of `jobs.create`; the validation file may be a path likewise.

        Returns:
            The plan: what was found, what it may cost, and what will be sent; `save` keeps it in a file.

        Raises:
            ConfigurationError: Something is wrong or missing.
            DatasetError: The data has errors; `report` has all of them.
            CostLimitError: It may cost more than `max_cost`, or nobody can tell what it costs.
        """
        wish = Wish(
            training_file=training_file,
            check=check,
            report=report,
            deploy=deploy,
            wait=wait,
            prices=prices,
            max_cost=max_cost,
            labels=labels,
        )
        plan = await decide(self._session, model, wish, options)
        check_limit(plan, max_cost)
        return await looked_at(self._session, plan, compute=options.get("compute")) if preflight else plan

    async def apply(
        self,
        plan: Plan,
        *,
        max_cost: float | None = None,
        ignore_preflight: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> AsyncSubmission:
        """Take a plan up if nothing moved since it was made, and write it down; nothing is sent before it is run.

        The same plan again is the submission that there is already, also after its end.

        Args:
            plan: As `plan` made it, or as `Plan.load` read it.
            max_cost: What training may cost at most, besides the plan's own limit.
            ignore_preflight: Whether to go on although the plan's preflight failed.
            labels: Kept with it on this machine, besides the plan's own.

        Returns:
            The submission: `run()` does all of it, its other methods a step each.

        Raises:
            PlanMovedError: Data, model or count of tokens are not as they were planned; `moved` has all that is not.
            CostLimitError: It may cost more than a limit, or nobody can tell what it costs.
            PreflightError: Its preflight found something that would stop it.
            ConfigurationError: It is of another workspace than this client's; or the same job may exist already, from a
                submission that was cut off.
            JournalError: It cannot be written down.
        """
        refuse_elsewhere(self._session, plan)
        for limit in (plan.max_cost, max_cost):
            check_limit(plan, limit)
        if not ignore_preflight:
            refuse_failed(plan)
        known = applied(await self._records(), plan)
        if known is None or not has_begun(known):
            await refuse_moved(self._session, plan)
        if known is not None:
            return AsyncSubmission(self._session, self._journal, known)
        return await self._take(plan, {**plan.labels, **(labels or {})})

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
        wish = Wish(training_file=training_file, check=check, report=report, deploy=deploy, wait=wait)
        return await self._take(await decide(self._session, model, wish, options), labels or {})

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
        refuse_elsewhere(self._session, read_plan(record))
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

    async def _take(self, plan: Plan, labels: Mapping[str, str]) -> AsyncSubmission:
        """Find the submission of a plan that can be gone on with, or begin one."""
        refuse_secrets(labels)
        records = await self._records()
        record = open_already(records, plan)
        if record is None:
            if is_made_up(plan.name, plan.model):
                refuse_twin(records, plan)
            record = await self._begin(plan, labels)
        return AsyncSubmission(self._session, self._journal, record)

    async def _begin(self, plan: Plan, labels: Mapping[str, str]) -> Record:
        now = await self._session.io.now()
        found = plan.data
        checked = {"findings": dict(found.rules), "rows": list(found.rows.values())} if found is not None else {}
        entries = (Entry("check", Kind.RESULT, now, checked),) if plan.files else ()
        # Where an emulator listens now is where the job will be; it may have listened elsewhere when this was planned.
        here = plan.model_copy(update={"resource_manager": self._session.dialect.target.arm})
        record = Record(uuid.uuid4().hex[:8], now, here.model_dump(mode="json"), dict(labels), entries)
        await self._session.io.offload(partial(self._journal.begin, record))
        return record

    async def _adopt(self, record: Record) -> Record:
        known = await self._session.io.offload(partial(self._journal.read, record.id))
        if known is not None:
            return known
        refuse_secrets(asdict(record))
        await self._session.io.offload(partial(self._journal.begin, record))
        return record


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

    def plan(
        self,
        model: str,
        *,
        training_file: File | DataAsset | str | os.PathLike[str],
        check: bool = True,
        report: "Report | None" = None,
        deploy: PlannedDeployment | str | None = None,
        wait: bool = True,
        prices: "str | os.PathLike[str] | Price | None" = None,
        max_cost: float | None = None,
        preflight: bool = False,
        labels: Mapping[str, str] | None = None,
        **options: Unpack[JobOptions],
    ) -> Plan:
        plan = self._submissions.plan(
            model,
            training_file=training_file,
            check=check,
            report=report,
            deploy=deploy,
            wait=wait,
            prices=prices,
            max_cost=max_cost,
            preflight=preflight,
            labels=labels,
            **options,
        )
        return stepping.run(plan)

    def apply(
        self,
        plan: Plan,
        *,
        max_cost: float | None = None,
        ignore_preflight: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> Submission:
        taken = self._submissions.apply(plan, max_cost=max_cost, ignore_preflight=ignore_preflight, labels=labels)
        return Submission(stepping.run(taken))

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
