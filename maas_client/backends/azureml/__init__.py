"""The dialect of Azure Machine Learning and Foundry hub projects; what a program does not use is not loaded."""

from functools import cached_property
from typing import TYPE_CHECKING

from maas_client.backends.azureml._wire import Facts, Target, split_asset_uri

if TYPE_CHECKING:
    from maas_client.backends.azureml.blobs import BlobFlows
    from maas_client.backends.azureml.chat import ChatFlows
    from maas_client.backends.azureml.data import DataFlows
    from maas_client.backends.azureml.deployments import DeploymentFlows
    from maas_client.backends.azureml.files import FileFlows
    from maas_client.backends.azureml.jobs import JobFlows
    from maas_client.backends.azureml.marketplace import MarketplaceFlows
    from maas_client.backends.azureml.metrics import MetricFlows
    from maas_client.backends.azureml.models import ModelFlows
    from maas_client.backends.azureml.preflight import PreflightFlows
    from maas_client.backends.azureml.registry import RegistryFlows
    from maas_client.backends.azureml.runs import RunFlows
    from maas_client.backends.azureml.storage import StorageFlows
    from maas_client.backends.azureml.workspace import WorkspaceFlows

__all__ = ["AzureML", "Target", "split_asset_uri"]


class AzureML:
    """All flows over one workspace; shares what does not change, such as where its data plane is."""

    def __init__(self, target: Target) -> None:
        self.target: Target = target
        self._facts = Facts()

    @cached_property
    def workspace(self) -> "WorkspaceFlows":
        """The workspace itself."""
        from maas_client.backends.azureml.workspace import WorkspaceFlows

        return WorkspaceFlows(self.target, self._facts)

    @cached_property
    def storage(self) -> "StorageFlows":
        """Where the storage of the workspace is, and how it is opened."""
        from maas_client.backends.azureml.storage import StorageFlows

        return StorageFlows(self.target)

    @cached_property
    def files(self) -> "FileFlows":
        """Uploads."""
        from maas_client.backends.azureml.files import FileFlows

        return FileFlows(self.storage)

    @cached_property
    def blobs(self) -> "BlobFlows":
        """What lies in the storage."""
        from maas_client.backends.azureml.blobs import BlobFlows

        return BlobFlows(self.target, self.storage)

    @cached_property
    def data(self) -> "DataFlows":
        """Data assets."""
        from maas_client.backends.azureml.data import DataFlows

        return DataFlows(self.target)

    @cached_property
    def models(self) -> "ModelFlows":
        """Models of the workspace."""
        from maas_client.backends.azureml.models import ModelFlows

        return ModelFlows(self.target, self.workspace)

    @cached_property
    def registry(self) -> "RegistryFlows":
        """Models of a registry."""
        from maas_client.backends.azureml.registry import RegistryFlows

        return RegistryFlows(self.target)

    @cached_property
    def runs(self) -> "RunFlows":
        """The run behind a job."""
        from maas_client.backends.azureml.runs import RunFlows

        return RunFlows(self.target, self.workspace)

    @cached_property
    def jobs(self) -> "JobFlows":
        """Jobs."""
        from maas_client.backends.azureml.jobs import JobFlows

        return JobFlows(self.target, self._facts, self.runs, self.models)

    @cached_property
    def metrics(self) -> "MetricFlows":
        """Numbers that training reports."""
        from maas_client.backends.azureml.metrics import MetricFlows

        return MetricFlows(self.workspace)

    @cached_property
    def deployments(self) -> "DeploymentFlows":
        """Deployments."""
        from maas_client.backends.azureml.deployments import DeploymentFlows

        return DeploymentFlows(self.target, self._facts, self.workspace)

    @cached_property
    def marketplace(self) -> "MarketplaceFlows":
        """Subscriptions to models of other publishers."""
        from maas_client.backends.azureml.marketplace import MarketplaceFlows

        return MarketplaceFlows(self.target)

    @cached_property
    def chat(self) -> "ChatFlows":
        """Chat."""
        from maas_client.backends.azureml.chat import ChatFlows

        return ChatFlows(self._facts, self.deployments)

    @cached_property
    def preflight(self) -> "PreflightFlows":
        """What is looked at before a job is sent."""
        from maas_client.backends.azureml.preflight import PreflightFlows

        return PreflightFlows(self.target, self.storage)
