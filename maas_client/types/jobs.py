"""Fine-tuning jobs, their status, and what they tell while they run."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from maas_client.types.base import ServiceError, Value
from maas_client.types.compute import Compute
from maas_client.types.curves import panels
from maas_client.types.drawing import pairs, table, text

CURVES = {"loss": "loss", "eval_loss": "validation loss", "learning_rate": "learning rate"}
"""The metrics that are drawn, and what they are called there."""


class JobStatus(StrEnum):
    """Where a job stands, in one vocabulary for every service; the service's own word is in `raw_status`."""

    VALIDATING_FILES = "validating_files"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def is_terminal(self) -> bool:
        """True once nothing more will happen: succeeded, failed or cancelled."""
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class Hyperparameters(Value):
    """How to train. `None` leaves the choice to the service."""

    n_epochs: int | None = None
    """Passes over the training file, at least 1."""
    batch_size: int | None = None
    """Rows in one step on one device, at least 1."""
    learning_rate: float | None = None
    """Peak learning rate, above 0."""


class FineTuningJob(Value):
    """A fine-tuning job as the service describes it."""

    name: str
    """Chosen by you; unique in the workspace, and the key that makes creating it twice harmless."""
    status: JobStatus
    """Where it stands."""
    raw_status: str
    """The service's own word for `status`, such as `Provisioning`."""
    model: str
    """Base model id, such as `Phi-3-mini-4k-instruct`."""
    training_file: str
    """Id of the training file."""
    validation_file: str | None = None
    """Id of the validation file; `None` lets the service hold back a fifth of the training rows."""
    hyperparameters: Hyperparameters = Hyperparameters()
    """As sent; what was left out is the service's choice."""
    compute: Compute | None = None
    """Your machines, if it trains on them; `None` trains on the service's own."""
    output_model: str
    """Name under which the fine-tuned model is registered."""
    fine_tuned_model: str | None = None
    """What `deployments.begin_create(model=...)` takes; `None` until the job has succeeded."""
    display_name: str | None = None
    """For people; need not be unique."""
    description: str | None = None
    """For people."""
    experiment_name: str = "Default"
    """Groups jobs in the studio."""
    tags: dict[str, str] = {}
    """Yours to set."""
    properties: dict[str, str] = {}
    """Set by you at creation and extended by the service while it runs."""
    is_archived: bool = False
    """True if lists leave it out unless asked for it."""
    trained_tokens: int | None = None
    """Tokens that the service counted for billing (rows x epochs), once known."""
    studio_url: str | None = None
    """The job's page in the studio."""
    created_at: datetime | None = None
    """When it was created (UTC)."""
    error: ServiceError | None = None
    """Why it failed; filled by `jobs.get`, not by `jobs.list`."""
    simulated: bool = False
    """True if a reference server says that nothing was really trained."""

    def _repr_html_(self) -> str:
        """Draw what one looks for; properties, which the service fills with its own, are left out."""
        numbers = self.hyperparameters.model_dump(exclude_none=True)
        error = self.error
        return pairs(
            f"Fine-tuning job {text(self.name)}",
            {
                "status": self.status,
                "the service says": self.raw_status,
                "simulated": "nothing was really trained" if self.simulated else None,
                "base model": self.model,
                "parameters": ", ".join(f"{key} {value:g}" for key, value in numbers.items()),
                "training file": self.training_file,
                "validation file": self.validation_file,
                "fine-tuned model": self.fine_tuned_model,
                "trained tokens": None if self.trained_tokens is None else f"{self.trained_tokens:,}",
                "tags": self.tags,
                "created": self.created_at,
                "error": f"{error.code}: {error.message}" if error else None,
            },
        )


class ChildJob(Value):
    """A part of a job that the service shows as a job of its own, such as a step of its pipeline."""

    name: str
    """Unique in the workspace; `jobs.logs` and `jobs.metrics` take it too."""
    parent_name: str | None = None
    """The job that started it."""
    status: JobStatus
    """Where it stands."""
    raw_status: str
    """The service's own word for `status`."""
    display_name: str | None = None
    """For people."""
    type: str | None = None
    """The service's word for what it is, such as `azureml.StepRun`."""
    properties: dict[str, str] = {}
    """As the service wrote them."""
    created_at: datetime | None = None
    """When it was created (UTC)."""
    started_at: datetime | None = None
    """When it began to run (UTC)."""
    ended_at: datetime | None = None
    """When it ended (UTC)."""
    error: ServiceError | None = None
    """Why it failed."""


class MetricPoint(Value):
    """One number that training reported."""

    key: str
    """Metric name, such as `loss` (nats per token), `eval_loss`, `learning_rate`, `epoch`."""
    value: float
    """The number; not finite if the service said so."""
    step: int
    """Global optimiser step, from 0."""
    created_at: datetime | None = None
    """When it was reported (UTC)."""


class Metrics(tuple[MetricPoint, ...]):
    """All numbers that a job reported, ordered by step, then key; in a notebook it draws their curves."""

    __slots__ = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the metrics, in alphabetical order."""
        return tuple(sorted({point.key for point in self}))

    def series(self, key: str) -> tuple[tuple[int, float], ...]:
        """Return the steps and values of one metric; none if it was not reported."""
        return tuple((point.step, point.value) for point in self if point.key == key)

    def _repr_html_(self) -> str:
        """Draw the curves that tell most, and the last value of each metric."""
        last = {point.key: point for point in self}
        rows = [(key, point.value, point.step) for key, point in sorted(last.items())]
        return panels([(name, self.series(key)) for key, name in CURVES.items()]) + table(
            ("metric", "last value", "step"), rows
        )


class JobProgress(Value):
    """How far training has come."""

    step: int
    """Optimiser steps done."""
    total_steps: int | None = None
    """Steps in all, once it can be told from the epochs reported."""
    epoch: float | None = None
    """Epochs done, fractional."""
    steps_per_second: float | None = None
    """Recent rate."""
    eta_seconds: float | None = None
    """Estimated seconds until the last step."""


class JobEvent(Value):
    """Something that happened to a job, as `jobs.watch` tells it: in order, and none twice."""

    type: Literal["status", "metrics", "message"]
    """`status`: it moved on; `metrics`: training reported numbers; `message`: anything else worth telling."""
    level: Literal["info", "warning", "error"] = "info"
    """How bad it is."""
    message: str
    """One line for people."""
    job_name: str
    """The job."""
    created_at: datetime
    """When it happened as far as is known, else when it was seen (UTC)."""
    status: JobStatus
    """Where the job stood."""
    raw_status: str
    """The service's own word."""
    metrics: dict[str, float] = {}
    """On `metrics`: numbers reported at `progress.step`."""
    progress: JobProgress | None = None
    """On `metrics`: how far training has come."""
    resume_token: str = ""
    """Hand it to `jobs.watch(..., resume_token=...)` to go on after this event."""

    def _repr_html_(self) -> str:
        return f"<code>{text(self)}</code>"

    def __str__(self) -> str:
        return f"{self.created_at:%H:%M:%S} {self.status.value:<10} {self.message}"
