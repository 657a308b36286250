"""The dialect of Azure Machine Learning and Foundry hub projects."""

from maas_client.backends.azureml._wire import Facts, Target, split_asset_uri
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
        facts = Facts()
        self.target = target
        self.workspace: WorkspaceFlows = WorkspaceFlows(target, facts)
        self.storage: StorageFlows = StorageFlows(target)
        self.files: FileFlows = FileFlows(self.storage)
        self.blobs: BlobFlows = BlobFlows(target, self.storage)
        self.data: DataFlows = DataFlows(target)
        self.models: ModelFlows = ModelFlows(target, self.workspace)
        self.registry: RegistryFlows = RegistryFlows(target)
        self.runs: RunFlows = RunFlows(target, self.workspace)
        self.jobs: JobFlows = JobFlows(target, facts, self.runs, self.models)
        self.metrics: MetricFlows = MetricFlows(self.workspace)
        self.deployments: DeploymentFlows = DeploymentFlows(target, facts, self.workspace)
        self.marketplace: MarketplaceFlows = MarketplaceFlows(target)
        self.chat: ChatFlows = ChatFlows(facts, self.deployments)
        self.preflight: PreflightFlows = PreflightFlows(target, self.storage)
