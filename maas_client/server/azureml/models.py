"""Registered models. Source: azure-rest-api-specs `ModelVersion`; properties: azureml-acft-common-components 0.0.91."""

from maas_client.server.azureml.wire import Call, Json, Reply, listing, system_data
from maas_client.server.service import models
from maas_client.server.service.models import Model
from maas_client.server.service.world import Workspace


def get_version(call: Call) -> Reply:
    """GET a version."""
    where = call.workspace
    return Reply(200, _version(where, models.get(call.world, where, call.path["name"], call.path["version"])))


def list_versions(call: Call) -> Reply:
    """GET the versions, newest first."""
    where = call.workspace
    return listing(_version(where, model) for model in models.versions(call.world, where, call.path["name"]))


def list_containers(call: Call) -> Reply:
    """GET the models of the workspace."""
    where = call.workspace
    return listing(_container(where, model) for model in models.containers(call.world, where))


def get_container(call: Call) -> Reply:
    """GET a model: its latest and its next version."""
    where = call.workspace
    return Reply(200, _container(where, models.versions(call.world, where, call.path["name"])[0]))


def _version(where: Workspace, model: Model) -> Json:
    properties = {
        "baseModelId": f"azureml://registries/azureml/models/{model.base}",
        "baseWeightsId": model.base,
        "baseModelWeightsVersion": "1.0",
        "hasDeltaWeights": "true",
        "maas-finetuning": "true",
        "maas.simulated": "true",
    }
    return {
        "id": f"{where.arm_id}/models/{model.name}/versions/{model.version}",
        "name": str(model.version),
        "type": "Microsoft.MachineLearningServices/workspaces/models/versions",
        "properties": {
            "description": "simulated: holds no weights",
            "tags": {},
            "properties": properties,
            "isArchived": False,
            "isAnonymous": False,
            # null crashes Microsoft's SDK
            "flavors": {},
            "modelType": "custom_model",
            "modelUri": models.model_uri(where, model.job),
            "jobName": model.job,
            "provisioningState": "Succeeded",
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
