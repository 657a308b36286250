"""Serverless endpoints.

Source: azure-rest-api-specs, 2024-10-01-preview, `ServerlessEndpoint`; bodies recorded from azure-ai-ml 1.35.2; one
deployment per custom model and the region rule: MicrosoftDocs.
"""

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Row

from maas_client.server.inference import EndpointView
from maas_client.server.service import fates, marketplace, models, operations
from maas_client.server.service.definitions import Json
from maas_client.server.service.endpoint_fields import check_fields
from maas_client.server.service.errors import ServiceError, not_found, user_error
from maas_client.server.service.fates import Fate
from maas_client.server.service.idle import note_use
from maas_client.server.service.names import check_endpoint
from maas_client.server.service.world import Workspace, World, workspace_by_guid, workspace_by_label
from maas_client.server.state import ENDPOINT_CREATE_SECONDS, ENDPOINT_DELETE_SECONDS, ENDPOINT_UPDATE_SECONDS

_CUSTOM = re.compile(
    r"azureml://locations/(?P<location>[^/]+)/workspaces/(?P<guid>[^/]+)/models/(?P<name>[^/]+)/versions/(?P<version>[^/]+)"
)
_BASE = re.compile(r"azureml://registries/(?P<registry>[^/]+)/models/(?P<name>[^/]+)")
_PRIMARY_SLOT = {"primary": "primary_key", "secondary": "secondary_key"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A stored serverless endpoint; instants are virtual seconds since the epoch, in the time of its workspace."""

    seq: int
    workspace: str
    name: str
    body: Json
    target: str
    custom: bool
    keys: tuple[str, str]
    created: float
    ready_at: float
    delete_at: float | None
    fate: Fate

    def states(self, now: float) -> tuple[str, str]:
        """Return (provisioningState, endpointState) at an instant."""
        if self.delete_at is not None:
            return "Deleting", "Deleting"
        if now < self.ready_at:
            return "Creating", "Creating"
        if self.fate.do == "deployment-fails":
            return "Failed", "CreationFailed"
        if self.fate.do == "deployment-not-online" and not self._comes_online(now):
            return "Succeeded", "Creating"
        return "Succeeded", "Online"

    def _comes_online(self, now: float) -> bool:
        seconds = self.fate.fields["seconds"]
        return seconds is not None and now >= self.ready_at + seconds


def put(
    world: World, workspace: Workspace, name: str, body: Json, now: float, fate: Fate = fates.NONE
) -> tuple[Endpoint, str | None]:
    """Create an endpoint; return it and the id of the operation, or None when the same one was there already.

    Raises:
        ServiceError: 400: the body, the region or the model. 409: the model is deployed, or the endpoint goes.
    """
    check_endpoint(name)
    definition = _normalised(body, workspace.location)
    target = definition["modelId"]
    row = world.store.one("SELECT * FROM endpoints WHERE workspace=? AND name=?", workspace.key, name)
    if row is not None:
        _check_repeat(_from_row(row), definition)
        with world.store.writing("endpoints.put") as db:
            db.execute("UPDATE endpoints SET body=? WHERE seq=?", (json.dumps(definition), row["seq"]))
        return get(world, workspace, name), None
    custom = _check_model(world, workspace, target, now)
    if custom:
        taken = world.store.one("SELECT name FROM endpoints WHERE target=?", target)
        if taken is not None:
            raise ServiceError(
                409,
                "Conflict",
                f"The model {target} is deployed as {taken['name']} already: a custom model has one deployment.",
                target="properties.modelSettings.modelId",
            )
    ready = fate.done_at(now + ENDPOINT_CREATE_SECONDS)
    with world.store.writing("endpoints.put") as db:
        db.execute(
            "INSERT INTO endpoints "
            "(workspace, name, body, target, custom, primary_key, secondary_key, created, ready_at, used_at, fate) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(workspace.key, name, json.dumps(definition), target, custom),
                *(_new_key(), _new_key(), now, ready, world.real(workspace)),
                fate.stored(fates.OF_DEPLOYMENTS),
            ),
        )
        operation = operations.begin(world, workspace, "serverless-create", now, ready, fate)
    return get(world, workspace, name), operation


def get(world: World, workspace: Workspace, name: str) -> Endpoint:
    """Return an endpoint (names are compared without case).

    Raises:
        ServiceError: 404.
    """
    row = world.store.one("SELECT * FROM endpoints WHERE workspace=? AND name=?", workspace.key, name)
    if row is None:
        raise not_found(f"Serverless endpoint {name} was not found in workspace {workspace.name}.", target="name")
    return _from_row(row)


def every(world: World, workspace: Workspace) -> list[Endpoint]:
    """Return the endpoints of a workspace in order of creation."""
    return [
        _from_row(row)
        for row in world.store.all("SELECT * FROM endpoints WHERE workspace=? ORDER BY seq", workspace.key)
    ]


def delete(world: World, workspace: Workspace, name: str, now: float, fate: Fate = fates.NONE) -> str | None:
    """Begin to delete an endpoint; return the id of the operation, or None when there is no such endpoint."""
    row = world.store.one("SELECT * FROM endpoints WHERE workspace=? AND name=?", workspace.key, name)
    if row is None:
        return None
    at = row["delete_at"] if row["delete_at"] is not None else fate.done_at(now + ENDPOINT_DELETE_SECONDS)
    with world.store.writing("endpoints.delete") as db:
        db.execute("UPDATE endpoints SET delete_at=? WHERE seq=?", (at, row["seq"]))
        return operations.begin(world, workspace, "serverless-delete", now, at, fate)


def update(world: World, workspace: Workspace, name: str, change: Json, now: float) -> tuple[Endpoint, str | None]:
    """Change tags, identity and sku, as a merge patch does: what is null goes, what is not named stays.

    Returns:
        The endpoint, and the id of an operation; None when only tags change, which is done at once.

    Raises:
        ServiceError: 400: something else is to change. 404. 409: the endpoint is being deleted.
    """
    endpoint = get(world, workspace, name)
    wrong = sorted(set(change) - {"tags", "identity", "sku"})
    if wrong:
        raise user_error(f"{wrong[0]} cannot be updated: only tags, identity and sku can.", target=wrong[0])
    if endpoint.delete_at is not None:
        raise ServiceError(409, "Conflict", f"Serverless endpoint {name} is being deleted.", target="name")
    body = dict(endpoint.body)
    for key, value in change.items():
        if not isinstance(value, dict):
            raise user_error(f"{key} must be an object.", target=key)
        merged = {**(body.get(key) or {}), **value}
        body[key] = {inner: item for inner, item in merged.items() if item is not None}
    check_fields(body)
    with world.store.writing("endpoints.update") as db:
        db.execute("UPDATE endpoints SET body=? WHERE seq=?", (json.dumps(body), endpoint.seq))
        done = now + ENDPOINT_UPDATE_SECONDS
        operation = (
            operations.begin(world, workspace, "serverless-update", now, done) if set(change) - {"tags"} else None
        )
    return get(world, workspace, name), operation


def online(endpoint: Endpoint, now: float) -> Endpoint:
    """Return the endpoint when it has keys to give.

    Raises:
        ServiceError: 409, it is being made or deleted.
    """
    state = endpoint.states(now)[1]
    if state != "Online":
        raise ServiceError(409, "Conflict", f"Serverless endpoint {endpoint.name} is {state}.", target="name")
    return endpoint


def regenerate(world: World, endpoint: Endpoint, body: Json) -> tuple[str, str]:
    """Replace one key; return both.

    Raises:
        ServiceError: 400, `keyType` is neither Primary nor Secondary.
    """
    slot = _PRIMARY_SLOT.get(str(body.get("keyType")).lower())
    if slot is None:
        raise user_error("keyType must be Primary or Secondary.", target="keyType")
    value = body.get("keyValue")
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[!-~]{8,256}", value)):
        raise user_error("keyValue must be 8 to 256 printable characters.", target="keyValue")
    key = value or _new_key()
    with world.store.writing("endpoints.keys") as db:
        db.execute(f"UPDATE endpoints SET {slot}=? WHERE seq=?", (key, endpoint.seq))  # noqa: S608 (a constant)
    return (key, endpoint.keys[1]) if slot == "primary_key" else (endpoint.keys[0], key)


def address(workspace: Workspace, endpoint: Endpoint) -> str:
    """Return what stands for an endpoint in the address of its model.

    The service's names are unique in a region; here workspaces do not see each other, so the address tells them apart.
    """
    return f"{endpoint.name}.{workspace.label}"


def workspace_of(world: World, address: str) -> Workspace | None:
    """Return the workspace of an address, as `address` gives it; None: there is none, or it is no such address."""
    return workspace_by_label(world, address.rpartition(".")[2].lower())


def view(world: World, address: str, now: float) -> EndpointView | None:
    """Return what the inference routes need of an endpoint that is online, or None.

    Args:
        world: The service.
        address: As `address` gives it.
        now: The server's virtual time.
    """
    workspace = workspace_of(world, address)
    if workspace is None:
        return None
    name = address.rpartition(".")[0]
    row = world.store.one("SELECT * FROM endpoints WHERE workspace=? AND name=?", workspace.key, name)
    endpoint = None if row is None else _from_row(row)
    if row is None or endpoint is None or endpoint.states(workspace.time(now))[1] != "Online":
        return None
    note_use(world, workspace, row)
    return EndpointView(
        name=endpoint.name,
        model_id=endpoint.target,
        keys=(*endpoint.keys, *([world.options.api_key] if world.options.api_key else [])),
        open_to_all=world.identity.policy.off,
        answers=_answers(world, endpoint),
        base_model=not endpoint.custom,
        created=endpoint.created,
        filtered=endpoint.body["contentSafety"].get("contentSafetyStatus") != "Disabled",
    )


def _answers(world: World, endpoint: Endpoint) -> Path | None:
    found = _CUSTOM.fullmatch(endpoint.target)
    workspace = workspace_by_guid(world, found["guid"]) if found else None
    if found is None or workspace is None:
        return None
    try:
        model = models.get(world, workspace, found["name"], found["version"])
    except ServiceError:  # its workspace was emptied
        return None
    return models.answers(world, workspace, model.job)


def _normalised(body: Json, region: str) -> Json:
    location = body.get("location")
    if not isinstance(location, str) or location.lower().replace(" ", "") != region:
        raise user_error(f"location {location!r} is not available: the workspace is in {region}.", target="location")
    properties = body.get("properties")
    settings = properties.get("modelSettings") if isinstance(properties, dict) else None
    model_id = settings.get("modelId") if isinstance(settings, dict) else None
    if not isinstance(properties, dict) or not isinstance(model_id, str):
        raise user_error("properties.modelSettings.modelId is required.", target="properties.modelSettings.modelId")
    if str(properties.get("authMode") or "Key").lower() != "key":
        raise user_error("authMode must be Key.", target="properties.authMode")
    sku = body.get("sku") or {"name": "Consumption"}
    safety = properties.get("contentSafety") or {"contentSafetyStatus": "Enabled"}
    tags = body.get("tags") or {}
    found = {"modelId": model_id, "sku": sku, "contentSafety": safety, "tags": tags}
    check_fields(found)
    return found


def _check_model(world: World, workspace: Workspace, model_id: str, now: float) -> bool:
    """Refuse a model that cannot be deployed; say whether it is a custom one."""
    target = "properties.modelSettings.modelId"
    custom = _CUSTOM.fullmatch(model_id)
    if custom:
        source = workspace_by_guid(world, custom["guid"])
        if source is None or source.location != custom["location"].lower():
            raise not_found(f"The workspace {custom['guid']} of model {model_id} was not found.", target=target)
        tuned = models.get(world, source, custom["name"], custom["version"])
        regions = world.models[tuned.base].finetune_regions if tuned.base in world.models else ()
        if regions and workspace.location not in regions:
            raise user_error(
                f"Models tuned from {tuned.base} cannot be deployed in {workspace.location}; they can in: "
                f"{', '.join(regions)}.",
                target="location",
            )
        return True
    base = _BASE.fullmatch(model_id)
    if base is None:
        raise user_error(f"The modelId '{model_id}' is not valid.", target=target)
    if base["registry"] not in world.registries:
        if marketplace.to_model(world, workspace, model_id, now) is None:
            raise user_error(f"The workspace has no marketplace subscription to {model_id}.", target=target)
        return False
    model = world.models.get(base["name"])
    if model is None or model.registry != base["registry"]:
        raise not_found(f"The model '{base['name']}' was not found in registry '{base['registry']}'.", target=target)
    if "deploy" not in model.capabilities:
        raise user_error(f"The model '{model.name}' cannot be deployed as a serverless endpoint.", target=target)
    return False


def _check_repeat(endpoint: Endpoint, definition: Json) -> None:
    if endpoint.delete_at is not None:
        raise ServiceError(409, "Conflict", f"Serverless endpoint {endpoint.name} is being deleted.", target="name")
    if endpoint.body["modelId"] != definition["modelId"]:
        raise user_error(
            f"The model of serverless endpoint {endpoint.name} cannot be changed.",
            target="properties.modelSettings.modelId",
        )


def _new_key() -> str:
    return secrets.token_urlsafe(24)


def _from_row(row: Row) -> Endpoint:
    return Endpoint(
        seq=row["seq"],
        workspace=row["workspace"],
        name=row["name"],
        body=json.loads(row["body"]),
        target=row["target"],
        custom=bool(row["custom"]),
        keys=(row["primary_key"], row["secondary_key"]),
        created=row["created"],
        ready_at=row["ready_at"],
        delete_at=row["delete_at"],
        fate=fates.read(row["fate"]),
    )
