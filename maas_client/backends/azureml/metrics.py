"""What training reported, in both ways that the workspace tells it: its MLflow endpoint, and its own.

Source: MLflow REST API 2.0 (runs/get, metrics/get-history); azureml-mlflow 1.62.0.post6 for the URL and that the
run's id is the job's name; azure-ai-ml 1.35.2, run history client (`list_metric`, `get_full_fidelity_metric`), for the
service's own.
"""

from typing import Any

from maas_client.backends.azureml._wire import (
    DATA_PLANE_VERSION,
    from_milliseconds,
    items,
    moment,
    part,
    text,
)
from maas_client.backends.azureml.workspace import METRIC, MLFLOW, WorkspaceFlows
from maas_client.core.flow import Flow
from maas_client.types import MetricPoint

PAGE_SIZE = 1000
_NATIVE = {"api-version": DATA_PLANE_VERSION}


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

    def native_keys(self, job: str) -> Flow[tuple[str, ...]]:
        """List the names of the metrics, as the service's own way tells them."""
        names: dict[str, None] = {}
        body: dict[str, Any] = {}
        while True:
            answer = yield from self._workspace.ask(
                "RunMetrics_List", "POST", METRIC, f"/runs/{job}/list", query=_NATIVE, body=body
            )
            names |= {name: None for item in items(answer) if (name := _name(item)) is not None}
            token = text(answer.get("continuationToken"))
            if token is None or token == body.get("continuationToken"):
                return tuple(names)
            body = {"continuationToken": token}

    def native_history(self, job: str, key: str) -> Flow[tuple[MetricPoint, ...]]:
        """Get every point of one metric in the service's own way, steps ascending."""
        points: list[MetricPoint] = []
        body = {"metricName": key}
        while True:
            answer = yield from self._workspace.ask(
                "RunMetrics_GetFull", "POST", METRIC, f"/runs/{job}/full", query=_NATIVE, body=body
            )
            points += [point for item in items(answer) if (point := _native_point(key, item)) is not None]
            token = text(answer.get("continuationToken"))
            if token is None or token == body.get("continuationToken"):
                return tuple(sorted(points, key=lambda point: point.step))
            body = {"metricName": key, "continuationToken": token}


def _name(item: dict[str, Any]) -> str | None:
    return text(item.get("name")) or text(part(item, "metricKey").get("name"))


def _point(item: dict[str, Any]) -> MetricPoint | None:
    key = text(item.get("key"))
    number = _number(item.get("value"), item.get("step", 0))
    if key is None or number is None:
        return None
    return MetricPoint(key=key, value=number[0], step=number[1], created_at=from_milliseconds(item.get("timestamp")))


def _native_point(key: str, item: dict[str, Any]) -> MetricPoint | None:
    data = part(item, "data")
    number = _number(data.get(key, next(iter(data.values()), None)), item.get("step") or 0)
    if number is None:
        return None
    return MetricPoint(key=key, value=number[0], step=number[1], created_at=moment(item.get("createdUtc")))


def _number(value: Any, step: Any) -> tuple[float, int] | None:  # noqa: ANN401 - whatever JSON holds
    try:
        return float(value), int(step)  # both ways write NaN and Infinity as strings
    except (TypeError, ValueError, OverflowError):
        return None
