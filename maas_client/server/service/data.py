"""Data assets: a name and a version for an uploaded file.

Source: azure-ai-ml 1.35.2, recorded; the refusal of a changed path as its users quote it.
"""

import json
from sqlite3 import Row
from typing import Any

from maas_client.server.service.errors import not_found, user_error
from maas_client.server.service.inputs import check_uri
from maas_client.server.service.names import check_asset
from maas_client.server.service.world import Workspace, World

_TYPES = ("uri_file", "uri_folder", "mltable")


def put(
    world: World, workspace: Workspace, name: str, version: str, body: dict[str, Any], now: float
) -> tuple[Row, bool]:
    """Create or update a version; return its row and whether it is new.

    Raises:
        ServiceError: 400.
    """
    check_asset(name, "data asset name")
    check_asset(version, "data asset version")
    uri = body.get("dataUri")
    if not isinstance(uri, str):
        raise user_error("dataUri is required.", target="dataUri")
    check_uri(uri, "dataUri")
    if body.get("dataType") not in _TYPES:
        raise user_error(f"dataType must be one of {', '.join(_TYPES)}.", target="dataType")
    old = _find(world, workspace, name, version)
    if old is not None and json.loads(old["body"])["dataUri"] != uri:
        raise user_error("(UserError) Asset paths cannot be updated.", target="dataUri")
    with world.store.writing("data.put") as db:
        db.execute(
            "INSERT INTO data_versions VALUES (?,?,?,?,?) "
            "ON CONFLICT (workspace, name, version) DO UPDATE SET body=excluded.body",
            (workspace.key, name, version, json.dumps(body), now),
        )
    return get(world, workspace, name, version), old is None


def get(world: World, workspace: Workspace, name: str, version: str) -> Row:
    """Return a version's row.

    Raises:
        ServiceError: 404.
    """
    row = _find(world, workspace, name, version)
    if row is None:
        raise not_found(f"Data asset {name}:{version} was not found in workspace {workspace.name}.", target="version")
    return row


def versions(world: World, workspace: Workspace, name: str) -> list[Row]:
    """Return the versions of an asset, newest first.

    Raises:
        ServiceError: 404, no such asset.
    """
    rows = world.store.all(
        "SELECT * FROM data_versions WHERE workspace=? AND name=? ORDER BY created DESC, rowid DESC",
        workspace.key,
        name,
    )
    if not rows:
        raise not_found(f"Data asset {name} was not found in workspace {workspace.name}.", target="name")
    return rows


def names(world: World, workspace: Workspace) -> list[str]:
    """Return the names of the assets, in order."""
    rows = world.store.all("SELECT DISTINCT name FROM data_versions WHERE workspace=? ORDER BY name", workspace.key)
    return [row["name"] for row in rows]


def _find(world: World, workspace: Workspace, name: str, version: str) -> Row | None:
    return world.store.one(
        "SELECT * FROM data_versions WHERE workspace=? AND name=? AND version=?", workspace.key, name, version
    )
