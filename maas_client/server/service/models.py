"""Registered models of a workspace."""

import json
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Row
from typing import Any

from maas_client.server.service import blobs
from maas_client.server.service.definitions import strings
from maas_client.server.service.errors import not_found, user_error
from maas_client.server.service.settle import artifact_folder
from maas_client.server.service.world import ARTIFACT_CONTAINER, Workspace, World

ANSWERS_FILE = "maas_answers.json"
"""The engine's index for simulated answers, one of the model's files."""
MODEL_TYPE = "custom_model"


@dataclass(frozen=True, slots=True)
class Model:
    """A version of a registered model.

    Attributes:
        workspace: Key of its workspace.
        base: Name of the base model.
        job: Name of the job that made it.
        created: Virtual seconds since the epoch.
        changes: What was written over it: description, tags, properties (added ones), isArchived, stage.
    """

    workspace: str
    name: str
    version: int
    job: str
    base: str
    created: float
    changes: dict[str, Any]

    @property
    def archived(self) -> bool:
        """Whether lists leave it out unless they are asked for it."""
        return self.changes.get("isArchived") is True

    @property
    def properties(self) -> dict[str, str]:
        """What the job wrote, and what was added. Source: azureml-acft-common-components 0.0.91."""
        written = {
            "baseModelId": f"azureml://registries/azureml/models/{self.base}",
            "baseWeightsId": self.base,
            "baseModelWeightsVersion": "1.0",
            "hasDeltaWeights": "true",
            "maas-finetuning": "true",
            "maas.simulated": "true",
        }
        return {**self.changes.get("properties", {}), **written}


def get(world: World, workspace: Workspace, name: str, version: str) -> Model:
    """Return a version.

    Raises:
        ServiceError: 404.
    """
    found = _find(world, workspace, name, version)
    if found is None:
        raise not_found(f"Model {name}:{version} was not found in workspace {workspace.name}.", target="version")
    return found


def update(world: World, workspace: Workspace, name: str, version: str, body: dict[str, Any]) -> Model:
    """Write the `properties` of a PUT over a version: a field that is absent becomes empty, `properties` only grow.

    Source: azure-rest-api-specs, `ModelVersion`, for what can be written. That what was trained cannot change is
    inferred from data assets, and that `properties` only grow from jobs.

    Raises:
        ServiceError: 400: it would be a new version, a field is not valid, or it cannot change.
    """
    changes: dict[str, Any] = {
        "tags": strings(body.get("tags") or {}, "tags"),
        "isArchived": body.get("isArchived") or False,
    }
    if not isinstance(changes["isArchived"], bool):
        raise user_error("isArchived must be true or false.", target="isArchived")
    for key in ("description", "stage"):
        changes[key] = body.get(key)
        if not isinstance(changes[key], str | None):
            raise user_error(f"{key} must be a string.", target=key)
    added = strings(body.get("properties") or {}, "properties")
    with world.store.writing("models.put") as db:
        old = _find(world, workspace, name, version)
        if old is None:
            raise user_error(
                f"Model {name}:{version} does not exist, and this server registers no model from a path: models come "
                "from fine-tuning jobs.",
                target="version",
            )
        _check_unchanged(workspace, old, body, added)
        changes["properties"] = {**old.changes.get("properties", {}), **added}
        db.execute(
            "UPDATE models SET changes=? WHERE workspace=? AND name=? AND version=?",
            (json.dumps(changes), workspace.key, name, old.version),
        )
    return get(world, workspace, name, version)


def _check_unchanged(workspace: Workspace, old: Model, body: dict[str, Any], added: dict[str, str]) -> None:
    fixed = {"modelUri": model_uri(workspace, old.job), "jobName": old.job, "modelType": MODEL_TYPE}
    for key, value in fixed.items():
        if body.get(key) not in (None, value):
            raise user_error(
                f"The {key} of model {old.name}:{old.version} cannot be changed. Only description, tags, properties, "
                "stage, and isArchived can be updated.",
                target=key,
            )
    for key, text in added.items():
        if old.properties.get(key, text) != text:
            raise user_error(
                f"The property {key} of model {old.name}:{old.version} cannot be changed: properties can only be "
                "added.",
                target=f"properties.{key}",
            )


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


def _find(world: World, workspace: Workspace, name: str, version: str) -> Model | None:
    row = world.store.one(
        "SELECT * FROM models WHERE workspace=? AND name=? AND CAST(version AS TEXT)=?", workspace.key, name, version
    )
    return None if row is None else _from_row(row)


def _from_row(row: Row) -> Model:
    changes = json.loads(row["changes"])
    return Model(row["workspace"], row["name"], row["version"], row["job"], row["base"], row["created"], changes)
