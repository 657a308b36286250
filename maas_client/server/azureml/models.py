"""Registered models. Source: azure-rest-api-specs `ModelVersion`; azure-ai-ml 1.35.2, which archives by a PUT."""

from maas_client.server.azureml.wire import Call, Json, Reply, list_view, listing, system_data
from maas_client.server.service import models
from maas_client.server.service.models import Model
from maas_client.server.service.world import Workspace


def get_version(call: Call) -> Reply:
    """GET a version."""
    where = call.workspace
    return Reply(200, _version(where, models.get(call.world, where, call.path["name"], call.path["version"])))


def put_version(call: Call) -> Reply:
    """PUT over a version that a job registered."""
    where = call.workspace
    changed = models.update(call.world, where, call.path["name"], call.path["version"], call.properties())
    return Reply(200, _version(where, changed))


def list_versions(call: Call) -> Reply:
    """GET the versions that the view shows, newest first."""
    where, view = call.workspace, list_view(call)
    found = models.versions(call.world, where, call.path["name"])
    return listing(_version(where, model) for model in found if view.shows(archived=model.archived))


def list_containers(call: Call) -> Reply:
    """GET the models of the workspace; none of them is archived whole."""
    where = call.workspace
    found = models.containers(call.world, where) if list_view(call).shows(archived=False) else []
    return listing(_container(where, model) for model in found)


def get_container(call: Call) -> Reply:
    """GET a model: its latest and its next version."""
    where = call.workspace
    return Reply(200, _container(where, models.versions(call.world, where, call.path["name"])[0]))


def _version(where: Workspace, model: Model) -> Json:
    # A stage is shown where somebody wrote one: older api-versions have none.
    stage = {"stage": model.changes["stage"]} if model.changes.get("stage") else {}
    return {
        "id": f"{where.arm_id}/models/{model.name}/versions/{model.version}",
        "name": str(model.version),
        "type": "Microsoft.MachineLearningServices/workspaces/models/versions",
        "properties": {
            "description": model.changes.get("description", "simulated: holds no weights"),
            "tags": model.changes.get("tags", {}),
            "properties": model.properties,
            "isArchived": model.archived,
            "isAnonymous": False,
            # null crashes Microsoft's SDK
            "flavors": {},
            "modelType": models.MODEL_TYPE,
            "modelUri": models.model_uri(where, model.job),
            "jobName": model.job,
            "provisioningState": "Succeeded",
            **stage,
        },
        "systemData": system_data(model.created),
    }


def _container(where: Workspace, model: Model) -> Json:
    return {
        "id": f"{where.arm_id}/models/{model.name}",
        "name": model.name,
        "type": "Microsoft.MachineLearningServices/workspaces/models",
        "properties": {
            "latestVersion": str(model.version),
            "nextVersion": str(model.version + 1),
            "isArchived": False,
            "description": None,
            "tags": {},
            "properties": {},
        },
        "systemData": system_data(model.created),
    }
