"""Experiments: the names under which jobs are grouped, each with an id that follows from workspace and name."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from maas_client.server.service.world import Workspace, World


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment.

    Attributes:
        id: Stable, by workspace and name.
        name: As the jobs have it.
        created, updated: When its first and its last job were created; virtual seconds since the epoch.
    """

    id: str
    name: str
    created: float
    updated: float


def experiment_id(workspace: Workspace, name: str) -> str:
    """Return the id of an experiment."""
    return str(uuid5(UUID(workspace.guid), name))


def experiments(world: World, workspace: Workspace) -> list[Experiment]:
    """Return the experiments of a workspace that hold a job, oldest first."""
    rows = world.store.all(
        "SELECT json_extract(body, '$.experimentName') AS name, min(created) AS first, max(created) AS last "
        "FROM jobs WHERE workspace=? GROUP BY 1 ORDER BY min(seq)",
        workspace.key,
    )
    return [Experiment(experiment_id(workspace, row["name"]), row["name"], row["first"], row["last"]) for row in rows]
