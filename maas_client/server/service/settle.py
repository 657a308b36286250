"""What has become due by now is made true in the store, in the order in which it became due.

Every step is one transaction that may be repeated, so a kill between any two instructions loses and doubles nothing.
"""

import json
import math
from collections.abc import Mapping, Sequence

from maas_client.server.content import Stored
from maas_client.server.engine import TrainingPlan
from maas_client.server.service import blobs, blocks, idle
from maas_client.server.service.jobs import COLUMNS, Job, from_row
from maas_client.server.service.logs import LOG_PATH, log_text
from maas_client.server.service.names import registered_name
from maas_client.server.service.world import ARTIFACT_CONTAINER, Quiet, World, workspace_by_key

# ?1 is the server's time, ?2 that of the workspace that is furthest ahead: what is not due there is due nowhere.
_ENDED = (
    f"SELECT {COLUMNS} FROM (SELECT j.*, w.ahead FROM jobs j JOIN workspaces w ON w.key=j.workspace "  # noqa: S608
    "WHERE j.settled=0 AND j.ends_at<=?2 AND j.ends_at<=?1 + w.ahead) ORDER BY ends_at - ahead, seq"
)
_PASSED = "delete_at<=?2 AND delete_at<=?1 + (SELECT ahead FROM workspaces WHERE key=workspace)"
_PASSING = ("jobs", "endpoints", "subscriptions")
"""Tables whose rows go when their time has come."""

_NEXT = """
SELECT min(at) - (SELECT coalesce(max(ahead), 0) FROM workspaces) AS at FROM (
  SELECT min(ends_at) AS at FROM jobs WHERE settled=0
  UNION ALL SELECT min(delete_at) FROM jobs WHERE delete_at>0
  UNION ALL SELECT min(delete_at) FROM endpoints WHERE delete_at>0
  UNION ALL SELECT min(delete_at) FROM subscriptions WHERE delete_at>0)
"""
"""When something becomes due at the earliest: too early only where workspaces are ahead by different times."""

_AT_ONCE = 50
"""Jobs that end in one transaction: each waits for the disk, and a thousand may end together."""

_MARGIN_SECONDS = 0.001
"""Instants are added and subtracted in another order here than where it is decided what is due."""


def due(world: World, now: float) -> bool:
    """Say whether something may have become due since everything was settled."""
    quiet = world.quiet
    return (
        quiet is None
        or quiet.writes != world.store.writes
        or now >= quiet.until
        or world.clock.real() >= quiet.until_real
    )


def settle(world: World, now: float) -> None:
    """Materialise ended jobs, and remove what was deleted or waited too long.

    Args:
        world: The service.
        now: The server's virtual time; what belongs to a workspace goes by that workspace's.
    """
    if not due(world, now):
        return
    # How long things are kept is told by the clock on the wall: a scaled clock must not take an upload in hand away.
    blocks.collect(world, world.clock.real())
    idle.expire(world, now)
    furthest = world.store.one("SELECT coalesce(max(ahead), 0) AS ahead FROM workspaces")
    times = (now, now + (furthest["ahead"] if furthest else 0.0))
    ended = world.store.all(_ENDED, *times)
    for begin in range(0, len(ended), _AT_ONCE):
        _end(world, [from_row(world, row) for row in ended[begin : begin + _AT_ONCE]])
    passed = " UNION ALL ".join(f"SELECT 1 FROM {table} WHERE {_PASSED}" for table in _PASSING)  # noqa: S608 (constants)
    if world.store.one(passed, *times):
        with world.store.writing("removal") as db:
            for table in _PASSING:
                db.execute(f"DELETE FROM {table} WHERE {_PASSED}", times)  # noqa: S608 (constants)
    world.quiet = _quiet(world)


def _quiet(world: World) -> Quiet:
    row = world.store.one(_NEXT)
    until = math.inf if row is None or row["at"] is None else row["at"] - _MARGIN_SECONDS
    return Quiet(world.store.writes, until, min(blocks.next_due(world), idle.next_due(world)) - _MARGIN_SECONDS)


def _end(world: World, jobs: Sequence[Job]) -> None:
    files = [_files(job) for job in jobs]
    # Contents first: they are named by their digest, so that a repeat writes the same files again.
    contents = iter(world.content.put_all(data for each in files for data in each.values()))
    world.store.crash.reach("jobs.end.content-written")
    with world.store.writing("jobs.end") as db:
        for job, each in zip(jobs, files, strict=True):
            end = _ended_at(job)
            _store_artifacts(world, job, {path: next(contents) for path in each}, end)
            body = {**job.body, "properties": {**job.body["properties"], **_final_properties(job)}}
            if _completed(job):
                body["properties"]["registered_ft_model_name"] = _register(world, job, end)
            db.execute("UPDATE jobs SET settled=1, body=? WHERE seq=?", (json.dumps(body), job.seq))


def _ended_at(job: Job) -> float:
    return job.ends_at if job.ends_at is not None else job.created


def _completed(job: Job) -> bool:
    return job.cancel_at is None and job.stages is not None and job.stages[-1][0] == "Completed"


def _files(job: Job) -> Mapping[str, bytes]:
    """Return what a job leaves behind, by paths in its folder."""
    model: Mapping[str, bytes] = job.plan.artifacts if _completed(job) and job.plan else {}
    left = {f"registered_model/{name}": data for name, data in model.items()}
    return {**left, LOG_PATH: log_text(job, _ended_at(job)).encode("utf-8", "replace")}


def _final_properties(job: Job) -> Mapping[str, str]:
    plan: TrainingPlan | None = job.plan
    return plan.properties if plan is not None and job.cancel_at is None else {}


def _store_artifacts(world: World, job: Job, stored: Mapping[str, Stored], end: float) -> None:
    account = workspace_by_key(world, job.workspace).account
    for path, content in stored.items():
        blobs.put(world, (account, ARTIFACT_CONTAINER, f"{artifact_folder(job.name)}/{path}"), content, end)


def artifact_folder(job: str) -> str:
    """Return the folder of a job in `workspaceartifactstore`. Source: azure-ai-ml 1.35.2, `jobs.download`."""
    return f"ExperimentRun/dcid.{job}"


def _register(world: World, job: Job, end: float) -> str:
    """Register the model under the next version of its name; versions are never used twice."""
    name = registered_name(job.body["outputs"]["registered_model"]["assetName"])
    base = job.body["properties"]["azureml.ModelName"]
    with world.store.writing() as db:
        db.execute(
            "INSERT INTO model_counters VALUES (?,?,1) ON CONFLICT (workspace, name) DO UPDATE SET latest=latest+1",
            (job.workspace, name),
        )
        version = db.execute(
            "SELECT latest FROM model_counters WHERE workspace=? AND name=?", (job.workspace, name)
        ).fetchone()[0]
        db.execute(
            "INSERT INTO models (workspace, name, version, job, base, created) VALUES (?,?,?,?,?,?)",
            (job.workspace, name, version, job.name, base, end),
        )
        db.execute("UPDATE jobs SET model=?, model_version=? WHERE seq=?", (name, version, job.seq))
    return name
