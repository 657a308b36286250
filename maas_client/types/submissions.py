"""A submission: a plan that is being carried out, and how far it has come."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from maas_client.types.base import Value
from maas_client.types.deployments import Deployment
from maas_client.types.files import File
from maas_client.types.jobs import FineTuningJob
from maas_client.types.plans import Plan

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
