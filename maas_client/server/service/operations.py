"""Long-running operations: an id, and the virtual instant at which it is done."""

import uuid
from dataclasses import dataclass

from maas_client.server.service import fates
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.fates import Fate
from maas_client.server.service.world import Workspace, World


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the service; it succeeds, later if not now, unless its fate is another.

    Attributes:
        id: Its name.
        created: Virtual seconds since the epoch, in the time of its workspace.
        done_at: The same.
        ahead: Virtual seconds by which its workspace is ahead of the server's clock.
        fate: What a fault program has decided.
    """

    id: str
    created: float
    done_at: float
    ahead: float
    fate: Fate


def begin(world: World, workspace: Workspace, kind: str, now: float, done_at: float, fate: Fate = fates.NONE) -> str:
    """Store an operation; return its id, `{kind}:{guid}:{guid}`.

    Source: azure-rest-api-specs examples, the form of mfeOperationsStatus ids.
    """
    name = f"{kind}:{workspace.guid}:{uuid.uuid4()}"
    with world.store.writing() as db:
        values = (name, workspace.subscription.lower(), now, done_at, workspace.key, fate.stored(fates.OF_OPERATIONS))
        db.execute("INSERT INTO operations VALUES (?,?,?,?,?,?)", values)
    return name


def get(world: World, subscription: str, name: str) -> Operation:
    """Return an operation.

    Raises:
        ServiceError: 404.
    """
    row = world.store.one(
        "SELECT o.*, coalesce(w.ahead, 0) AS ahead FROM operations o LEFT JOIN workspaces w ON w.key=o.workspace "
        "WHERE id=? AND o.subscription=?",
        name,
        subscription.lower(),
    )
    if row is None:
        raise missing(name)
    return Operation(row["id"], row["created"], row["done_at"], row["ahead"], fates.read(row["fate"]))


def missing(name: str) -> ServiceError:
    """Return the refusal of an operation that there is not."""
    return ServiceError(404, "NotFound", f"The operation {name} was not found.", target="operationId")
