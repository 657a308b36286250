"""Fine-tuning jobs: create, get, list, cancel, and why one failed.

Source: azure-rest-api-specs 2024-10-01-preview (FineTuningJob, CustomModelFineTuning); bodies as azure-ai-ml 1.35.2
sends them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from maas_client.backends.azureml._wire import (
    DATA_PLANE_VERSION,
    JOBS_VERSION,
    Facts,
    Target,
    items,
    moment,
    part,
    read_object,
    required,
    split_asset_uri,
    text,
    texts,
)
from maas_client.backends.azureml.models import ModelFlows
from maas_client.backends.azureml.workspace import HISTORY, WorkspaceFlows
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.errors import MaaSError
from maas_client.types import FineTuningJob, Hyperparameters, JobStatus, ServiceError

FINGERPRINT = "maas-client.fingerprint"
OUTPUT = "registered_model"
"""The key of `outputs` that everything Microsoft ships uses."""

_STATUS = {
    "NotStarted": JobStatus.QUEUED,
    "Starting": JobStatus.QUEUED,
    "Provisioning": JobStatus.QUEUED,
    "Preparing": JobStatus.QUEUED,
    "Queued": JobStatus.QUEUED,
    "Running": JobStatus.RUNNING,
    "Finalizing": JobStatus.RUNNING,
    "CancelRequested": JobStatus.CANCELLING,
    "Completed": JobStatus.SUCCEEDED,
    "Failed": JobStatus.FAILED,
    "Canceled": JobStatus.CANCELLED,
    "Paused": JobStatus.PAUSED,
}
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
            "properties": {FINGERPRINT: self.fingerprint()},
        }
        if self.description is not None:
            properties["description"] = self.description
        return {"properties": properties}


class JobFlows:
    """Flows over jobs."""

    def __init__(self, target: Target, facts: Facts, workspace: WorkspaceFlows, models: ModelFlows) -> None:
        self._target = target
        self._facts = facts
        self._workspace = workspace
        self._models = models

    def create(self, draft: JobDraft) -> Flow[FineTuningJob]:
        """Create a job; the same definition again changes nothing.

        Raises:
            ConflictError: A job of this name has another definition.
        """
        request = self._target.request(
            "Jobs_CreateOrUpdate",
            "PUT",
            f"/jobs/{draft.name}",
            version=JOBS_VERSION,
            body=draft.body(),
            expect=(200, 201),
        )
        return parse_job(request, read_object(request, (yield request)))

    def get(self, name: str) -> Flow[FineTuningJob]:
        """Get a job; with its fine-tuned model once it has succeeded, with the reason once it has failed."""
        request = self._target.request("Jobs_Get", "GET", f"/jobs/{name}", version=JOBS_VERSION)
        job = parse_job(request, read_object(request, (yield request)))
        if job.status is JobStatus.SUCCEEDED:
            model = yield from self._fine_tuned_model(job)
            return job.model_copy(update={"fine_tuned_model": model})
        if job.status is JobStatus.FAILED:
            error = yield from self._error(name)
            return job.model_copy(update={"error": error})
        return job

    def list_page(self, cursor: str | None, *, tag: str | None) -> Flow[Page[FineTuningJob]]:
        """List one page of fine-tuning jobs, as the service orders them; `cursor` is the next page's URL."""
        query = {"listViewType": "ActiveOnly", "jobType": "FineTuning"} | ({"tag": tag} if tag else {})
        if cursor is None:
            request = self._target.request("Jobs_List", "GET", "/jobs", version=JOBS_VERSION, query=query)
        else:
            request = self._target.data_request("Jobs_List", "GET", cursor)
        body = read_object(request, (yield request))
        jobs = tuple(
            parse_job(request, item) for item in items(body) if part(item, "properties").get("jobType") == "FineTuning"
        )
        return Page(jobs, text(body.get("nextLink")))

    def cancel(self, name: str) -> Flow[None]:
        """Ask the service to stop a job; it goes on until the service has done so."""
        yield self._target.request(
            "Jobs_Cancel", "POST", f"/jobs/{name}/cancel", version=JOBS_VERSION, expect=(200, 202)
        )

    def run_details(self, name: str) -> Flow[dict[str, Any]]:
        """Get what run history knows: log files, warnings, the error.

        Source: azure-ai-ml 1.35.2, run history client, recorded.
        """
        return self._workspace.ask(
            "RunHistory_GetDetails", "GET", HISTORY, f"/runs/{name}/details", query={"api-version": DATA_PLANE_VERSION}
        )

    def warnings(self, name: str) -> Flow[tuple[str, ...]]:
        """Get the run's warnings so far."""
        details = yield from self.run_details(name)
        return tuple(message for item in items(details, "warnings") if (message := text(item.get("message"))))

    def log_files(self, name: str) -> Flow[dict[str, str]]:
        """Get the names of the run's log files and the signed URLs where they lie."""
        details = yield from self.run_details(name)
        return texts(details.get("logFiles"))

    def log_request(self, url: str) -> Request:
        """Make the request that reads one log file; its URL is signed, so no credential goes along."""
        return Request(
            operation="Log_Read", method="GET", url=url, headers={"accept": "text/plain, */*"}, expect=(200, 206)
        )

    def _fine_tuned_model(self, job: FineTuningJob) -> Flow[str | None]:
        known = self._facts.fine_tuned_models.get(job.name)
        if known is None:
            model = yield from self._models.made_by(job.name, job.output_model)
            if model is None:
                return None
            self._facts.fine_tuned_models[job.name] = known = model.id
        return known

    def _error(self, name: str) -> Flow[ServiceError | None]:
        try:
            details = yield from self.run_details(name)
        except MaaSError:  # better to say that the job failed without the reason than to say nothing
            return None
        root = part(part(details, "error"), "error")
        code, message = text(root.get("code")) or "", text(root.get("message")) or ""
        return ServiceError(code=code, message=message) if code or message else None


def parse_job(request: Request, body: Mapping[str, Any]) -> FineTuningJob:
    """Read a job."""
    properties = part(body, "properties")
    details = part(properties, "fineTuningDetails")
    run = texts(properties.get("properties"))
    raw_status = text(properties.get("status")) or "NotStarted"
    name = required(request, body, "name")
    return FineTuningJob(
        name=name,
        status=_STATUS.get(raw_status, JobStatus.UNKNOWN),
        raw_status=raw_status,
        model=split_asset_uri(text(part(details, "model").get("uri")) or "")[0],
        training_file=text(part(details, "trainingData").get("uri")) or "",
        validation_file=text(part(details, "validationData").get("uri")),
        hyperparameters=_read_hyperparameters(part(details, "hyperParameters")),
        output_model=text(part(part(properties, "outputs"), OUTPUT).get("assetName")) or name,
        display_name=text(properties.get("displayName")),
        experiment_name=text(properties.get("experimentName")) or "Default",
        tags=texts(properties.get("tags")),
        properties=run,
        trained_tokens=_whole(run.get("__azureml_ft_training_tokens")),
        studio_url=text(part(part(properties, "services"), "Studio").get("endpoint")),
        created_at=moment(part(body, "systemData").get("createdAt")),
        simulated=run.get("maas.simulated") == "true",
    )


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
