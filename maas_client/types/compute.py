"""Where a job trains if not on the service's own machines, and whom it tells how it ended."""

from typing import Annotated, Literal

from pydantic import Field

from maas_client.types.base import Draft

Tier = Literal["Spot", "Basic", "Standard", "Premium"]
Identity = Literal["aml_token", "managed", "user_identity"]


class Compute(Draft):
    """Machines of your subscription to train on, in place of the service's own."""

    instance_types: Annotated[tuple[str, ...], Field(min_length=1)]
    """Sizes of which any will do, such as `Standard_NC24ads_A100_v4`."""
    tier: Tier | None = None
    """How the job stands in the queue; `Spot` may be interrupted. `None` leaves it to the service."""
    identity: Identity | None = None
    """As whom the job reads its data: the workspace, the machines, or you. `None` leaves it to the service."""


class Notifications(Draft):
    """Who gets mail when a job ends."""

    emails: Annotated[tuple[str, ...], Field(min_length=1)]
    """Addresses."""
    when: Annotated[tuple[Literal["completed", "failed", "cancelled"], ...], Field(min_length=1)] = (
        "completed",
        "failed",
        "cancelled",
    )
    """The ends that are told; all of them if left out."""
