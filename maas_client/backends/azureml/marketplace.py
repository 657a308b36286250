"""Marketplace subscriptions: what a model of another publisher needs before it can be deployed.

Source: azure-rest-api-specs 2024-01-01-preview (MarketplaceSubscriptions); azure-ai-ml 1.35.2 for the statuses that it
takes. Microsoft's own models have none, and creating one for them fails.
"""

from collections.abc import Mapping
from typing import Any

from maas_client.backends.azureml._collection import Collection, read_page
from maas_client.backends.azureml._wire import (
    ENDPOINTS_VERSION,
    Target,
    moment,
    part,
    read_object,
    required,
    text,
)
from maas_client.core import lro
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.paging import Page
from maas_client.types import MarketplaceSubscription, SubscriptionStatus

_STATUS = {
    "Subscribed": SubscriptionStatus.SUBSCRIBED,
    "Suspended": SubscriptionStatus.SUSPENDED,
    "Unsubscribed": SubscriptionStatus.UNSUBSCRIBED,
}


class MarketplaceFlows:
    """Flows over marketplace subscriptions."""

    def __init__(self, target: Target) -> None:
        self._subscriptions = Collection(
            target, "MarketplaceSubscriptions", "/marketplaceSubscriptions", ENDPOINTS_VERSION
        )

    def begin_create(self, name: str, *, model: str) -> Flow[lro.Lro]:
        """Subscribe to a model; the same again changes nothing."""
        body = {"properties": {"modelId": model}}
        request = self._subscriptions.request("CreateOrUpdate", "PUT", f"/{name}", body=body, expect=(200, 201))
        return lro.begin(request, (yield request))

    def get(self, name: str) -> Flow[MarketplaceSubscription]:
        """Get a subscription."""
        request = self._subscriptions.request("Get", "GET", f"/{name}")
        return _parse(request, read_object(request, (yield request)))

    def list_page(self, cursor: str | None) -> Flow[Page[MarketplaceSubscription]]:
        """List one page of subscriptions; `cursor` is the next page's URL."""
        return read_page(self._subscriptions.page(cursor), _parse)

    def begin_delete(self, name: str) -> Flow[lro.Lro]:
        """End a subscription."""
        request = self._subscriptions.request("Delete", "DELETE", f"/{name}", expect=(200, 202, 204))
        return lro.begin(request, (yield request))


def _parse(request: Request, body: Mapping[str, Any]) -> MarketplaceSubscription:
    properties = part(body, "properties")
    plan = part(properties, "marketplacePlan")
    raw_status = text(properties.get("marketplaceSubscriptionStatus")) or "Unknown"
    return MarketplaceSubscription(
        name=required(request, body, "name"),
        model=text(properties.get("modelId")) or "",
        status=_STATUS.get(raw_status, SubscriptionStatus.UNKNOWN),
        raw_status=raw_status,
        provisioning_state=text(properties.get("provisioningState")) or "Unknown",
        publisher=text(plan.get("publisherId")),
        offer=text(plan.get("offerId")),
        plan=text(plan.get("planId")),
        created_at=moment(part(body, "systemData").get("createdAt")),
    )
