"""The body of a job: what is required, what it means after normalisation, what may change later.

Source: azure-rest-api-specs, 2024-10-01-preview mfe.json, `FineTuningJob`, `CustomModelFineTuning`; bodies recorded
from azure-ai-ml 1.35.2 and 1.27.1; the text of the refusal as users report it from the real service.
"""

import re
from collections.abc import Mapping
from typing import Any

from maas_client.server.models_data import BaseModel
from maas_client.server.service.compute import check_compute, is_own_compute
from maas_client.server.service.errors import ServiceError, user_error
from maas_client.server.service.inputs import check_uri

Json = dict[str, Any]

_MODEL = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/models/(?P<name>[^/]+)/(?:versions/(?P<version>[^/]+)|labels/latest)"
)
_REGISTRIES = ("azureml", "azureml-phi")
_MUTABLE = ("description", "tags", "displayName", "properties", "isArchived")
_READ_ONLY = ("status", "services")
_BASE_DEFAULTS: Json = {
    "description": None,
    "tags": {},
    "properties": {},
    "displayName": None,
    "experimentName": "Default",
    "isArchived": False,
    "componentId": None,
    "computeId": None,
    "identity": None,
    "notificationSetting": None,
    "queueSettings": None,
    "resources": None,
}


def normalised(body: Json) -> Json:
    """Check the `properties` of a PUT and return them with defaults filled in and one spelling for each value.

    Raises:
        ServiceError: 400, naming the field.
    """
    if body.get("jobType") != "FineTuning":
        raise user_error(
            f"jobType {body.get('jobType')!r} is not supported: this server runs FineTuning jobs.", target="jobType"
        )
    known = {key: value for key, value in body.items() if value is not None and key not in _READ_ONLY}
    result = {**_BASE_DEFAULTS, **known}
    for key in ("tags", "properties"):
        result[key] = strings(result[key], key)
    if not isinstance(result["isArchived"], bool):
        raise user_error("isArchived must be true or false.", target="isArchived")
    for key in ("displayName", "description", "experimentName"):
        if not isinstance(result[key], str | None):
            raise user_error(f"{key} must be a string.", target=key)
    check_compute(result)
    result["fineTuningDetails"] = _details(_object(result, "fineTuningDetails", "properties"))
    result["outputs"] = _outputs(_object(result, "outputs", "properties"))
    return result


def base_model(definition: Json, models: Mapping[str, BaseModel], region: str) -> BaseModel:
    """Return the base model of a normalised definition. Retired models are accepted: this server still trains them.

    Args:
        definition: The definition.
        models: Of the registry, by name.
        region: Of the workspace.

    Raises:
        ServiceError: 400, no such model, one that cannot be tuned in this way, or not in this region.
    """
    uri = definition["fineTuningDetails"]["model"]["uri"]
    found = _MODEL.fullmatch(uri)
    if not found:
        raise user_error(
            f"The model uri '{uri}' is not valid: use azureml://registries/azureml/models/<name>/versions/<version>.",
            target="fineTuningDetails.model.uri",
        )
    model = models.get(found["name"])
    if model is None or found["registry"] not in (model.registry, *_REGISTRIES):
        raise user_error(
            f"The model '{found['name']}' was not found in registry '{found['registry']}'.",
            target="fineTuningDetails.model.uri",
        )
    _check_way(model, region, own_compute=is_own_compute(definition))
    return model


def _check_way(model: BaseModel, region: str, *, own_compute: bool) -> None:
    target = "fineTuningDetails.model.uri"
    way, need = ("on your own compute", "compute-finetune") if own_compute else ("serverless", "serverless-finetune")
    if need not in model.capabilities:
        raise user_error(f"The model '{model.name}' does not support fine-tuning {way}.", target=target)
    if not own_compute and model.finetune_regions and region not in model.finetune_regions:
        known = ", ".join(model.finetune_regions)
        message = f"The model '{model.name}' cannot be fine-tuned in {region}; it can in: {known}."
        raise user_error(message, target=target)


def updated(old: Json, new: Json) -> Json:
    """Return an existing job's body after a PUT of another normalised one.

    Tags are replaced; of `properties` only new keys may be added.

    Raises:
        ServiceError: 400, something immutable differs.
    """
    for key in sorted(({*old, *new}) - set(_MUTABLE)):
        if old.get(key) != new.get(key):
            raise immutable(key)
    mine = old["properties"]
    if any(key in mine and mine[key] != value for key, value in new["properties"].items()):
        raise immutable("properties")
    return {**new, "properties": {**mine, **new["properties"]}}


def immutable(field: str) -> ServiceError:
    """Return the refusal of a changed definition.

    Source: the message as quoted from the real service (azure-sdk-for-python#47389); the inner codes too.
    """
    return user_error(
        "A job with this name already exists. If you are trying to create a new job, use a different name. "
        f"If you are trying to update an existing job, the existing job's {field[0].upper()}{field[1:]} cannot be "
        "changed. Only description, tags, displayName, properties, and isArchived can be updated.",
        target=field,
        inner=("Immutable", "JobPropertyImmutable"),
    )


def strings(value: object, target: str) -> dict[str, str]:
    """Return tags or the like: numbers as text, without what is null.

    Raises:
        ServiceError: 400, a value is neither.
    """
    if not isinstance(value, dict):
        raise user_error(f"{target} must be an object.", target=target)
    result: dict[str, str] = {}
    for key, item in value.items():
        if item is None:
            continue
        # Numbers were accepted by the real service (a report of 2025-05), although the specification says strings.
        if isinstance(item, bool) or not isinstance(item, str | int | float):
            raise user_error(f"{target}.{key} must be a string.", target=f"{target}.{key}")
        result[key] = item if isinstance(item, str) else repr(item)
    return result


def _details(details: Json) -> Json:
    if details.get("modelProvider") != "Custom":
        raise user_error(
            f"modelProvider {details.get('modelProvider')!r} is not supported: this server takes Custom.",
            target="fineTuningDetails.modelProvider",
        )
    # Microsoft's SDK sends chatCompletion where the specification says ChatCompletion.
    task = details.get("taskType")
    if not isinstance(task, str) or task.lower() != "chatcompletion":
        raise user_error(
            f"taskType {task!r} is not supported: this server takes ChatCompletion.",
            target="fineTuningDetails.taskType",
        )
    result: Json = {
        "modelProvider": "Custom",
        "taskType": "ChatCompletion",
        "model": _input(_object(details, "model", "fineTuningDetails"), "fineTuningDetails.model"),
        "trainingData": _data(_object(details, "trainingData", "fineTuningDetails"), "fineTuningDetails.trainingData"),
        "validationData": None,
        "hyperParameters": strings(details.get("hyperParameters") or {}, "fineTuningDetails.hyperParameters"),
    }
    if details.get("validationData") is not None:
        data = _object(details, "validationData", "fineTuningDetails")
        result["validationData"] = _data(data, "fineTuningDetails.validationData")
    return result


def _input(value: Json, target: str) -> Json:
    uri = value.get("uri")
    if not isinstance(uri, str) or not re.search(r"[a-zA-Z0-9_]", uri):
        raise user_error(f"{target}.uri is required.", target=f"{target}.uri")
    kind = value.get("jobInputType")
    if not isinstance(kind, str):
        raise user_error(f"{target}.jobInputType is required.", target=f"{target}.jobInputType")
    # The service writes the mode back that was not sent.
    mode = value.get("mode") or "ReadOnlyMount"
    return {"jobInputType": kind, "uri": uri, "mode": mode, "description": value.get("description")}


def _data(value: Json, target: str) -> Json:
    result = _input(value, target)
    if result["jobInputType"] != "uri_file":
        raise user_error(f"{target}.jobInputType must be uri_file.", target=f"{target}.jobInputType")
    check_uri(result["uri"], target)
    return result


def _outputs(outputs: Json) -> Json:
    registered = outputs.get("registered_model")
    if len(outputs) != 1 or not isinstance(registered, dict):
        raise user_error("outputs must have exactly one output, registered_model.", target="outputs")
    asset_name = registered.get("assetName")
    if registered.get("jobOutputType") != "mlflow_model":
        raise user_error(
            "outputs.registered_model.jobOutputType must be mlflow_model.", target="outputs.registered_model"
        )
    if not isinstance(asset_name, str) or not asset_name or len(asset_name) > 255:
        raise user_error("outputs.registered_model.assetName is required.", target="outputs.registered_model.assetName")
    return {
        "registered_model": {
            "jobOutputType": "mlflow_model",
            "assetName": asset_name,
            "mode": registered.get("mode") or "ReadWriteMount",
            "description": registered.get("description"),
        }
    }


def _object(holder: Json, key: str, path: str) -> Json:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise user_error(f"{path}.{key} is required and must be an object.", target=f"{path}.{key}")
    return value
