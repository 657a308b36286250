"""Subscriptions to models of other publishers."""

from datetime import datetime
from enum import StrEnum

from maas_client.types.base import Value


class SubscriptionStatus(StrEnum):
    """Whether a subscription counts; the service's own word is in `raw_status`."""

    SUBSCRIBED = "subscribed"
    SUSPENDED = "suspended"
    UNSUBSCRIBED = "unsubscribed"
    UNKNOWN = "unknown"


class MarketplaceSubscription(Value):
    """The agreement under which a workspace may deploy a model of another publisher than Microsoft."""

    name: str
    """Unique in the workspace."""
    model: str
    """Model id, without a version."""
    status: SubscriptionStatus
    """Whether it counts."""
    raw_status: str
    """The service's own word for `status`."""
    provisioning_state: str = "Unknown"
    """The service's word for how its creation stands, such as `Succeeded`."""
    publisher: str | None = None
    """Publisher's id in the Azure Marketplace."""
    offer: str | None = None
    """Offer's id there."""
    plan: str | None = None
    """Plan's id there."""
    created_at: datetime | None = None
    """When it was created (UTC)."""
