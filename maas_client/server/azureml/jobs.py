"""Jobs. Source: azure-rest-api-specs, 2024-10-01-preview mfe.json; answer of the real service reported 2025-05-21."""

from urllib.parse import quote

from maas_client.server.azureml.wire import (
    Call,
    Json,
    Reply,
    list_view,
    listing,
    next_link,
    operation_links,
    skip_token,
    system_data,
)
from maas_client.server.service import jobs
from maas_client.server.service.jobs import Filter, Job
from maas_client.server.service.world import Workspace


def put(call: Call) -> Reply:
    """PUT a job: 201 when created, 200 when it was there."""
    where = call.workspace
    job, created = jobs.put(call.world, where, call.path["name"], call.properties(), call.now, call.fate)
    return Reply(201 if created else 200, _resource(call, where, job))


def get(call: Call) -> Reply:
    """GET a job."""
    where = call.workspace
    return Reply(200, _resource(call, where, jobs.get(call.world, where, call.path["name"])))


def list_jobs(call: Call) -> Reply:
    """GET a page of jobs, newest first."""
    where = call.workspace
    found, token = jobs.page(call.world, where, _filter(call), skip_token(call))
    return listing((_resource(call, where, job) for job in found), next_link(call, f"{where.arm_id}/jobs", token))


def cancel(call: Call) -> Reply:
    """POST to cancel: 202 with a Location, or 200 when it is cancelled already."""
    where = call.workspace
    operation = jobs.cancel(call.world, where, call.path["name"], call.now, call.fate)
    if operation is None:
        return Reply(200)
    return Reply(202, None, operation_links(call, where, operation, status_document=False))


def delete(call: Call) -> Reply:
    """DELETE an ended job: 202 with a Location, or 204 when there is none."""
    where = call.workspace
    operation = jobs.delete(call.world, where, call.path["name"], call.now, call.fate)
    if operation is None:
        return Reply(204)
    return Reply(202, None, operation_links(call, where, operation, status_document=False))


def _filter(call: Call) -> Filter:
    pairs = [part.partition("=") for part in call.query.get("properties", "").split(",") if part]
    return Filter(
        view=list_view(call),
        job_type=call.query.get("jobType") or None,
        tag=call.query.get("tag") or None,
        properties=tuple((name, value if sign else None) for name, sign, value in pairs),
    )


def _resource(call: Call, where: Workspace, job: Job) -> Json:
    job_id = f"{where.arm_id}/jobs/{job.name}"
    studio = f"{call.base}/runs/{quote(job.name)}?wsid={where.arm_id}"
    services = {
        "Tracking": _service("Tracking", f"azureml://{call.host}/mlflow/v1.0{where.arm_id}?"),
        "Studio": _service("Studio", studio),
    }
    properties = {**job.body, "status": job.status(call.now), "services": services}
    properties["outputs"] = {name: {"uri": None, **output} for name, output in job.body["outputs"].items()}
    return {
        "id": job_id,
        "name": job.name,
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "properties": properties,
        "systemData": system_data(job.created),
    }


def _service(kind: str, endpoint: str) -> Json:
    return {
        "jobServiceType": kind,
        "endpoint": endpoint,
        "port": None,
        "status": None,
        "errorMessage": None,
        "properties": None,
        "nodes": None,
    }
