"""The stages of a job that people wait in: each has a time of its own.

A job may be queued twice: until its environment is prepared, and then for machines.

Source: azure-rest-api-specs, Microsoft.MachineLearningServices 2024-10-01-preview, `JobStatus`: `Provisioning` creates
the compute target, `Preparing` prepares the environment, `Queued` waits in the compute target, `Finalizing` collects
outputs.
"""

from enum import StrEnum

from maas_client.types import JobStatus


class Stage(StrEnum):
    """Where a job is on its way."""

    QUEUED = "queued"
    """It waits for its turn or for machines."""
    PREPARING = "preparing"
    """Its machines and its environment are being made ready."""
    RUNNING = "running"
    """It trains."""
    FINISHING = "finishing"
    """The training has ended; what it made is being stored and registered, or it is being stopped."""
    OVER = "over"
    """Nothing more will happen."""


_WORDS = {
    "provisioning": Stage.PREPARING,
    "preparing": Stage.PREPARING,
    "finalizing": Stage.FINISHING,
}
_BEFORE = frozenset({JobStatus.QUEUED, JobStatus.VALIDATING_FILES})


def stage_of(status: JobStatus, raw_status: str, before: Stage | None = None) -> Stage:
    """Return the stage of a status.

    Args:
        status: In our words; a job that has run is not told as queued any more.
        raw_status: The service's word, which tells more.
        before: The stage until now: a word that nobody knows moves nothing.
    """
    if status.is_terminal:
        return Stage.OVER
    if status is JobStatus.CANCELLING:
        return Stage.FINISHING
    if status is JobStatus.UNKNOWN:
        return before or Stage.QUEUED
    told = _WORDS.get(raw_status.lower())
    if status in _BEFORE:
        return told or Stage.QUEUED
    return Stage.FINISHING if told is Stage.FINISHING else Stage.RUNNING
