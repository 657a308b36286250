"""Fine-tuning jobs: create, read, list, cancel, delete. What a job is at a moment follows from clock and plan."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from sqlite3 import Row
from typing import Any

from maas_client.server.engine import TrainingPlan
from maas_client.server.jsontext import load
from maas_client.server.service import definitions, fates, inputs, operations
from maas_client.server.service.definitions import Json
from maas_client.server.service.errors import ServiceError, not_found
from maas_client.server.service.fates import Fate
from maas_client.server.service.names import check_job
from maas_client.server.service.world import Workspace, World
from maas_client.server.state import CANCEL_SECONDS, JOB_DELETE_SECONDS, JOB_TERMINAL

PAGE = 10
"""Jobs on one page of a list."""


@dataclass(frozen=True, slots=True)
class Job:
    """A stored job.

    Attributes:
        seq: Order of creation.
        workspace: Key of its workspace.
        body: Normalised `properties`, enriched as the service does.
        created: Virtual seconds since the epoch, as are all other instants.
        stages: The stages of its plan; None until the engine has made it.
        problem: Why no training file could be given to the engine, or None.
        model, model_version: What was registered at the end.
        read_plan: Reads the plan, which may be large.
    """

    seq: int
    workspace: str
    name: str
    body: Json
    created: float
    training: str | None
    validation: str | None
    problem: str | None
    stages: tuple[tuple[str, float], ...] | None
    cancel_at: float | None
    ends_at: float | None
    delete_at: float | None
    settled: bool
    model: str | None
    model_version: int | None
    read_plan: Callable[[], TrainingPlan] = field(repr=False, compare=False)

    @property
    def plan(self) -> TrainingPlan | None:
        """What happens when; None until the engine has made it."""
        return None if self.stages is None else self.read_plan()

    @property
    def cancelled_at(self) -> float:
        """When a job that is asked to stop has stopped; a fate may have put it off for ever."""
        return math.inf if self.ends_at is None else self.ends_at

    def status(self, now: float) -> str:
        """Return the wire's word for the job at an instant."""
        if self.cancel_at is not None:
            return "Canceled" if now >= self.cancelled_at else "CancelRequested"
        if self.stages is None:
            return "NotStarted"
        return [word for word, offset in self.stages if offset <= now - self.created][-1]

    def reached(self, words: frozenset[str], now: float) -> float | None:
        """Return the instant at which the job first had one of these statuses, or None when it has not."""
        if self.cancel_at is not None and "Canceled" in words and now >= self.cancelled_at:
            return self.cancelled_at
        until = min(now, self.cancel_at) if self.cancel_at is not None else now
        return next(
            (self.created + at for word, at in self.stages or () if word in words and self.created + at <= until), None
        )

    def seen_until(self, now: float) -> float:
        """Return how far the plan was lived through: virtual seconds after creation; a cancelled job stops there."""
        return (min(now, self.cancel_at) if self.cancel_at is not None else now) - self.created


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list asks for.

    Attributes:
        view: `ActiveOnly`, `ArchivedOnly` or `All`.
        job_type: None, or a job type; only `FineTuning` exists here.
        tag: A tag key that must be present, or None.
        properties: Pairs of name and value (None: any value) that must be present.
    """

    view: str = "ActiveOnly"
    job_type: str | None = None
    tag: str | None = None
    properties: tuple[tuple[str, str | None], ...] = ()

    def takes(self, job: Job) -> bool:
        """Say whether a job belongs to the list."""
        archived = job.body["isArchived"]
        return (
            (self.view == "All" or archived == (self.view == "ArchivedOnly"))
            and (self.job_type is None or self.job_type.lower() == "finetuning")
            and (self.tag is None or self.tag in job.body["tags"])
            and all(
                name in job.body["properties"] and value in (None, job.body["properties"][name])
                for name, value in self.properties
            )
        )


def put(
    world: World, workspace: Workspace, name: str, body: Json, now: float, fate: Fate = fates.NONE
) -> tuple[Job, bool]:
    """Create a job, or update what may be updated of an existing one; return it and whether it is new.

    Raises:
        ServiceError: 400: the body is not valid, or changes what may not change.
    """
    check_job(name)
    definition = definitions.normalised(body)
    existing = find(world, workspace, name)
    if existing is not None:
        _store_body(world, existing, definitions.updated(existing.body, definition))
        return get(world, workspace, name), False
    model = definitions.base_model(definition, world.models, workspace.location)
    uri = definition["fineTuningDetails"]["model"]["uri"]
    # Source: properties that the real service added, in an answer reported 2025-05-21; the last one is ours.
    enriched = {
        "PipelineType": "FineTuning",
        "original_model_id": uri,
        "azureml.ModelName": model.name,
        "azureml.PipelineType": "FineTuning",
        "azureml.original_model_id": uri,
        "maas.simulated": "true",
    }
    definition["properties"] = {**definition["properties"], **enriched}
    training, validation, problem = _files(world, workspace, definition["fineTuningDetails"])
    with world.store.writing("jobs.put") as db:
        db.execute(
            "INSERT INTO jobs (workspace, name, body, created, training, validation, problem, fate) "
            "VALUES (?,?,?,?,?,?,?,?)",
            (
                *(workspace.key, name, json.dumps(definition), now, training, validation, problem),
                fate.stored(fates.OF_RUNS),
            ),
        )
    return get(world, workspace, name), True


def find(world: World, workspace: Workspace, name: str) -> Job | None:
    """Return a job by its name (case-sensitive), or None."""
    row = world.store.one(f"SELECT {COLUMNS} FROM jobs WHERE workspace=? AND name=?", workspace.key, name)  # noqa: S608
    return None if row is None else from_row(world, row)


def get(world: World, workspace: Workspace, name: str) -> Job:
    """Return a job by its name (case-sensitive).

    Raises:
        ServiceError: 404.
    """
    job = find(world, workspace, name)
    if job is None:
        raise not_found(f"Job {name} was not found in workspace {workspace.name}.", target="name")
    return job


def page(world: World, workspace: Workspace, wanted: Filter, before: int | None) -> tuple[list[Job], int | None]:
    """Return up to `PAGE` jobs, newest first, and the row before which the next page begins (None: no more)."""
    jobs = list(_wanted(world, workspace, wanted, before, PAGE + 1))
    return jobs[:PAGE], (jobs[PAGE - 1].seq if len(jobs) > PAGE else None)


def every(world: World, workspace: Workspace, wanted: Filter) -> list[Job]:
    """Return all jobs that a filter takes, newest first."""
    return list(_wanted(world, workspace, wanted, None, sys.maxsize))


def cancel(world: World, workspace: Workspace, name: str, now: float, fate: Fate = fates.NONE) -> str | None:
    """Ask a job to stop; return the id of the operation, or None when it has ended already as cancelled.

    Raises:
        ServiceError: 400: the job ended otherwise. 404: no such job.
    """
    job = get(world, workspace, name)
    status = job.status(now)
    if status == "Canceled":
        return None
    if status in JOB_TERMINAL:
        raise ServiceError(
            400, "UserError", f"Job {name} is in a terminal state ({status}) and cannot be canceled.", target="status"
        )
    end = fate.done_at(now + CANCEL_SECONDS) if job.cancel_at is None else job.cancelled_at
    with world.store.writing("jobs.cancel") as db:
        if job.cancel_at is None:
            db.execute("UPDATE jobs SET cancel_at=?, ends_at=? WHERE seq=?", (now, end, job.seq))
        return operations.begin(world, workspace, f"cancel-{job.seq}", now, end, fate)


def delete(world: World, workspace: Workspace, name: str, now: float, fate: Fate = fates.NONE) -> str | None:
    """Begin to delete an ended job; return the id of the operation, or None when there is no such job.

    Raises:
        ServiceError: 409: it has not ended.
    """
    job = find(world, workspace, name)
    if job is None:
        return None
    status = job.status(now)
    if status not in JOB_TERMINAL:
        raise ServiceError(
            409,
            "Conflict",
            f"Job {name} is {status}; only a job that has ended can be deleted. Cancel it first.",
            target="status",
        )
    at = job.delete_at if job.delete_at is not None else fate.done_at(now + JOB_DELETE_SECONDS)
    with world.store.writing("jobs.delete") as db:
        db.execute("UPDATE jobs SET delete_at=? WHERE seq=?", (at, job.seq))
        return operations.begin(world, workspace, f"delete-{job.seq}", now, at, fate)


def annotate(world: World, job: Job, change: Json) -> None:
    """Merge tags and properties, set displayName, description and hidden, as run history does.

    Source: azure-ai-ml 1.35.2, run history PATCH.
    """
    body = dict(job.body)
    for key in ("tags", "properties"):
        body[key] = {**body[key], **{name: str(value) for name, value in (change.get(key) or {}).items()}}
    for key in ("displayName", "description"):
        if isinstance(change.get(key), str):
            body[key] = change[key]
    if isinstance(change.get("hidden"), bool):
        body["isArchived"] = change["hidden"]
    _store_body(world, job, body)


def from_row(world: World, row: Row) -> Job:
    """Return the job of a row of `COLUMNS`; its plan is read when it is asked for."""
    values: list[Any] = [*row, partial(_plan, world, row[0])]
    values[_BODY], values[_STAGES], values[_SETTLED] = load(row[_BODY]), _stages(row[_STAGES]), bool(row[_SETTLED])
    return Job(*values)


@lru_cache(maxsize=256)
def _stages(text: str | None) -> tuple[tuple[str, float], ...] | None:
    return None if text is None else tuple((word, offset) for word, offset in load(text))


def _plan(world: World, seq: int) -> TrainingPlan:
    plan = world.plans.get(seq)
    if plan is None:
        row = world.store.one("SELECT plan FROM jobs WHERE seq=?", seq)
        if row is None:
            raise LookupError(f"the job of row {seq} was deleted")
        plan = TrainingPlan.from_json(row["plan"])
        if len(world.plans) >= PLANS_KEPT:
            world.plans.clear()
        world.plans[seq] = plan
    return plan


COLUMNS = (
    "seq, workspace, name, body, created, training, validation, problem, stages, cancel_at, ends_at, delete_at, "
    "settled, model, model_version"
)
"""What `from_row` reads of a job, in the order of the attributes of `Job`."""
_BODY, _STAGES, _SETTLED = (COLUMNS.split(", ").index(name) for name in ("body", "stages", "settled"))

PLANS_KEPT = 64
"""Decoded plans kept in memory."""


def _files(world: World, workspace: Workspace, details: Json) -> tuple[str | None, str | None, str | None]:
    """Pin the content of the job's files at creation; a missing one fails the run, not the request."""
    digests: list[str | None] = []
    for key in ("trainingData", "validationData"):
        data = details[key]
        if data is None:
            digests.append(None)
            continue
        try:
            blob = inputs.resolve(world, workspace, data["uri"])
        except ServiceError as error:
            return None, None, f"{key}: {error.message}"
        # Source: MicrosoftDocs, fine-tuning data must be a .jsonl file.
        if not blob.path.lower().endswith(".jsonl"):
            return None, None, f"{key}: {blob.path.rsplit('/', 1)[-1]} is not a .jsonl file."
        digests.append(blob.content)
    return digests[0], digests[1], None


def _store_body(world: World, job: Job, body: Json) -> None:
    if body != job.body:
        with world.store.writing("jobs.update") as db:
            db.execute("UPDATE jobs SET body=? WHERE seq=?", (json.dumps(body), job.seq))


_READ = 50
"""Jobs that are read at once."""


def _wanted(world: World, workspace: Workspace, wanted: Filter, before: int | None, limit: int) -> Iterator[Job]:
    found = 0
    # At first as many as are wanted: most filters take most jobs.
    read = min(limit, _READ)
    while found < limit:
        rows = world.store.all(
            f"SELECT {COLUMNS} FROM jobs WHERE workspace=? AND seq<? ORDER BY seq DESC LIMIT ?",  # noqa: S608 (a constant)
            workspace.key,
            before if before is not None else 2**62,
            read,
        )
        for row in rows:
            job = from_row(world, row)
            if wanted.takes(job):
                yield job
                found += 1
        if len(rows) < read:
            return
        before, read = rows[-1]["seq"], _READ
