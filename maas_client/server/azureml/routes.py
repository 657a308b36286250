"""The route table: every operation of the contract, what implements it, and which api-versions it takes.

An operation without a handler exists on the real service and answers 501 here, with its name.
Source of api-versions: azure-ai-ml 1.35.2 and 1.27.1, recorded; azure-rest-api-specs, the versions that have
the operation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from maas_client.server.azureml import (
    artifacts,
    cloud,
    data,
    endpoints,
    jobs,
    marketplace,
    metrics,
    mlflow,
    models,
    operations,
    registry,
    runs,
    workspace,
)
from maas_client.server.azureml.tree import RouteTree
from maas_client.server.azureml.wire import Handler, Operation

_PREVIEWS = frozenset(
    {"2024-01-01-preview", "2024-04-01-preview", "2024-07-01-preview", "2024-10-01-preview", "2025-01-01-preview"}
)
FINE_TUNING = _PREVIEWS | {"2025-10-01-preview", "2026-05-15-preview"}
"""Versions that have jobType FineTuning: previews only."""
_STABLE = frozenset({"2023-04-01", "2023-10-01", "2024-04-01", "2024-10-01", "2025-06-01", "2025-12-01"})
ANY = FINE_TUNING | _STABLE | {"2023-02-01-preview", "2023-04-01-preview", "2023-08-01-preview"}
"""Versions that have workspaces, datastores, assets, and job deletion and cancellation."""
AUTHORIZATION = frozenset({"2015-07-01", "2018-07-01", "2022-04-01"})
"""Versions of Microsoft.Authorization that list permissions."""
SERVERLESS = FINE_TUNING | {"2024-04-01", "2024-10-01", "2025-06-01", "2025-12-01"}

_ML = "/providers/Microsoft.MachineLearningServices"
_W = "/subscriptions/{sub}/resourceGroups/{rg}" + _ML + "/workspaces/{ws}"
_LOCATION = "/subscriptions/{sub}" + _ML + "/locations/{location}"


def _arm() -> Iterator[Operation]:
    def row(name: str, method: str, path: str, versions: frozenset[str], handler: Handler | None = None) -> Operation:
        return Operation(name, method, path, versions, handler)

    yield row("Workspaces_Get", "GET", _W, ANY, workspace.get_workspace)
    permissions = f"{_W}/providers/Microsoft.Authorization/permissions"
    yield row("Permissions_ListForResource", "GET", permissions, AUTHORIZATION, workspace.list_permissions)
    yield row("Datastores_List", "GET", f"{_W}/datastores", ANY, workspace.list_datastores)
    yield row("Datastores_Get", "GET", f"{_W}/datastores/{{name}}", ANY, workspace.get_datastore)
    yield row("Datastores_ListSecrets", "POST", f"{_W}/datastores/{{name}}/listSecrets", ANY, workspace.list_secrets)
    yield row("DataContainers_List", "GET", f"{_W}/data", ANY, data.list_containers)
    yield row("DataContainers_Get", "GET", f"{_W}/data/{{name}}", ANY, data.get_container)
    yield row("DataVersions_List", "GET", f"{_W}/data/{{name}}/versions", ANY, data.list_versions)
    yield row("DataVersions_Get", "GET", f"{_W}/data/{{name}}/versions/{{version}}", ANY, data.get_version)
    yield row("DataVersions_CreateOrUpdate", "PUT", f"{_W}/data/{{name}}/versions/{{version}}", ANY, data.put_version)
    yield row("Jobs_List", "GET", f"{_W}/jobs", ANY, jobs.list_jobs)
    yield row("Jobs_Get", "GET", f"{_W}/jobs/{{name}}", ANY, jobs.get)
    yield row("Jobs_CreateOrUpdate", "PUT", f"{_W}/jobs/{{name}}", FINE_TUNING, jobs.put)
    yield row("Jobs_Delete", "DELETE", f"{_W}/jobs/{{name}}", ANY, jobs.delete)
    yield row("Jobs_Cancel", "POST", f"{_W}/jobs/{{name}}/cancel", ANY, jobs.cancel)
    yield row("ModelContainers_List", "GET", f"{_W}/models", ANY, models.list_containers)
    yield row("ModelContainers_Get", "GET", f"{_W}/models/{{name}}", ANY, models.get_container)
    yield row("ModelVersions_List", "GET", f"{_W}/models/{{name}}/versions", ANY, models.list_versions)
    yield row("ModelVersions_Get", "GET", f"{_W}/models/{{name}}/versions/{{version}}", ANY, models.get_version)
    yield Operation(
        "ModelVersions_CreateOrUpdate",
        "PUT",
        f"{_W}/models/{{name}}/versions/{{version}}",
        ANY,
        models.put_version,
        missing="new versions from a path: models come from jobs",
    )
    serverless = f"{_W}/serverlessEndpoints"
    yield row("ServerlessEndpoints_List", "GET", serverless, SERVERLESS, endpoints.list_endpoints)
    yield row("ServerlessEndpoints_Get", "GET", f"{serverless}/{{name}}", SERVERLESS, endpoints.get)
    yield row("ServerlessEndpoints_CreateOrUpdate", "PUT", f"{serverless}/{{name}}", SERVERLESS, endpoints.put)
    yield row("ServerlessEndpoints_Update", "PATCH", f"{serverless}/{{name}}", SERVERLESS, endpoints.update)
    yield row("ServerlessEndpoints_Delete", "DELETE", f"{serverless}/{{name}}", SERVERLESS, endpoints.delete)
    yield row(
        "ServerlessEndpoints_ListKeys", "POST", f"{serverless}/{{name}}/listKeys", SERVERLESS, endpoints.list_keys
    )
    yield row(
        "ServerlessEndpoints_RegenerateKeys",
        "POST",
        f"{serverless}/{{name}}/regenerateKeys",
        SERVERLESS,
        endpoints.regenerate_keys,
    )
    plans = f"{_W}/marketplaceSubscriptions"
    yield row("MarketplaceSubscriptions_List", "GET", plans, SERVERLESS, marketplace.list_subscriptions)
    yield row("MarketplaceSubscriptions_Get", "GET", f"{plans}/{{name}}", SERVERLESS, marketplace.get)
    yield row("MarketplaceSubscriptions_CreateOrUpdate", "PUT", f"{plans}/{{name}}", SERVERLESS, marketplace.put)
    yield row("MarketplaceSubscriptions_Delete", "DELETE", f"{plans}/{{name}}", SERVERLESS, marketplace.delete)
    yield row(
        "CodeVersions_CreateOrGetStartPendingUpload",
        "POST",
        f"{_W}/codes/{{name}}/versions/{{version}}/startPendingUpload",
        ANY,
    )
    yield row("MfeOperationsStatus_Get", "GET", f"{_LOCATION}/mfeOperationsStatus/{{id}}", ANY, operations.status)
    yield row("MfeOperationResults_Get", "GET", f"{_LOCATION}/mfeOperationResults/{{id}}", ANY, operations.result)


def _data_plane() -> Iterator[Operation]:
    def row(name: str, method: str, path: str, handler: Handler | None = None) -> Operation:
        return Operation(name, method, path, None, handler)

    history, run = f"/history/v1.0{_W}", "/experiments/{experiment}/runs/{name}"
    yield row("RunHistory_GetDetails", "GET", f"{history}/runs/{{name}}/details", runs.details)
    yield row("RunHistory_GetChildren", "GET", f"{history}/runs/{{name}}/children", runs.children)
    instances = f"{history}/runs/{{name}}/serviceinstances/{{node}}"
    yield row("RunHistory_GetServiceInstances", "GET", instances, runs.service_instances)
    yield row("RunHistory_GetRunData", "POST", f"{history}/rundata", runs.run_data)
    yield row("RunHistory_Get", "GET", f"{history}{run}", runs.run)
    yield row("RunHistory_GetById", "GET", f"{history}/runs/{{name}}", runs.run)
    yield row("RunHistory_Patch", "PATCH", f"{history}{run}", runs.patch)
    yield row("RunHistory_GetDetailsOfExperiment", "GET", f"{history}{run}/details", runs.details)
    artifact = f"{history}{run}/artifacts"
    yield row("RunArtifacts_List", "GET", artifact, artifacts.list_artifacts)
    yield row("RunArtifacts_ListByPath", "GET", f"{artifact}/path", artifacts.list_by_path)
    yield row("RunArtifacts_GetContentInformation", "GET", f"{artifact}/contentinfo", artifacts.content_information)
    yield row("RunArtifacts_ListByPrefix", "GET", f"{artifact}/prefix/contentinfo", artifacts.list_content_information)
    resolved = f"/modelregistry/v1.0{_W}/models/batchGetResolvedUris"
    yield row("Models_BatchGetResolvedUris", "POST", resolved, artifacts.resolve_model_uris)
    metric = f"/metric/v2.0{_W}/runs/{{name}}"
    yield row("RunMetrics_List", "POST", f"{metric}/list", metrics.native_list)
    yield row("RunMetrics_GetFull", "POST", f"{metric}/full", metrics.native_full)
    yield row("RunMetrics_GetSample", "POST", f"{metric}/sample", metrics.native_sample)
    # Only a run writes metrics, and no run outside of this server exists.
    yield row("RunMetrics_PostBatch", "POST", f"{metric}/batch")
    yield Operation("Discovery_Get", "GET", "/discovery", None, workspace.discovery, public=True)
    yield Operation("Metadata_Get", "GET", "/metadata/endpoints", None, cloud.metadata, public=True)


def _mlflow() -> Iterator[Operation]:
    rows: tuple[tuple[str, str, str, Handler], ...] = (
        ("MLflow_GetRun", "GET", "runs/get", mlflow.get_run),
        ("MLflow_SearchRuns", "POST", "runs/search", mlflow.search_runs),
        ("MLflow_GetMetricHistory", "GET", "metrics/get-history", mlflow.metric_history),
        ("MLflow_ListArtifacts", "GET", "artifacts/list", mlflow.list_artifacts),
        ("MLflow_GetExperiment", "GET", "experiments/get", mlflow.get_experiment),
        ("MLflow_GetExperimentByName", "GET", "experiments/get-by-name", mlflow.get_experiment_by_name),
        ("MLflow_SearchLoggedModels", "POST", "logged-models/search", mlflow.search_logged_models),
        ("MLflow_SearchExperiments", "POST", "experiments/search", mlflow.search_experiments),
    )
    for version in ("v1.0", "v2.0"):
        for name, method, path, handler in rows:
            yield Operation(name, method, f"/mlflow/{version}{_W}/api/2.0/mlflow/{path}", None, handler)


def _registries() -> Iterator[Operation]:
    where = "/registrymanagement/v1.0/registries/{registry}/discovery"
    yield Operation("Registries_GetDiscovery", "GET", where, None, registry.discovery)
    scope = "/mferp/managementfrontend/subscriptions/{sub}/resourceGroups/{rg}"
    models_path = f"{scope}{_ML}/registries/{{registry}}/models"
    rows: tuple[tuple[str, str, Handler], ...] = (
        ("RegistryModelContainers_List", "", registry.list_containers),
        ("RegistryModelContainers_Get", "/{name}", registry.get_container),
        ("RegistryModelVersions_List", "/{name}/versions", registry.list_versions),
        ("RegistryModelVersions_Get", "/{name}/versions/{version}", registry.get_version),
    )
    for name, path, handler in rows:
        yield Operation(name, "GET", models_path + path, None, handler)


_SMALL = frozenset(
    {
        "Datastores_Get",
        "Jobs_Get",
        "MfeOperationResults_Get",
        "MfeOperationsStatus_Get",
        "ServerlessEndpoints_Get",
        "Workspaces_Get",
    }
)
"""What clients ask again and again, and what comes before it."""

TABLE: tuple[Operation, ...] = tuple(
    replace(row, small=row.name in _SMALL) for row in (*_arm(), *_data_plane(), *_mlflow(), *_registries())
)
PREFIXES = (
    "/subscriptions/",
    "/history/",
    "/modelregistry/",
    "/metric/",
    "/mlflow/",
    "/registrymanagement/",
    "/mferp/",
    "/discovery",
    "/metadata/",
)
"""Paths that belong to this dialect, whether an operation matches or not."""


_TREE = RouteTree(TABLE)


@lru_cache(maxsize=256)
def match(method: str, path: str) -> tuple[Operation | None, Mapping[str, str], tuple[str, ...]]:
    """Find the operation of a request; the last ones are remembered, for clients ask the same again and again.

    Returns:
        The operation or None, its path parameters, and the other methods that the path does take.
    """
    return _TREE.find(method, path)
