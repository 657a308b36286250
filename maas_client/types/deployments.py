"""Deployments: a model behind a URL."""

from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr

from maas_client.types.base import Value


class DeploymentStatus(StrEnum):
    """Where a deployment stands; the service's own words are in `raw_status` and `endpoint_state`."""

    CREATING = "creating"
    UPDATING = "updating"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETING = "deleting"
    UNKNOWN = "unknown"


class Deployment(Value):
    """A serverless endpoint that answers for one model."""

    name: str
    """Unique in the region: a letter, then letters, digits and hyphens, 52 characters at most."""
    status: DeploymentStatus
    """Where it stands."""
    raw_status: str
    """The service's own word for `status`."""
    endpoint_state: str | None = None
    """The service's word for the endpoint behind it, such as `Online`."""
    model: str
    """Model id that answers."""
    location: str
    """Region, such as `eastus2`."""
    inference_uri: str | None = None
    """Where `chat` sends its requests; `None` until it is ready."""
    content_safety: bool | None = None
    """True if prompts and answers pass a content filter; `None` if the service does not say."""
    marketplace_subscription: str | None = None
    """Id of the subscription that pays for a model of another publisher."""
    tags: dict[str, str] = {}
    """Yours to set."""
    created_at: datetime | None = None
    """When it was created (UTC)."""

    @property
    def is_ready(self) -> bool:
        """True if it can be asked now."""
        return self.status is DeploymentStatus.SUCCEEDED and self.inference_uri is not None


class DeploymentKeys(Value):
    """The two keys of a deployment, masked wherever they are printed."""

    primary: SecretStr
    """`.get_secret_value()` shows it."""
    secondary: SecretStr
    """`.get_secret_value()` shows it."""
