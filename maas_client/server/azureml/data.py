"""Data assets. Source: azure-ai-ml 1.35.2, recorded."""

import json
from sqlite3 import Row
from typing import Any

from maas_client.server.azureml.wire import Call, Json, Reply, list_view, listing, system_data
from maas_client.server.service import data
from maas_client.server.service.world import Workspace


def put_version(call: Call) -> Reply:
    """PUT a version: 201 when new, else 200."""
    where = call.workspace
    row, created = data.put(call.world, where, call.path["name"], call.path["version"], call.properties(), call.now)
    return Reply(201 if created else 200, _version(where, row))


def get_version(call: Call) -> Reply:
    """GET a version."""
    where = call.workspace
    return Reply(200, _version(where, data.get(call.world, where, call.path["name"], call.path["version"])))


def list_versions(call: Call) -> Reply:
    """GET the versions that the view shows, newest first."""
    where, view = call.workspace, list_view(call)
    found = (_version(where, row) for row in data.versions(call.world, where, call.path["name"]))
    return listing(each for each in found if view.shows(archived=each["properties"]["isArchived"]))


def list_containers(call: Call) -> Reply:
    """GET the assets; none of them is archived whole."""
    where = call.workspace
    names = data.names(call.world, where) if list_view(call).shows(archived=False) else []
    return listing(_container(call, where, name) for name in names)


def get_container(call: Call) -> Reply:
    """GET the asset: its latest and its next version."""
    return Reply(200, _container(call, call.workspace, call.path["name"]))


def _container(call: Call, where: Workspace, name: str) -> Json:
    rows = data.versions(call.world, where, name)
    numbers = [int(row["version"]) for row in rows if row["version"].isdecimal()]
    properties: dict[str, Any] = {
        "latestVersion": rows[0]["version"],
        "nextVersion": str(max(numbers, default=0) + 1),
        "dataType": json.loads(rows[0]["body"])["dataType"],
        "isArchived": False,
        "tags": {},
        "properties": {},
        "description": None,
    }
    return {
        "id": f"{where.arm_id}/data/{rows[0]['name']}",
        "name": rows[0]["name"],
        "type": "Microsoft.MachineLearningServices/workspaces/data",
        "properties": properties,
        "systemData": system_data(rows[-1]["created"]),
    }


def _version(where: Workspace, row: Row) -> Json:
    return {
        "id": f"{where.arm_id}/data/{row['name']}/versions/{row['version']}",
        "name": row["version"],
        "type": "Microsoft.MachineLearningServices/workspaces/data/versions",
        "properties": {"isArchived": False, "tags": {}, "properties": {}, **json.loads(row["body"])},
        "systemData": system_data(row["created"]),
    }
