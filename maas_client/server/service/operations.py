"""Long-running operations: an id, and the virtual instant at which it is done."""

import uuid
from dataclasses import dataclass

from maas_client.server.service.errors import ServiceError
from maas_client.server.service.world import Workspace, World


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the service; all of them succeed, later if not now."""

    id: str
    created: float
    done_at: float


def begin(world: World, workspace: Workspace, kind: str, now: float, done_at: float) -> str:
    """Store an operation; return its id, `{kind}:{guid}:{guid}`.

    Source: azure-rest-api-specs examples, the form of mfeOperationsStatus ids.
    """
    name = f"{kind}:{workspace.guid}:{uuid.uuid4()}"
    with world.store.writing() as db:
        db.execute("INSERT INTO operations VALUES (?,?,?,?)", (name, workspace.subscription.lower(), now, done_at))
    return name


def get(world: World, subscription: str, name: str) -> Operation:
    """Return an operation.

    Raises:
        ServiceError: 404.
    """
    row = world.store.one("SELECT * FROM operations WHERE id=? AND subscription=?", name, subscription.lower())
    if row is None:
        raise ServiceError(404, "NotFound", f"The operation {name} was not found.", target="operationId")
    return Operation(row["id"], row["created"], row["done_at"])
