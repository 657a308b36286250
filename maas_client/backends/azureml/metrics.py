"""What training reported, read through the workspace's MLflow endpoint.

Source: MLflow REST API 2.0 (runs/get, metrics/get-history); azureml-mlflow 1.62.0.post6 for the URL and that the
run's id is the job's name.
"""

from typing import Any

from maas_client.backends.azureml._wire import from_milliseconds, items, part, text
from maas_client.backends.azureml.workspace import MLFLOW, WorkspaceFlows
from maas_client.core.flow import Flow
from maas_client.types import MetricPoint

PAGE_SIZE = 1000


class MetricFlows:
    """Flows over metrics."""

    def __init__(self, workspace: WorkspaceFlows) -> None:
        self._workspace = workspace

    def latest(self, job: str) -> Flow[dict[str, MetricPoint]]:
        """Get the last point of every metric, by key; empty while there is none."""
        body = yield from self._workspace.ask(
            "MLflow_GetRun", "GET", MLFLOW, "/api/2.0/mlflow/runs/get", query={"run_id": job}
        )
        found = (_point(item) for item in items(part(part(body, "run"), "data"), "metrics"))
        return {point.key: point for point in found if point is not None}

    def history(self, job: str, key: str) -> Flow[tuple[MetricPoint, ...]]:
        """Get every point of one metric, steps ascending."""
        points: list[MetricPoint] = []
        query = {"run_id": job, "metric_key": key, "max_results": str(PAGE_SIZE)}
        while True:
            body = yield from self._workspace.ask(
                "MLflow_GetMetricHistory", "GET", MLFLOW, "/api/2.0/mlflow/metrics/get-history", query=query
            )
            points += [point for item in items(body, "metrics") if (point := _point(item)) is not None]
            token = text(body.get("next_page_token"))
            if token is None or token == query.get("page_token"):
                return tuple(sorted(points, key=lambda point: point.step))
            query["page_token"] = token


def _point(item: dict[str, Any]) -> MetricPoint | None:
    key = text(item.get("key"))
    try:
        value = float(item.get("value", ""))  # MLflow writes NaN and Infinity as strings
        step = int(item.get("step", 0))
    except (TypeError, ValueError, OverflowError):
        return None
    if key is None:
        return None
    return MetricPoint(key=key, value=value, step=step, created_at=from_milliseconds(item.get("timestamp")))
