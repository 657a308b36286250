"""Metrics as the service itself tells them.

Source: azure-ai-ml 1.35.2, run history client (`MetricV2`, `MetricDefinition`, `MetricSample`); the column type word is
inferred.
"""

from maas_client.server.azureml.wire import Call, Json, Reply
from maas_client.server.clock import iso7
from maas_client.server.engine import MetricPoint
from maas_client.server.service import jobs
from maas_client.server.service.errors import user_error
from maas_client.server.service.jobs import Job
from maas_client.server.service.logs import metrics

_SAMPLE = 250
"""Points of a sample; how many the service draws is not documented."""


def native_list(call: Call) -> Reply:
    """POST for the names of the metrics logged so far."""
    job = jobs.get(call.world, call.workspace, call.path["name"])
    names = dict.fromkeys(point.key for point in metrics(job, call.now))
    values = [
        {
            "metricKey": {"namespace": "", "name": name, "labels": [], "columnNames": [name]},
            "columns": {name: "Double"},
            "properties": {"uxMetricType": "azureml.v1.scalar"},
        }
        for name in names
    ]
    return Reply(200, {"value": values, "continuationToken": None, "nextLink": None})


def native_full(call: Call) -> Reply:
    """POST for every point of one metric."""
    job, name, points = _asked(call)
    return Reply(200, _metric(job, name, points))


def native_sample(call: Call) -> Reply:
    """POST for points of one metric, evenly spread from the first to the last."""
    job, name, points = _asked(call)
    count = len(points)
    if count > _SAMPLE:
        points = [points[index * (count - 1) // (_SAMPLE - 1)] for index in range(_SAMPLE)]
    body = {"derivedLabelValues": {}, "isPartialResult": len(points) < count, "numValuesLogged": count}
    return Reply(200, _metric(job, name, points) | body)


def _asked(call: Call) -> tuple[Job, str, list[MetricPoint]]:
    job = jobs.get(call.world, call.workspace, call.path["name"])
    name = call.body.get("metricName")
    if not isinstance(name, str):
        raise user_error("metricName is required.", target="metricName")
    return job, name, [point for point in metrics(job, call.now) if point.key == name]


def _metric(job: Job, name: str, points: list[MetricPoint]) -> Json:
    values = [
        {
            "metricId": f"{job.name}/{name}/{point.step}",
            "createdUtc": iso7(job.created + point.offset),
            "step": point.step,
            "data": {name: point.value},
        }
        for point in points
    ]
    return {"name": name, "columns": {name: "Double"}, "value": values, "continuationToken": None, "nextLink": None}
