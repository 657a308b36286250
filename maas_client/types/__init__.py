"""The values that users hold. Immutable; fields the service adds later are ignored, never an error."""

from maas_client.types.artifacts import Artifact, Download
from maas_client.types.base import ServiceError, Value
from maas_client.types.chat import (
    ChatChunk,
    ChatCompletion,
    ChatMessage,
    Choice,
    ChunkChoice,
    Delta,
    Message,
    MessageInput,
    ModelInfo,
    Usage,
)
from maas_client.types.compute import Compute, Notifications
from maas_client.types.data import DataAsset
from maas_client.types.deployments import Deployment, DeploymentKeys, DeploymentStatus
from maas_client.types.files import File, UploadEvent
from maas_client.types.jobs import (
    ChildJob,
    FineTuningJob,
    Hyperparameters,
    JobEvent,
    JobProgress,
    JobStatus,
    MetricPoint,
    Metrics,
)
from maas_client.types.marketplace import MarketplaceSubscription, SubscriptionStatus
from maas_client.types.models import FineTunedModel, RegistryModel
from maas_client.types.plans import (
    Plan,
    PlannedCost,
    PlannedData,
    PlannedDeployment,
    PlannedFile,
    PlannedPrice,
    PlannedRequest,
)
from maas_client.types.preflight import CheckStatus, PreflightCheck, PreflightReport
from maas_client.types.responses import RawResponse
from maas_client.types.submissions import (
    StepState,
    SubmissionInfo,
    SubmissionResult,
    SubmissionState,
    SubmissionStep,
)

__all__ = [
    "Artifact",
    "ChatChunk",
    "ChatCompletion",
    "ChatMessage",
    "CheckStatus",
    "ChildJob",
    "Choice",
    "ChunkChoice",
    "Compute",
    "DataAsset",
    "Delta",
    "Deployment",
    "DeploymentKeys",
    "DeploymentStatus",
    "Download",
    "File",
    "FineTunedModel",
    "FineTuningJob",
    "Hyperparameters",
    "JobEvent",
    "JobProgress",
    "JobStatus",
    "MarketplaceSubscription",
    "Message",
    "MessageInput",
    "MetricPoint",
    "Metrics",
    "ModelInfo",
    "Notifications",
    "Plan",
    "PlannedCost",
    "PlannedData",
    "PlannedDeployment",
    "PlannedFile",
    "PlannedPrice",
    "PlannedRequest",
    "PreflightCheck",
    "PreflightReport",
    "RawResponse",
    "RegistryModel",
    "ServiceError",
    "StepState",
    "SubmissionInfo",
    "SubmissionResult",
    "SubmissionState",
    "SubmissionStep",
    "SubscriptionStatus",
    "UploadEvent",
    "Usage",
    "Value",
]
