"""The registry of base models, read from the catalog that travels with the package.

Source: azure-ai-ml 1.35.2 and 1.27.1 (paths, the fields of discovery, ordering by `createdtime`); Azure/azureml-assets
model specifications (tags). Retired models are shown as if they were current, as they are accepted for jobs.
"""

from collections.abc import Mapping

from maas_client.server.azureml.wire import Call, Json, Reply, listing, system_data
from maas_client.server.models_data import BaseModel
from maas_client.server.service.errors import ServiceError, not_found, user_error
from maas_client.server.service.options import DEFAULT_REGION

SUBSCRIPTION = "00000000-0000-4000-8000-00000000000a"
RESOURCE_GROUP = "maas-local-registries"
_VANITY = {"azureml-phi": "azureml"}
"""Registries that show the models of another. Source: Azure/azureml-assets, registry `azureml-phi`."""
_TYPE = "Microsoft.MachineLearningServices/registries/models"


def discovery(call: Call) -> Reply:
    """GET where a registry is: this server."""
    name, _ = _registry(call)
    body = {
        "registryName": name,
        "tenantId": "00000000-0000-4000-8000-000000000000",
        "primaryRegion": DEFAULT_REGION,
        "regions": [DEFAULT_REGION],
        "subscriptionId": SUBSCRIPTION,
        "resourceGroup": RESOURCE_GROUP,
        "primaryRegionResourceProviderUri": f"{call.base}/",
        "registryFqdns": {DEFAULT_REGION: {"uri": call.base}},
    }
    return Reply(200, body)


def list_containers(call: Call) -> Reply:
    """GET the models of a registry."""
    registry, models = _registry(call)
    return listing(_container(registry, models[name]) for name in sorted(models))


def get_container(call: Call) -> Reply:
    """GET a model: its latest version."""
    registry, model = _model(call)
    return Reply(200, _container(registry, model))


def list_versions(call: Call) -> Reply:
    """GET the versions, newest first unless `$orderBy` ends with asc; `$top` cuts the list."""
    registry, model = _model(call)
    numbers = range(int(model.version), 0, -1)
    if call.query.get("$orderBy", "").lower().endswith(" asc"):
        numbers = numbers[::-1]
    top = call.query.get("$top")
    if top is not None and not (top.isascii() and top.isdecimal() and len(top) <= 9):
        raise user_error("$top must be a whole number.", target="$top")
    return listing(_version(registry, model, number) for number in numbers[: len(numbers) if top is None else int(top)])


def get_version(call: Call) -> Reply:
    """GET a version: the last one that the catalog knows, or one before it."""
    registry, model = _model(call)
    text = call.path["version"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and 1 <= int(text) <= int(model.version)):
        raise not_found(f"Model {model.name}:{text} was not found in registry {registry}.", target="version")
    return Reply(200, _version(registry, model, int(text)))


def _registry(call: Call) -> tuple[str, Mapping[str, BaseModel]]:
    name = call.path["registry"].lower()
    models = {key: model for key, model in call.world.models.items() if model.registry == _VANITY.get(name, name)}
    if not models:
        raise ServiceError(404, "RegistryNotFound", f"Registry {call.path['registry']} was not found.", target="name")
    return name, models


def _model(call: Call) -> tuple[str, BaseModel]:
    registry, models = _registry(call)
    wanted = call.path["name"].lower()
    for name, model in models.items():
        if name.lower() == wanted:
            return registry, model
    raise not_found(f"Model {call.path['name']} was not found in registry {registry}.", target="name")


def _container(registry: str, model: BaseModel) -> Json:
    return {
        "id": f"azureml://registries/{registry}/models/{model.name}",
        "name": model.name,
        "type": _TYPE,
        "properties": {
            "latestVersion": model.version,
            "nextVersion": str(int(model.version) + 1),
            "isArchived": False,
            "description": None,
            "tags": {},
            "properties": {},
        },
        "systemData": system_data(0.0),
    }


def _version(registry: str, model: BaseModel, number: int) -> Json:
    tags: Json = {}
    if model.finetune_regions:
        tags["maas-finetuning-deploy-regions"] = ", ".join(model.finetune_regions)
    return {
        "id": f"azureml://registries/{registry}/models/{model.name}/versions/{number}",
        "name": str(number),
        "type": f"{_TYPE}/versions",
        "properties": {
            "description": "of the catalog; this server holds no weights",
            "tags": tags,
            "properties": {"maas.simulated": "true"},
            "isArchived": False,
            "isAnonymous": False,
            # null crashes Microsoft's SDK
            "flavors": {},
            "modelType": "custom_model",
            "modelUri": None,
            "jobName": None,
            "stage": None,
        },
        "systemData": system_data(float(number)),
    }
