"""Metrics, two ways: the native service and MLflow's REST.

Source: azureml-mlflow 1.62 (paths of both), MLflow REST API 2.0 (bodies); the column type word is inferred.
"""

from maas_client.server.azureml.wire import Call, Json, Reply
from maas_client.server.clock import iso7
from maas_client.server.engine import MetricPoint
from maas_client.server.service import jobs
from maas_client.server.service.errors import ServiceError, user_error
from maas_client.server.service.jobs import Job
from maas_client.server.service.logs import metrics
from maas_client.server.state import JOB_TERMINAL

_MLFLOW_STATUS = {
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
    "Running": "RUNNING",
    "Finalizing": "RUNNING",
}
_PAGE = 1000
_MAX_PAGE = 25_000


def native_list(call: Call) -> Reply:
    """POST for the names of the metrics logged so far."""
    job = jobs.get(call.world, call.workspace, call.path["name"])
    names = dict.fromkeys(point.key for point in metrics(job, call.now))
    values = [{"name": name, "columns": {name: "Double"}} for name in names]
    return Reply(200, {"value": values, "continuationToken": None, "nextLink": None})


def native_full(call: Call) -> Reply:
    """POST for every point of one metric."""
    job = jobs.get(call.world, call.workspace, call.path["name"])
    name = call.body.get("metricName")
    if not isinstance(name, str):
        raise user_error("metricName is required.", target="metricName")
    values = [
        {
            "metricId": f"{job.name}/{name}/{index}",
            "createdUtc": iso7(job.created + point.offset),
            "step": point.step,
            "data": {name: point.value},
        }
        for index, point in enumerate(_named(job, name, call.now))
    ]
    body = {"name": name, "columns": {name: "Double"}, "value": values, "continuationToken": None, "nextLink": None}
    return Reply(200, body)


def mlflow_run(call: Call) -> Reply:
    """GET a run: its state and the latest value of every metric."""
    job = _mlflow_job(call)
    latest = {point.key: point for point in metrics(job, call.now)}
    start, end = job.reached(frozenset({"Running"}), call.now), job.reached(JOB_TERMINAL, call.now)
    info = {
        "run_id": job.name,
        "run_uuid": job.name,
        "run_name": job.body["displayName"] or job.name,
        "experiment_id": job.body["experimentName"],
        "status": _MLFLOW_STATUS.get(job.status(call.now), "SCHEDULED"),
        "start_time": int((start if start is not None else job.created) * 1000),
        "end_time": None if end is None else int(end * 1000),
        "lifecycle_stage": "active",
        "artifact_uri": "",
    }
    data = {
        "metrics": [_mlflow_metric(job, point) for point in latest.values()],
        "params": [
            {"key": key, "value": value} for key, value in job.body["fineTuningDetails"]["hyperParameters"].items()
        ],
        "tags": [{"key": key, "value": value} for key, value in job.body["tags"].items()],
    }
    return Reply(200, {"run": {"info": info, "data": data}})


def mlflow_history(call: Call) -> Reply:
    """GET a page of the points of one metric."""
    job = _mlflow_job(call)
    name = call.query.get("metric_key")
    if not name:
        raise user_error("metric_key is required.", target="metric_key")
    points = _named(job, name, call.now)
    size = _number(call, "max_results", _PAGE, 1, _MAX_PAGE)
    start = _number(call, "page_token", 0, 0, len(points))
    body: Json = {"metrics": [_mlflow_metric(job, point) for point in points[start : start + size]]}
    if start + size < len(points):
        body["next_page_token"] = str(start + size)
    return Reply(200, body)


def _mlflow_job(call: Call) -> Job:
    name = call.query.get("run_id") or call.query.get("run_uuid")
    if not name:
        raise user_error("run_id is required.", target="run_id")
    return jobs.get(call.world, call.workspace, name)


def _mlflow_metric(job: Job, point: MetricPoint) -> Json:
    return {
        "key": point.key,
        "value": point.value,
        "timestamp": int((job.created + point.offset) * 1000),
        "step": point.step,
    }


def _named(job: Job, name: str, now: float) -> list[MetricPoint]:
    return [point for point in metrics(job, now) if point.key == name]


def _number(call: Call, key: str, default: int, low: int, high: int) -> int:
    text = call.query.get(key) or str(default)
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not low <= int(text) <= high:
        raise ServiceError(400, "UserError", f"{key} must be a whole number from {low} to {high}.", target=key)
    return int(text)
