"""Fine-tuning jobs: create, get, list, cancel, delete.

Source: azure-rest-api-specs 2024-10-01-preview (FineTuningJob, CustomModelFineTuning); bodies as azure-ai-ml 1.35.2
sends them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import msgspec

from maas_client.backends.azureml._collection import Collection, read_page
from maas_client.backends.azureml._wire import (
    JOBS_VERSION,
    Facts,
    Target,
    moment,
    part,
    read_object,
    required,
    split_asset_uri,
    text,
    texts,
)
from maas_client.backends.azureml.models import ModelFlows
from maas_client.backends.azureml.runs import RunFlows, read_status
from maas_client.core import lro
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import ConflictError
from maas_client.types import Compute, FineTuningJob, Hyperparameters, JobStatus, Notifications
from maas_client.types.compute import Identity, Tier

FINGERPRINT = "maas-client.fingerprint"
OUTPUT = "registered_model"
"""The key of `outputs` that everything Microsoft ships uses."""

_ASSET = re.compile(r"azureml:(?!/)([^:/@]+):([^:/@]+)")
_IDENTITY: dict[Identity, str] = {"aml_token": "AMLToken", "managed": "Managed", "user_identity": "UserIdentity"}
_OUR_IDENTITY = {wire: ours for ours, wire in _IDENTITY.items()}
_ENDS = {"completed": "JobCompleted", "failed": "JobFailed", "cancelled": "JobCancelled"}
_HYPERPARAMETERS = {
    "n_epochs": "num_train_epochs",
    "batch_size": "per_device_train_batch_size",
    "learning_rate": "learning_rate",
}
"""Source: azureml-acft-common-components 0.0.91, FtaasPipelineInputsValidator."""


@dataclass(frozen=True, slots=True)
class JobDraft:
    """A job as it is to be created; names no time and nothing random, so that a repeat is the same to the byte."""

    name: str
    model_uri: str
    training_file: str
    validation_file: str | None
    hyperparameters: Hyperparameters
    output_model: str
    display_name: str | None = None
    description: str | None = None
    experiment_name: str = "maas-client"
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    compute: Compute | None = None
    notifications: Notifications | None = None

    def definition(self) -> dict[str, Any]:
        """Return what the service refuses to change later."""
        details: dict[str, Any] = {
            "modelProvider": "Custom",
            "taskType": "ChatCompletion",
            "model": {"jobInputType": "mlflow_model", "uri": self.model_uri},
            "trainingData": {"jobInputType": "uri_file", "uri": self.training_file},
        }
        if self.validation_file is not None:
            details["validationData"] = {"jobInputType": "uri_file", "uri": self.validation_file}
        if numbers := _write_hyperparameters(self.hyperparameters):
            details["hyperParameters"] = numbers
        return {
            "jobType": "FineTuning",
            "experimentName": self.experiment_name,
            "fineTuningDetails": details,
            "outputs": {OUTPUT: {"jobOutputType": "mlflow_model", "assetName": self.output_model}},
            **_write_compute(self.compute),
            **_write_notifications(self.notifications),
        }

    def fingerprint(self) -> str:
        """Digest the definition: 32 hex digits that tell our job from another of the same name."""
        canonical = msgspec.json.encode(self.definition(), order="sorted")
        return hashlib.sha256(canonical).hexdigest()[:32]

    def body(self) -> dict[str, Any]:
        """Return the whole body of the PUT."""
        properties = self.definition() | {
            "displayName": self.display_name or self.name,
            "isArchived": False,
            "tags": dict(self.tags),
            "properties": {**self.properties, FINGERPRINT: self.fingerprint()},
        }
        if self.description is not None:
            properties["description"] = self.description
        return {"properties": properties}


def file_uri(target: Target, file: str) -> str:
    """Write a file as a job names it: `azureml:name:version` becomes the id of that data asset of the workspace.

    Source: azure-ai-ml 1.35.2, recorded: what it sends for a data asset is the id.
    """
    asset = _ASSET.fullmatch(file)
    return f"{target.path}/data/{asset[1]}/versions/{asset[2]}" if asset else file


def read_model(body: Mapping[str, Any]) -> tuple[str, bool]:
    """Read of the body of a PUT which base model is tuned, by its registry id, and whether on compute of the user's."""
    properties = part(body, "properties")
    model = part(part(properties, "fineTuningDetails"), "model")
    return text(model.get("uri")) or "", "resources" in properties


class JobFlows:
    """Flows over jobs."""

    def __init__(self, target: Target, facts: Facts, runs: RunFlows, models: ModelFlows) -> None:
        self._jobs = Collection(target, "Jobs", "/jobs", JOBS_VERSION)
        self._facts = facts
        self._runs = runs
        self._models = models

    def create(self, draft: JobDraft) -> Flow[FineTuningJob]:
        """Create a job; the same definition again changes nothing.

        Raises:
            ConflictError: A job of this name has another definition.
        """
        return self.put(draft.name, draft.body())

    def put(self, name: str, body: Mapping[str, Any]) -> Flow[FineTuningJob]:
        """Create a job from a body that was written before, to the byte."""
        request = self._jobs.request("CreateOrUpdate", "PUT", f"/{name}", body=body, expect=(200, 201))
        return parse_job(request, read_object(request, (yield request)))

    def get(self, name: str) -> Flow[FineTuningJob]:
        """Get a job; with its fine-tuned model once it has succeeded, with the reason once it has failed."""
        request = self._jobs.request("Get", "GET", f"/{name}")
        job = parse_job(request, read_object(request, (yield request)))
        if job.status is JobStatus.SUCCEEDED:
            model = yield from self._fine_tuned_model(job)
            return job.model_copy(update={"fine_tuned_model": model})
        if job.status is JobStatus.FAILED:
            error = yield from self._runs.error(name)
            return job.model_copy(update={"error": error})
        return job

    def list_page(
        self, cursor: str | None, *, view: str = "ActiveOnly", tag: str | None = None, properties: str | None = None
    ) -> Flow[Page[FineTuningJob]]:
        """List one page of fine-tuning jobs, as the service orders them; `cursor` is the next page's URL."""
        query = {"listViewType": view, "jobType": "FineTuning"}
        query |= ({"tag": tag} if tag else {}) | ({"properties": properties} if properties else {})
        return read_page(self._jobs.page(cursor, query=query), _fine_tuning)

    def cancel(self, name: str) -> Flow[None]:
        """Ask the service to stop a job; it goes on until the service has done so."""
        yield self._jobs.request("Cancel", "POST", f"/{name}/cancel", expect=(200, 202))

    def begin_delete(self, name: str) -> Flow[lro.Lro]:
        """Delete a job that has ended.

        Raises:
            ConflictError: It has not; what the service would do with it is not documented.
        """
        looking = self._jobs.request("Get", "GET", f"/{name}")
        job = parse_job(looking, read_object(looking, (yield looking)))
        if not job.status.is_terminal:
            raise ConflictError(
                f"The job {name} has not ended ({job.status.value}).",
                status=409,
                operation="Jobs_Delete",
                hint="Cancel it first, and wait for its end; or archive it.",
            )
        request = self._jobs.request("Delete", "DELETE", f"/{name}", expect=(200, 202, 204))
        self._facts.fine_tuned_models.pop(name, None)
        return lro.begin(request, (yield request))

    def _fine_tuned_model(self, job: FineTuningJob) -> Flow[str | None]:
        known = self._facts.fine_tuned_models.get(job.name)
        if known is None:
            model = yield from self._models.made_by(job.name, job.output_model)
            if model is None:
                return None
            self._facts.fine_tuned_models[job.name] = known = model.id
        return known


def _fine_tuning(request: Request, item: Mapping[str, Any]) -> FineTuningJob | None:
    """Read an item of the list of jobs, in which other kinds may stand."""
    return parse_job(request, item) if part(item, "properties").get("jobType") == "FineTuning" else None


def parse_job(request: Request, body: Mapping[str, Any]) -> FineTuningJob:
    """Read a job."""
    properties = part(body, "properties")
    details = part(properties, "fineTuningDetails")
    run = texts(properties.get("properties"))
    raw_status = text(properties.get("status")) or "NotStarted"
    name = required(request, body, "name")
    return FineTuningJob(
        name=name,
        status=read_status(raw_status),
        raw_status=raw_status,
        model=split_asset_uri(text(part(details, "model").get("uri")) or "")[0],
        training_file=text(part(details, "trainingData").get("uri")) or "",
        validation_file=text(part(details, "validationData").get("uri")),
        hyperparameters=_read_hyperparameters(part(details, "hyperParameters")),
        compute=_read_compute(properties),
        output_model=text(part(part(properties, "outputs"), OUTPUT).get("assetName")) or name,
        display_name=text(properties.get("displayName")),
        description=text(properties.get("description")),
        experiment_name=text(properties.get("experimentName")) or "Default",
        tags=texts(properties.get("tags")),
        properties=run,
        is_archived=properties.get("isArchived") is True,
        trained_tokens=_whole(run.get("__azureml_ft_training_tokens")),
        studio_url=text(part(part(properties, "services"), "Studio").get("endpoint")),
        created_at=moment(part(body, "systemData").get("createdAt")),
        simulated=run.get("maas.simulated") == "true",
    )


def _write_compute(compute: Compute | None) -> dict[str, Any]:
    """Write what tells a job on compute of the user's own from a serverless one, which has none of it.

    Source: azure-rest-api-specs 2024-10-01-preview, JobResources, QueueSettings, IdentityConfiguration.
    """
    if compute is None:
        return {}
    written: dict[str, Any] = {"resources": {"instanceTypes": list(compute.instance_types)}}
    if compute.tier is not None:
        written["queueSettings"] = {"jobTier": compute.tier}
    if compute.identity is not None:
        written["identity"] = {"identityType": _IDENTITY[compute.identity]}
    return written


def _read_compute(properties: Mapping[str, Any]) -> Compute | None:
    types = part(properties, "resources").get("instanceTypes")
    known = tuple(name for item in types if (name := text(item))) if isinstance(types, list) else ()
    if not known:
        return None
    tier = text(part(properties, "queueSettings").get("jobTier"))
    identity = text(part(properties, "identity").get("identityType"))
    return Compute(
        instance_types=known,
        tier=next((ours for ours in get_args(Tier) if ours == tier), None),
        identity=_OUR_IDENTITY.get(identity or ""),
    )


def _write_notifications(wanted: Notifications | None) -> dict[str, Any]:
    if wanted is None:
        return {}
    return {"notificationSetting": {"emailOn": [_ENDS[end] for end in wanted.when], "emails": list(wanted.emails)}}


def _write_hyperparameters(values: Hyperparameters) -> dict[str, str]:
    """Write numbers as the strings that this wire wants; what is `None` is left to the service."""
    pairs = ((wire, getattr(values, ours)) for ours, wire in _HYPERPARAMETERS.items())
    return {wire: repr(value) for wire, value in pairs if value is not None}


def _read_hyperparameters(body: Mapping[str, Any]) -> Hyperparameters:
    return Hyperparameters(
        n_epochs=_whole(body.get("num_train_epochs")),
        batch_size=_whole(body.get("per_device_train_batch_size")),
        learning_rate=_number(body.get("learning_rate")),
    )


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None
