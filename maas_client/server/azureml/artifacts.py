"""The files of a run, as run history names them, and where the files of a model lie.

Source: azureml-mlflow 1.62 and azure-ai-ml 1.35.2, run artifact and model data-plane clients.
"""

import re
from urllib.parse import quote

from maas_client.server.azureml.runs import log_url
from maas_client.server.azureml.wire import Call, Json, Reply
from maas_client.server.clock import iso7
from maas_client.server.service import artifacts, jobs, models
from maas_client.server.service.artifacts import Artifact
from maas_client.server.service.errors import ServiceError, not_found, user_error
from maas_client.server.service.jobs import Job
from maas_client.server.service.settle import artifact_folder
from maas_client.server.service.world import ARTIFACT_CONTAINER, ARTIFACTSTORE, Workspace
from maas_client.server.signing import sign

_ORIGIN = "ExperimentRun"
_LINK_HOURS = 24
_MAX_IDS = 1000
_MODEL_ID = re.compile(
    r"azureml://locations/[^/]+/workspaces/(?P<guid>[^/]+)/models/(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)


def list_artifacts(call: Call) -> Reply:
    """GET the files of a run."""
    where, job = _job(call)
    return _page([_artifact(job, each) for each in artifacts.artifacts(call.world, where, job, call.now)])


def list_by_path(call: Call) -> Reply:
    """GET the file at `path`, or the files in the folder of that name."""
    where, job = _job(call)
    path = call.query.get("path", "").rstrip("/")
    found = artifacts.artifacts(call.world, where, job, call.now, path)
    return _page([_artifact(job, each) for each in found if not path or f"{each.path}/".startswith(f"{path}/")])


def content_information(call: Call) -> Reply:
    """GET a link to a file that opens without a token, for a day."""
    where, job = _job(call)
    path = call.query.get("path")
    if not path:
        raise user_error("path is required.", target="path")
    found = artifacts.artifact(call.world, where, job, call.now, path)
    if found is None:
        raise not_found(f"The artifact {path} of run {job.name} was not found.", target="path")
    return Reply(200, _content(call, where, job, found))


def list_content_information(call: Call) -> Reply:
    """GET links to the files of a run whose path begins with `path`."""
    where, job = _job(call)
    found = artifacts.artifacts(call.world, where, job, call.now, call.query.get("path", ""))
    return _page([_content(call, where, job, each) for each in found])


def resolve_model_uris(call: Call) -> Reply:
    """POST ids of models for the folders of their files; ids that name no model of the workspace are left out."""
    where = call.workspace
    ids = call.body.get("values")
    if not isinstance(ids, list) or len(ids) > _MAX_IDS or not all(isinstance(each, str) for each in ids):
        raise user_error(f"values must be a list of at most {_MAX_IDS} ids.", target="values")
    found: Json = {}
    for asset_id in ids:
        folder = _model_folder(call, where, asset_id)
        if folder is not None:
            found[asset_id] = {"path": folder, "type": "CustomModel"}
    return Reply(200, {"values": found})


def _model_folder(call: Call, where: Workspace, asset_id: str) -> str | None:
    parts = _MODEL_ID.fullmatch(asset_id)
    if parts is None or parts["guid"].lower() != where.guid:
        return None
    try:
        return models.model_uri(where, models.get(call.world, where, parts["name"], parts["version"]).job)
    except ServiceError:
        return None


def _job(call: Call) -> tuple[Workspace, Job]:
    where = call.workspace
    return where, jobs.get(call.world, where, call.path["name"])


def _page(values: list[Json]) -> Reply:
    return Reply(200, {"value": values, "continuationToken": None, "nextLink": None})


def _artifact(job: Job, found: Artifact) -> Json:
    path = f"{artifact_folder(job.name)}/{found.path}"
    return _named(job, found) | {
        "artifactId": path,
        "etag": None if found.blob is None else found.blob.etag,
        "createdTime": iso7(found.created),
        "dataPath": {"dataStoreName": ARTIFACTSTORE, "relativePath": path},
    }


def _content(call: Call, where: Workspace, job: Job, found: Artifact) -> Json:
    if found.blob is None:
        return _named(job, found) | {"contentUri": log_url(call, where, job)}
    resource = f"{found.blob.account}/{found.blob.container}/{found.blob.path}"
    token = sign(call.world.secret, resource, "r", call.world.real(where) + _LINK_HOURS * 3600, kind="b")
    # The host is a path here, as a datastore's account name has it.
    store = f"{call.base}/{where.account}.blob.core.windows.net/{ARTIFACT_CONTAINER}"
    return _named(job, found) | {"contentUri": f"{store}/{quote(found.blob.path)}?{token}"}


def _named(job: Job, found: Artifact) -> Json:
    return {"origin": _ORIGIN, "container": f"dcid.{job.name}", "path": found.path, "tags": {}}
