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


class RegistryModel(Value):
    """A version of a base model, as its registry describes it now."""

    id: str
    """Its address: `azureml://registries/{registry}/models/{name}/versions/{version}`."""
    name: str
    """Name in the registry."""
    version: str
    """Version, as the registry counts."""
    registry: str
    """Such as `azureml`."""
    description: str | None = None
    """For people."""
    type: str = ""
    """Such as `custom_model` or `mlflow_model`."""
    finetune_regions: tuple[str, ...] = ()
    """Where it can be fine-tuned as a service and deployed; empty if the registry does not say."""
    is_archived: bool = False
    """True if the registry no longer lists it, as with retired models."""
    tags: dict[str, str] = {}
    """As the registry wrote them."""
    properties: dict[str, str] = {}
    """As the registry wrote them."""
    created_at: datetime | None = None
    """When it was registered (UTC)."""
