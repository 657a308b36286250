"""Patterns of names.

Source: azure-rest-api-specs, Microsoft.MachineLearningServices 2024-10-01-preview (path parameters of workspaces, jobs,
serverlessEndpoints, data and models).
"""

import re

from maas_client.server.service.errors import ServiceError, user_error

_WORKSPACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")
_RESOURCE_GROUP = re.compile(r"[\w().-]{0,89}[\w()-]")
_SUBSCRIPTION = re.compile(r"[0-9a-zA-Z-]{1,64}")
_JOB = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
_ENDPOINT = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,51}")
_ASSET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")


def check_scope(subscription: str, resource_group: str, workspace: str) -> None:
    """Refuse a scope that cannot exist; any other exists.

    Raises:
        ServiceError: 404, as ARM answers for things that are not there.
    """
    if not _SUBSCRIPTION.fullmatch(subscription):
        raise ServiceError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
    if not _RESOURCE_GROUP.fullmatch(resource_group):
        raise ServiceError(404, "ResourceGroupNotFound", f"Resource group '{resource_group}' could not be found.")
    if not _WORKSPACE.fullmatch(workspace):
        raise ServiceError(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.MachineLearningServices/workspaces/{workspace}' under resource group "
            f"'{resource_group}' was not found.",
        )


def check_job(name: str) -> None:
    """Refuse a job name that the service would not take (a dot, for one, is not allowed)."""
    _check(_JOB, name, "job name", "^[a-zA-Z0-9][a-zA-Z0-9\\-_]{0,254}$")


def check_endpoint(name: str) -> None:
    """Refuse an endpoint name that the service would not take."""
    _check(_ENDPOINT, name, "serverless endpoint name", "^[a-zA-Z][a-zA-Z0-9-]{0,51}$")


def check_subscription(name: str) -> None:
    """Refuse a name of a marketplace subscription that the service would not take."""
    _check(_JOB, name, "marketplace subscription name", "^[a-zA-Z0-9][a-zA-Z0-9\\-_]{0,254}$")


def check_asset(name: str, what: str) -> None:
    """Refuse an asset name or version that the service would not take."""
    _check(_ASSET, name, what, "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}$")


def registered_name(asset_name: str) -> str:
    """Return the name under which a trained model is registered.

    Source: azureml-acft-common-components 0.0.91: every character outside `[a-zA-Z0-9-]` becomes `-`.
    """
    return re.sub(r"[^a-zA-Z0-9-]", "-", asset_name)


def _check(pattern: re.Pattern[str], name: str, what: str, shown: str) -> None:
    if not pattern.fullmatch(name):
        raise user_error(f"The {what} '{name}' is not valid: it must match {shown}.", target="name")
