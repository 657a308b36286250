"""Models: what can be fine-tuned, and what came out."""

from datetime import datetime

from maas_client.types.base import Value


class FineTunedModel(Value):
    """A model that a job registered in the workspace."""

    id: str
    """What `deployments.begin_create(model=...)` takes."""
    name: str
    """Name in the workspace."""
    version: str
    """Version, counted by the service from `"1"`."""
    uri: str | None = None
    """Where its files lie in the workspace's storage; `models.download` fetches them."""
    job_name: str | None = None
    """The job that made it."""
    base_model: str | None = None
    """Id of the model it was tuned from."""
    created_at: datetime | None = None
    """When it was registered (UTC)."""
    properties: dict[str, str] = {}
    """As the service wrote them."""
    simulated: bool = False
    """True if a reference server says that nothing was really trained."""
