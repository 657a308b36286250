"""The uris by which a job names its files, and what lies behind them.

Source: azure-ai-ml 1.35.2, recorded (data asset id, short datastore uri); MicrosoftDocs (long datastore uri).
"""

import json
import re

from maas_client.server.service import blobs
from maas_client.server.service.errors import ServiceError, user_error
from maas_client.server.service.world import Workspace, World

_SHORT = re.compile(r"azureml://datastores/(?P<store>[^/]+)/paths/(?P<path>.+)", re.IGNORECASE)
_LONG = re.compile(
    r"azureml://subscriptions/(?P<sub>[^/]+)/resourcegroups/(?P<rg>[^/]+)/(?:providers/[^/]+/)?workspaces/(?P<ws>[^/]+)"
    r"/datastores/(?P<store>[^/]+)/paths/(?P<path>.+)",
    re.IGNORECASE,
)
_ASSET = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+"
    r"/data/(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)
_ASSET_SHORT = re.compile(r"azureml:(?!/)(?P<name>[^:/]+):(?P<version>[^:/]+)")


def check_uri(uri: str, target: str) -> None:
    """Refuse a uri that names no file in any form the service reads; that the file exists is not asked here.

    Raises:
        ServiceError: 400.
    """
    if not any(form.fullmatch(uri) for form in (_SHORT, _LONG, _ASSET, _ASSET_SHORT)):
        raise user_error(
            f"The uri '{uri}' of {target} is not valid: use azureml://datastores/<datastore>/paths/<path> or the id "
            "of a data asset version.",
            target=target,
        )


def resolve(world: World, workspace: Workspace, uri: str) -> blobs.Blob:
    """Return the blob behind a uri.

    Raises:
        ServiceError: There is none; the message says where it was looked for.
    """
    asset = _ASSET.fullmatch(uri) or _ASSET_SHORT.fullmatch(uri)
    if asset:
        uri = _asset_uri(world, workspace, asset["name"], asset["version"])
    found = _SHORT.fullmatch(uri) or _LONG.fullmatch(uri)
    container = workspace.container(found["store"]) if found else None
    blob = (
        None if found is None or container is None else blobs.find(world, workspace.account, container, found["path"])
    )
    if blob is None:
        raise ServiceError(404, "NotFound", f"The file {uri} could not be found.")
    return blob


def _asset_uri(world: World, workspace: Workspace, name: str, version: str) -> str:
    row = world.store.one(
        "SELECT body FROM data_versions WHERE workspace=? AND name=? AND version=?", workspace.key, name, version
    )
    if row is None:
        raise ServiceError(404, "NotFound", f"The data asset {name}:{version} could not be found.")
    return str(json.loads(row["body"])["dataUri"])
