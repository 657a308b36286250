"""A submission: a job decided on in full, and how far it has come."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from maas_client.types.base import Value
from maas_client.types.deployments import Deployment
from maas_client.types.files import File
from maas_client.types.jobs import FineTuningJob

StepName = Literal["check", "upload-training", "upload-validation", "create-job", "wait", "deploy"]


class StepState(StrEnum):
    """How a step stands."""

    PENDING = "pending"
    """Nothing was sent for it."""
    SENT = "sent"
    """It was begun, and what came of it is not known: going on looks before it repeats anything."""
    REFUSED = "refused"
    """It was tried, and certainly did not happen."""
    DONE = "done"
    """It is done."""


class SubmissionState(StrEnum):
    """How a submission stands."""

    OPEN = "open"
    """It can be gone on with."""
    DONE = "done"
    """All that was asked for is done."""
    FAILED = "failed"
    """The job failed or was cancelled; a new attempt needs a new name."""


class PlannedFile(Value):
    """A local file as it was when it was planned to be uploaded."""

    part: Literal["training", "validation"]
    """What it is for."""
    path: str
    """Absolute."""
    bytes: int
    """Length."""
    mtime_ns: int
    """Last modification, nanoseconds since 1970 (UTC)."""
    inode: int
    """File number; with length and time it tells whether this is still the same file."""
    sha256: str
    """Digest of the content, 64 lower-case hex digits."""
    id: str
    """What the job is given: where the content will lie, which its digest decides."""


class PlannedDeployment(Value):
    """A deployment to be made of the fine-tuned model."""

    name: str
    """A letter, then letters, digits and hyphens, 52 characters at most; unique in the region."""
    content_safety: bool | None = None
    """Whether prompts and answers pass a content filter; `None` leaves it to the service."""
    tags: dict[str, str] = {}
    """Yours to set."""


class Plan(Value):
    """A job decided on in full: applying it twice is applying it once."""

    version: int = 1
    """Of this form; a later one is refused."""
    service: str = "azureml"
    """The wire that is spoken."""
    resource_manager: str
    """Base URL."""
    subscription_id: str
    """Azure subscription."""
    resource_group: str
    """Resource group of the workspace."""
    workspace: str
    """Workspace, or hub project."""
    emulator: bool = False
    """True if a local reference server is meant."""
    name: str
    """The job's, final: it makes repeating harmless."""
    model: str
    """Base model as the catalog spells it."""
    body: dict[str, Any]
    """What creates the job, to the byte."""
    fingerprint: str
    """Digest of the definition, which the job carries: it tells our job from another of the same name."""
    files: tuple[PlannedFile, ...] = ()
    """Local files to upload; what the service has already is in `body` alone."""
    wait: bool = True
    """Whether the job is waited for."""
    deployment: PlannedDeployment | None = None
    """What is made of its model."""


class SubmissionStep(Value):
    """One step of a submission."""

    name: StepName
    """Which."""
    state: StepState
    """How it stands."""
    attempts: int = 0
    """How often it was begun."""
    at: datetime | None = None
    """When it last changed (UTC)."""
    error: str | None = None
    """Why it went wrong the last time, if nothing went better since."""


class SubmissionInfo(Value):
    """A submission as the journal holds it."""

    id: str
    """Its own, on this machine."""
    state: SubmissionState
    """How it stands."""
    plan: Plan
    """What is to be done."""
    steps: tuple[SubmissionStep, ...]
    """In their order."""
    begun_at: datetime
    """When it was planned (UTC)."""
    changed_at: datetime
    """When something last happened to it (UTC)."""
    labels: dict[str, str] = {}
    """Whatever was kept with it."""

    @property
    def next_step(self) -> SubmissionStep | None:
        """The first step that is not done."""
        return next((step for step in self.steps if step.state is not StepState.DONE), None)


class SubmissionResult(Value):
    """What came of a submission."""

    job: FineTuningJob
    """The job."""
    files: tuple[File, ...] = ()
    """The files that were uploaded, or were there already."""
    deployment: Deployment | None = None
    """The deployment, if one was asked for."""
