"""Runs, metrics, artifacts and experiments as MLflow's REST API tells them; all of it is read only here.

Source: MLflow REST API 2.0 (bodies, error codes); azureml-mlflow 1.62 (paths, that a run's id is the job's name, and
the form of `artifact_uri`).
"""

from collections.abc import Callable, Mapping

from maas_client.server.azureml.mlflow_search import Found, order, parse_filter
from maas_client.server.azureml.wire import Call, Json, Reply
from maas_client.server.engine import MetricPoint
from maas_client.server.service import artifacts, jobs
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.experiments import Experiment, experiment_id, experiments
from maas_client.server.service.jobs import Filter, Job
from maas_client.server.service.logs import metrics
from maas_client.server.service.world import Workspace
from maas_client.server.state import JOB_TERMINAL

_STATUS = {
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
    "Running": "RUNNING",
    "Finalizing": "RUNNING",
}
_VIEWS = {"ACTIVE_ONLY": "ActiveOnly", "DELETED_ONLY": "ArchivedOnly", "ALL": "All"}
_STARTED = frozenset({"Running"})
_PAGE = 1000
_MAX_HISTORY = 25_000
_MAX_RUNS = 50_000


def get_run(call: Call) -> Reply:
    """GET a run: its state and the latest value of every metric."""
    where = call.workspace
    return Reply(200, {"run": _run(call, where, _job(call, where))})


def metric_history(call: Call) -> Reply:
    """GET a page of the points of one metric."""
    job = _job(call, call.workspace)
    name = call.query.get("metric_key")
    if not name:
        raise _invalid("metric_key is required.")
    points = [_point(job, point) for point in metrics(job, call.now) if point.key == name]
    return _paged("metrics", points, call.query, _PAGE, _MAX_HISTORY)


def search_runs(call: Call) -> Reply:
    """POST for the runs of some experiments that a filter takes, in the order asked for."""
    where = call.workspace
    ids = call.body.get("experiment_ids") or []
    view = _VIEWS.get(str(call.body.get("run_view_type", "ACTIVE_ONLY")).upper())
    ordering = call.body.get("order_by") or []
    if view is None or not isinstance(ids, list) or not isinstance(ordering, list):
        raise _invalid("experiment_ids and order_by must be lists, run_view_type ACTIVE_ONLY, DELETED_ONLY or ALL.")
    takes = parse_filter(str(call.body.get("filter") or ""))
    runs = [
        _run(call, where, job)
        for job in jobs.every(call.world, where, Filter(view=view))
        if experiment_id(where, job.body["experimentName"]) in ids
    ]
    found = [run for run in runs if takes(Found(run))]
    return _paged("runs", order(found, [str(clause) for clause in ordering]), call.body, _PAGE, _MAX_RUNS)


def list_artifacts(call: Call) -> Reply:
    """GET the files and folders directly below `path`."""
    where = call.workspace
    job = _job(call, where)
    path = call.query.get("path", "").strip("/")
    below = f"{path}/" if path else ""
    files: dict[str, Json] = {}
    for found in artifacts.artifacts(call.world, where, job, call.now, below):
        head, slash, _ = found.path.removeprefix(below).partition("/")
        name = f"{below}{head}"
        files[name] = {"path": name, "is_dir": True} if slash else _file(name, found.size)
    return Reply(200, {"root_uri": _artifact_uri(call, where, job), "files": list(files.values())})


def get_experiment(call: Call) -> Reply:
    """GET an experiment by its id."""
    wanted = call.query.get("experiment_id", "")
    return _one_experiment(call, lambda each: each.id == wanted, f"No Experiment with id={wanted} exists")


def get_experiment_by_name(call: Call) -> Reply:
    """GET an experiment by its name."""
    wanted = call.query.get("experiment_name", "")
    return _one_experiment(call, lambda each: each.name == wanted, f"Could not find experiment with name {wanted}")


def search_experiments(call: Call) -> Reply:
    """POST for the experiments, last changed first."""
    if call.body.get("filter"):
        raise _invalid("This server takes no filter of experiments.")
    found = sorted(experiments(call.world, call.workspace), key=lambda each: -each.updated)
    return _paged("experiments", [_experiment(each) for each in found], call.body, _PAGE, _PAGE)


def search_logged_models(call: Call) -> Reply:
    """POST for the models logged beside runs: there are none, a job's model is among the files of its run."""
    if not isinstance(call.body.get("experiment_ids"), list):
        raise _invalid("experiment_ids must be a list.")
    return Reply(200, {"models": []})


def _one_experiment(call: Call, wanted: Callable[[Experiment], bool], missing: str) -> Reply:
    for each in experiments(call.world, call.workspace):
        if wanted(each):
            return Reply(200, {"experiment": _experiment(each)})
    raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", missing)


def _experiment(each: Experiment) -> Json:
    return {
        "experiment_id": each.id,
        "name": each.name,
        "artifact_location": "",
        "lifecycle_stage": "active",
        "creation_time": int(each.created * 1000),
        "last_update_time": int(each.updated * 1000),
        "tags": [],
    }


def _run(call: Call, where: Workspace, job: Job) -> Json:
    latest = {point.key: point for point in metrics(job, call.now)}
    start, end = job.reached(_STARTED, call.now), job.reached(JOB_TERMINAL, call.now)
    info = {
        "run_id": job.name,
        "run_uuid": job.name,
        "run_name": job.body["displayName"] or job.name,
        "experiment_id": experiment_id(where, job.body["experimentName"]),
        "user_id": "",
        "status": _STATUS.get(job.status(call.now), "SCHEDULED"),
        "start_time": int((start if start is not None else job.created) * 1000),
        "end_time": None if end is None else int(end * 1000),
        "lifecycle_stage": "deleted" if job.body["isArchived"] else "active",
        "artifact_uri": _artifact_uri(call, where, job),
    }
    data = {
        "metrics": [_point(job, point) for point in latest.values()],
        "params": _pairs(job.body["fineTuningDetails"]["hyperParameters"]),
        "tags": _pairs(job.body["tags"]),
    }
    return {"info": info, "data": data}


def _artifact_uri(call: Call, where: Workspace, job: Job) -> str:
    experiment = job.body["experimentName"]
    return f"azureml://{call.host}/mlflow/v2.0{where.arm_id}/experiments/{experiment}/runs/{job.name}/artifacts"


def _job(call: Call, where: Workspace) -> Job:
    name = call.query.get("run_id") or call.query.get("run_uuid")
    if not name:
        raise _invalid("run_id is required.")
    job = jobs.find(call.world, where, name)
    if job is None:
        raise ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"Run '{name}' not found")
    return job


def _point(job: Job, point: MetricPoint) -> Json:
    return {
        "key": point.key,
        "value": point.value,
        "timestamp": int((job.created + point.offset) * 1000),
        "step": point.step,
    }


def _pairs(values: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _file(name: str, size: int) -> Json:
    return {"path": name, "is_dir": False, "file_size": size}


def _paged(key: str, values: list[Json], asked: Mapping[str, object], default: int, most: int) -> Reply:
    size = _number(asked, "max_results", default, 1, most)
    start = _number(asked, "page_token", 0, 0, len(values))
    body: Json = {key: values[start : start + size]}
    if start + size < len(values):
        body["next_page_token"] = str(start + size)
    return Reply(200, body)


def _number(asked: Mapping[str, object], key: str, default: int, low: int, high: int) -> int:
    given = asked.get(key)
    text = str(default if given in (None, "") else given)
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not low <= int(text) <= high:
        raise _invalid(f"{key} must be a whole number from {low} to {high}.")
    return int(text)


def _invalid(message: str) -> ServiceError:
    return ServiceError(400, "INVALID_PARAMETER_VALUE", message)
