"""Marketplace subscriptions: what a model of another publisher needs before it can be deployed.

Source: azure-rest-api-specs 2024-01-01-preview, `MarketplaceSubscription`; azure-ai-ml 1.35.2, which needs every
status; MicrosoftDocs: Microsoft's own models have no subscription, and creating one for them fails.
"""

import re
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from maas_client.server.service import operations
from maas_client.server.service.errors import ServiceError, not_found, user_error
from maas_client.server.service.names import check_subscription
from maas_client.server.service.world import Workspace, World

CREATE_SECONDS = 10.0
DELETE_SECONDS = 5.0
"""Virtual seconds, chosen by us: the service states none."""

_MODEL = re.compile(r"azureml://registries/(?P<registry>[^/]+)/models/(?P<name>[^/]+)")
_TARGET = "properties.modelId"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A stored subscription; instants are virtual seconds since the epoch."""

    workspace: str
    name: str
    model: str
    created: float
    ready_at: float
    delete_at: float | None

    @property
    def publisher(self) -> str:
        """Who offers the model: what its registry is named after."""
        found = _MODEL.fullmatch(self.model)
        return found["registry"].removeprefix("azureml-") if found else ""

    def state(self, now: float) -> str:
        """Return provisioningState at an instant."""
        if self.delete_at is not None:
            return "Deleting"
        return "Succeeded" if now >= self.ready_at else "Creating"


def put(
    world: World, workspace: Workspace, name: str, properties: dict[str, Any], now: float
) -> tuple[Subscription, str | None]:
    """Subscribe; return the subscription and the id of the operation, or None when it was there already.

    Raises:
        ServiceError: 400: the model. 409: the name stands for another model.
    """
    check_subscription(name)
    model = properties.get("modelId")
    found = _MODEL.fullmatch(model) if isinstance(model, str) else None
    if not isinstance(model, str) or found is None:
        raise user_error(
            "properties.modelId must be azureml://registries/<registry>/models/<name>, without a version.",
            target=_TARGET,
        )
    if found["registry"] in world.registries:
        raise user_error(f"The model {model} is Microsoft's own: it needs no marketplace subscription.", target=_TARGET)
    old = find(world, workspace, name)
    if old is not None:
        if old.model != model or old.delete_at is not None:
            raise ServiceError(409, "Conflict", f"The subscription {name} is for {old.model}.", target="name")
        return old, None
    with world.store.writing("subscriptions.put") as db:
        db.execute(
            "INSERT INTO subscriptions (workspace, name, model, created, ready_at) VALUES (?,?,?,?,?)",
            (workspace.key, name, model, now, now + CREATE_SECONDS),
        )
        operation = operations.begin(world, workspace, "marketplace-create", now, now + CREATE_SECONDS)
    return get(world, workspace, name), operation


def find(world: World, workspace: Workspace, name: str) -> Subscription | None:
    """Return a subscription (names are compared without case), or None."""
    row = world.store.one("SELECT * FROM subscriptions WHERE workspace=? AND name=?", workspace.key, name)
    return None if row is None else _from_row(row)


def get(world: World, workspace: Workspace, name: str) -> Subscription:
    """Return a subscription.

    Raises:
        ServiceError: 404.
    """
    found = find(world, workspace, name)
    if found is None:
        raise not_found(f"Marketplace subscription {name} was not found in workspace {workspace.name}.", target="name")
    return found


def every(world: World, workspace: Workspace) -> list[Subscription]:
    """Return the subscriptions of a workspace, by name."""
    rows = world.store.all("SELECT * FROM subscriptions WHERE workspace=? ORDER BY name", workspace.key)
    return [_from_row(row) for row in rows]


def to_model(world: World, workspace: Workspace, model: str, now: float) -> Subscription | None:
    """Return a subscription of the workspace to a model that stands, or None."""
    return next(
        (each for each in every(world, workspace) if each.model == model and each.state(now) == "Succeeded"), None
    )


def delete(world: World, workspace: Workspace, name: str, now: float) -> str | None:
    """Begin to end a subscription; return the id of the operation, or None when there is none."""
    old = find(world, workspace, name)
    if old is None:
        return None
    at = old.delete_at if old.delete_at is not None else now + DELETE_SECONDS
    with world.store.writing("subscriptions.delete") as db:
        db.execute("UPDATE subscriptions SET delete_at=? WHERE workspace=? AND name=?", (at, workspace.key, name))
        return operations.begin(world, workspace, "marketplace-delete", now, at)


def _from_row(row: Row) -> Subscription:
    return Subscription(*row)
