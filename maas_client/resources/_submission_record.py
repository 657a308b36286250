"""A submission's record in the journal: what it says, and the text from which another machine goes on."""

import json
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from maas_client.core.journal import Entry, Kind, Record
from maas_client.errors import ConfigurationError, JournalError
from maas_client.types import JobStatus, Plan, StepState, SubmissionInfo, SubmissionState, SubmissionStep
from maas_client.types._plan_file import PLAN_VERSION
from maas_client.types.submissions import StepName

TOKEN_VERSION = 1
UPLOADS: dict[str, StepName] = {"training": "upload-training", "validation": "upload-validation"}


def read_plan(record: Record) -> Plan:
    """Read what a record says is to be done.

    Raises:
        JournalError: It cannot be read, or a later release wrote it.
    """
    try:
        plan = Plan.model_validate(record.plan)
    except ValidationError as error:
        raise JournalError(
            f"The run {record.id} of the journal cannot be read: {error.error_count()} fields are wrong.",
            hint=f"Forget it: maas-ft runs forget {record.id}",
        ) from error
    if plan.version > PLAN_VERSION:
        raise JournalError(
            f"The run {record.id} was planned by a later release (version {plan.version}); this one reads "
            f"{PLAN_VERSION}.",
            hint="Update maas-client.",
        )
    return plan


def steps_of(plan: Plan) -> tuple[StepName, ...]:
    """Return the steps of a plan, in their order."""
    uploads = tuple(UPLOADS[file.part] for file in plan.files)
    check: tuple[StepName, ...] = ("check",) if plan.files else ()
    wait: tuple[StepName, ...] = ("wait",) if plan.wait else ()
    deploy: tuple[StepName, ...] = ("deploy",) if plan.deployment is not None else ()
    return (*check, *uploads, "create-job", *wait, *deploy)


def describe(record: Record) -> SubmissionInfo:
    """Tell how a submission stands.

    Raises:
        JournalError: The record cannot be read.
    """
    plan = read_plan(record)
    steps = []
    for name in steps_of(plan):
        step = record.step(name)
        steps.append(SubmissionStep(name=name, state=step.state, attempts=step.attempts, at=step.at, error=step.error))
    return SubmissionInfo(
        id=record.id,
        state=_state(record, steps),
        plan=plan,
        steps=tuple(steps),
        begun_at=record.begun_at,
        changed_at=record.changed_at,
        labels=dict(record.labels),
    )


def _state(record: Record, steps: list[SubmissionStep]) -> SubmissionState:
    ended = (record.step("wait").result or {}).get("status")
    if ended is not None and ended != JobStatus.SUCCEEDED:
        return SubmissionState.FAILED
    done = all(step.state is StepState.DONE for step in steps)
    return SubmissionState.DONE if done else SubmissionState.OPEN


def write_token(record: Record) -> str:
    """Write all that another machine needs to go on."""
    names = steps_of(read_plan(record))
    steps = {name: record.step(name) for name in names}
    document = {
        "v": TOKEN_VERSION,
        "id": record.id,
        "begun_at": record.begun_at.isoformat(),
        "plan": record.plan,
        "labels": record.labels,
        "done": {name: step.result for name, step in steps.items() if step.state is StepState.DONE},
        "sent": [name for name, step in steps.items() if step.state is StepState.SENT],
    }
    return json.dumps(document, separators=(",", ":"))


def read_token(token: str, now: datetime) -> Record:
    """Read it back.

    Raises:
        ConfigurationError: The text is no such token, or one of a later version.
    """
    try:
        document: dict[str, Any] = json.loads(token)
        version = document["v"]
        if version == TOKEN_VERSION:
            done = [Entry(name, Kind.RESULT, now, dict(result)) for name, result in document["done"].items()]
            sent = [Entry(str(name), Kind.INTENT, now) for name in document["sent"]]
            begun_at = datetime.fromisoformat(document["begun_at"])
            labels = {str(key): str(value) for key, value in document["labels"].items()}
            record = Record(str(document["id"]), begun_at, document["plan"], labels, (*done, *sent))
            read_plan(record)
            return record
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, JournalError) as error:
        raise ConfigurationError("This is not the token of a submission.") from error
    raise ConfigurationError(f"This token has version {version}; this release reads version {TOKEN_VERSION}.")
