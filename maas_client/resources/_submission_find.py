"""Find the submission that is meant, or stands in the way, among those in the journal."""

from collections.abc import Iterator

from maas_client.core.journal import Record
from maas_client.errors import ConfigurationError
from maas_client.resources._plan_moved import same_but_for_name, same_plan
from maas_client.resources._session import Session
from maas_client.resources._submission_record import describe, read_plan
from maas_client.types import Plan, StepState, SubmissionInfo, SubmissionState


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


def open_already(records: tuple[Record, ...], plan: Plan) -> Record | None:
    """Find the submission that does what a plan does and can be gone on with."""
    return next((record for record, info in _alike(records, plan) if info.state is SubmissionState.OPEN), None)


def applied(records: tuple[Record, ...], plan: Plan) -> Record | None:
    """Find the submission of a plan: one that can be gone on with, or what came of this very plan once it is done."""
    of_this_plan = (
        record
        for record, info in _alike(records, plan)
        if info.state is SubmissionState.DONE and info.plan.planned_at == plan.planned_at
    )
    return open_already(records, plan) or next(of_this_plan, None)


def _alike(records: tuple[Record, ...], plan: Plan) -> Iterator[tuple[Record, SubmissionInfo]]:
    """Give the submissions that do what a plan does, the newest first."""
    for record in reversed(records):
        info = describe(record)
        if same_plan(info.plan, plan):
            yield record, info


def has_begun(record: Record) -> bool:
    """Tell whether anything was sent for a submission."""
    return any(step.name != "check" and step.state is not StepState.PENDING for step in describe(record).steps)


def refuse_twin(records: tuple[Record, ...], plan: Plan) -> None:
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


def refuse_elsewhere(session: Session, plan: Plan) -> None:
    """Refuse a plan of another workspace than this client's.

    Raises:
        ConfigurationError: It is one.
    """
    target = session.dialect.target
    here = (target.subscription_id, target.resource_group, target.workspace, session.emulator)
    there = (plan.subscription_id, plan.resource_group, plan.workspace, plan.emulator)
    # An emulator may listen elsewhere after a restart; the cloud's address is part of where a job is.
    if here != there or (plan.resource_manager != target.arm and not plan.emulator):
        raise ConfigurationError(
            f"This is planned for the workspace {plan.workspace} in {plan.resource_group} at {plan.resource_manager}, "
            "not for this client's.",
            hint="Use a client, or the options, of that workspace.",
        )
