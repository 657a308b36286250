"""Run history: details, children, run data, annotations.

Source: azure-ai-ml 1.35.2, fields that `jobs.stream` and `jobs.archive` read and write; error shape: run history
client.
"""

from urllib.parse import quote

from maas_client.server.azureml.wire import Call, Json, Reply
from maas_client.server.clock import iso7
from maas_client.server.service import jobs, models
from maas_client.server.service.errors import user_error
from maas_client.server.service.experiments import experiment_id
from maas_client.server.service.jobs import Job
from maas_client.server.service.logs import LOG_PATH
from maas_client.server.service.world import Workspace
from maas_client.server.signing import sign
from maas_client.server.state import JOB_TERMINAL

_STARTED = frozenset({"Running", "Finalizing", "Completed", "Failed"})
_LOG_HOURS = 24


def details(call: Call) -> Reply:
    """GET the details: status, log links, warnings, error."""
    where = call.workspace
    job = jobs.get(call.world, where, call.path["name"])
    body = _times(job, call.now) | {
        "runId": job.name,
        "target": "serverless",
        "status": job.status(call.now),
        "properties": job.body["properties"],
        "tags": job.body["tags"],
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": None,
        "logFiles": {LOG_PATH: log_url(call, where, job)},
        "warnings": _warnings(job, call.now),
        "error": _error(where, job, call.now),
    }
    return Reply(200, body)


def run(call: Call) -> Reply:
    """GET the run."""
    where = call.workspace
    return Reply(200, _run(where, jobs.get(call.world, where, call.path["name"]), call.now))


def patch(call: Call) -> Reply:
    """PATCH the run: tags and properties merge; `hidden` archives and restores."""
    where = call.workspace
    job = jobs.get(call.world, where, call.path["name"])
    if any(not isinstance(call.body.get(key) or {}, dict) for key in ("tags", "properties")):
        raise user_error("tags and properties must be objects.", target="tags")
    jobs.annotate(call.world, job, call.body)
    return Reply(200, _run(where, jobs.get(call.world, where, job.name), call.now))


def children(call: Call) -> Reply:
    """GET the children: a serverless job shows none."""
    jobs.get(call.world, call.workspace, call.path["name"])
    return Reply(200, {"value": [], "continuationToken": None, "nextLink": None})


def service_instances(call: Call) -> Reply:
    """GET the services of a node, such as a notebook: a serverless job shows none."""
    jobs.get(call.world, call.workspace, call.path["name"])
    return Reply(200, {"instances": {}})


def run_data(call: Call) -> Reply:
    """POST for the run with its outputs."""
    where = call.workspace
    name = call.body.get("runId")
    if not isinstance(name, str):
        raise user_error("runId is required.", target="runId")
    job = jobs.get(call.world, where, name)
    return Reply(200, {"runMetadata": _run(where, job, call.now), "runDefinition": None, "jobSpecification": None})


def log_url(call: Call, where: Workspace, job: Job) -> str:
    """Return a link to the log that opens without a token, for a day."""
    path = f"/logs/{where.guid}/{job.name}/{LOG_PATH}"
    token = sign(call.world.secret, path, "r", call.world.real(where) + _LOG_HOURS * 3600)
    return f"{call.base}{quote(path)}?{token}"


def _run(where: Workspace, job: Job, now: float) -> Json:
    outputs: Json = {}
    if job.model is not None and job.model_version is not None:
        outputs["registered_model"] = {
            "assetId": models.asset_id(where, job.model, job.model_version),
            "type": "CustomModel",
        }
    return _times(job, now) | {
        "runId": job.name,
        "rootRunId": job.name,
        "parentRunId": None,
        "runNumber": job.seq,
        "runType": "azureml.finetuning",
        "experimentId": experiment_id(where, job.body["experimentName"]),
        "createdUtc": iso7(job.created),
        "status": job.status(now),
        "displayName": job.body["displayName"] or job.name,
        "description": job.body["description"],
        "hidden": job.body["isArchived"],
        "tags": job.body["tags"],
        "properties": job.body["properties"],
        "warnings": _warnings(job, now),
        "error": _error(where, job, now),
        "outputs": outputs,
    }


def _times(job: Job, now: float) -> Json:
    start, end = job.reached(_STARTED, now), job.reached(JOB_TERMINAL, now)
    return {
        "startTimeUtc": None if start is None else iso7(start),
        "endTimeUtc": None if end is None else iso7(end),
    }


def _warnings(job: Job, now: float) -> list[Json]:
    if job.plan is None or job.reached(_STARTED, now) is None:
        return []
    return [{"source": "FineTuning", "message": text} for text in job.plan.warnings]


def _error(where: Workspace, job: Job, now: float) -> Json | None:
    error = job.plan.error if job.plan else None
    if error is None or job.status(now) != "Failed":
        return None
    inner: Json = {
        "code": error.code,
        "severity": None,
        "message": error.message,
        "messageFormat": None,
        "messageParameters": {},
        "referenceCode": None,
        "detailsUri": None,
        "target": None,
        "details": [],
        "innerError": None,
    }
    return {
        "error": inner,
        "correlation": {"operation": where.guid.replace("-", ""), "request": f"{job.seq:016x}"},
        "environment": where.location,
        "location": where.location,
        "time": iso7(job.reached(JOB_TERMINAL, now) or now),
        "componentName": "FineTuning",
    }
