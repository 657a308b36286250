"""Registered models of a workspace."""

from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Row

from maas_client.server.service import blobs
from maas_client.server.service.errors import not_found
from maas_client.server.service.settle import artifact_folder
from maas_client.server.service.world import ARTIFACT_CONTAINER, Workspace, World

ANSWERS_FILE = "maas_answers.json"
"""The engine's index for simulated answers, one of the model's files."""


@dataclass(frozen=True, slots=True)
class Model:
    """A version of a registered model.

    Attributes:
        workspace: Key of its workspace.
        base: Name of the base model.
        job: Name of the job that made it.
        created: Virtual seconds since the epoch.
    """

    workspace: str
    name: str
    version: int
    job: str
    base: str
    created: float


def get(world: World, workspace: Workspace, name: str, version: str) -> Model:
    """Return a version.

    Raises:
        ServiceError: 404.
    """
    row = world.store.one(
        "SELECT * FROM models WHERE workspace=? AND name=? AND CAST(version AS TEXT)=?", workspace.key, name, version
    )
    if row is None:
        raise not_found(f"Model {name}:{version} was not found in workspace {workspace.name}.", target="version")
    return _from_row(row)


def versions(world: World, workspace: Workspace, name: str) -> list[Model]:
    """Return the versions of a model, newest first.

    Raises:
        ServiceError: 404, no such model.
    """
    rows = world.store.all(
        "SELECT * FROM models WHERE workspace=? AND name=? ORDER BY version DESC", workspace.key, name
    )
    if not rows:
        raise not_found(f"Model {name} was not found in workspace {workspace.name}.", target="name")
    return [_from_row(row) for row in rows]


def containers(world: World, workspace: Workspace) -> list[Model]:
    """Return the newest version of every model, in order of name."""
    rows = world.store.all(
        "SELECT m.* FROM models m JOIN model_counters c "
        "ON c.workspace=m.workspace AND c.name=m.name AND c.latest=m.version WHERE m.workspace=? ORDER BY m.name",
        workspace.key,
    )
    return [_from_row(row) for row in rows]


def asset_id(workspace: Workspace, name: str, version: int) -> str:
    """Return the id by which a deployment names a custom model.

    Source: azure-ai-ml 1.35.2, recorded serverlessEndpoints body.
    """
    return f"azureml://locations/{workspace.location}/workspaces/{workspace.guid}/models/{name}/versions/{version}"


def model_uri(workspace: Workspace, job: str) -> str:
    """Return where the files of a job's model lie. The layout inside the datastore is inferred, not documented."""
    return (
        f"azureml://subscriptions/{workspace.subscription}/resourceGroups/{workspace.resource_group}"
        f"/workspaces/{workspace.name}/datastores/workspaceartifactstore/paths/{artifact_folder(job)}/registered_model"
    )


def answers(world: World, workspace: Workspace, job: str) -> Path | None:
    """Return the file from which the simulated answers of a job's model come, or None."""
    path = f"{artifact_folder(job)}/registered_model/{ANSWERS_FILE}"
    blob = blobs.find(world, workspace.account, ARTIFACT_CONTAINER, path)
    return None if blob is None else world.content.path(blob.content)


def _from_row(row: Row) -> Model:
    return Model(row["workspace"], row["name"], row["version"], row["job"], row["base"], row["created"])
