"""Where and how a job is to run, as far as its body says.

Source: azure-rest-api-specs, 2024-10-01-preview mfe.json, `JobResources`, `QueueSettings`, `IdentityConfiguration`,
`NotificationSetting`; a job is serverless when it names neither `resources` nor `computeId`.
"""

from typing import Any

from maas_client.server.service.errors import user_error

Json = dict[str, Any]

TIERS = ("Null", "Spot", "Basic", "Standard", "Premium")
IDENTITIES = ("AMLToken", "Managed", "UserIdentity")
ENDS = ("JobCompleted", "JobFailed", "JobCancelled")


def is_own_compute(definition: Json) -> bool:
    """Tell whether a job runs on machines of the user's subscription."""
    return bool(definition["resources"] or definition["computeId"])


def check_compute(body: Json) -> None:
    """Refuse what a job's body says wrongly of its machines, its queue, its identity and its mails.

    Raises:
        ServiceError: 400, naming the field.
    """
    resources = _object(body, "resources")
    types = resources.get("instanceTypes") if resources is not None else ["-"]
    if not isinstance(types, list) or not types or not all(isinstance(each, str) and each for each in types):
        raise user_error("resources.instanceTypes must be a list of sizes.", target="resources.instanceTypes")
    if not isinstance(body["computeId"], str | None):
        raise user_error("computeId must be a string.", target="computeId")
    queue = _object(body, "queueSettings")
    _one_of((queue or {}).get("jobTier"), TIERS, "queueSettings.jobTier")
    identity = _object(body, "identity")
    if identity is not None:
        _one_of(identity.get("identityType"), IDENTITIES, "identity.identityType", required=True)
    _check_notifications(_object(body, "notificationSetting") or {})


def _check_notifications(setting: Json) -> None:
    for key in ("emails", "emailOn"):
        values = setting.get(key) or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise user_error(
                f"notificationSetting.{key} must be a list of strings.", target=f"notificationSetting.{key}"
            )
    for value in setting.get("emailOn") or []:
        _one_of(value, ENDS, "notificationSetting.emailOn")


def _object(body: Json, key: str) -> Json | None:
    value = body[key]
    if value is not None and not isinstance(value, dict):
        raise user_error(f"{key} must be an object.", target=key)
    return value


def _one_of(value: object, words: tuple[str, ...], target: str, *, required: bool = False) -> None:
    if value is None and not required:
        return
    if not isinstance(value, str) or value.lower() not in {word.lower() for word in words}:
        raise user_error(f"{target} must be one of {', '.join(words)}.", target=target)
