"""What an endpoint says besides its model: sku, identity, content safety, tags.

Source: azure-rest-api-specs 2024-10-01-preview, common-types v3 `Sku`, `ManagedServiceIdentity`; `ContentSafety`.
"""

from collections.abc import Mapping
from typing import Any

from maas_client.server.service.errors import user_error

_TIERS = ("Free", "Basic", "Standard", "Premium")
_SKU: Mapping[str, type] = {"name": str, "tier": str, "size": str, "family": str, "capacity": int}
_IDENTITIES = ("None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned")
_IDENTITY: Mapping[str, type] = {"type": str, "userAssignedIdentities": dict, "principalId": str, "tenantId": str}
_SAFETY: Mapping[str, type] = {"contentSafetyStatus": str}


def check_fields(body: Mapping[str, Any]) -> None:
    """Refuse fields that cannot be.

    Raises:
        ServiceError: 400; the target names the field.
    """
    _check(body.get("sku"), _SKU, "sku", required="name", words={"tier": _TIERS})
    _check(body.get("identity"), _IDENTITY, "identity", required="type", words={"type": _IDENTITIES})
    words = {"contentSafetyStatus": ("Enabled", "Disabled")}
    _check(body.get("contentSafety"), _SAFETY, "properties.contentSafety", required="contentSafetyStatus", words=words)
    tags = body.get("tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise user_error("tags must be strings.", target="tags")


def _check(
    value: object, fields: Mapping[str, type], where: str, *, required: str, words: Mapping[str, tuple[str, ...]]
) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise user_error(f"{where} must be an object.", target=where)
    for name, inner in value.items():
        target = f"{where}.{name}"
        if name not in fields:
            raise user_error(f"{target} is not known.", target=target)
        if inner is not None and (not isinstance(inner, fields[name]) or isinstance(inner, bool)):
            raise user_error(f"{target} is not of the right type.", target=target)
        if inner is not None and name in words and inner not in words[name]:
            raise user_error(f"{target} must be one of {', '.join(words[name])}.", target=target)
    if value.get(required) is None:
        raise user_error(f"{where}.{required} is required.", target=f"{where}.{required}")
