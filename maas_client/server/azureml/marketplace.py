"""Marketplace subscriptions. Source: azure-rest-api-specs 2024-01-01-preview; azure-ai-ml 1.35.2 for what it reads."""

from maas_client.server.azureml.wire import Call, Json, Reply, listing, operation_links, system_data
from maas_client.server.service import marketplace
from maas_client.server.service.marketplace import Subscription
from maas_client.server.service.world import Workspace


def put(call: Call) -> Reply:
    """PUT a subscription: 201 with Azure-AsyncOperation when created, 200 when it was there."""
    where = call.workspace
    found, operation = marketplace.put(call.world, where, call.path["name"], call.properties(), call.now)
    body = _resource(where, found, call.now)
    if operation is None:
        return Reply(200, body)
    return Reply(201, body, operation_links(call, where, operation, status_document=True))


def get(call: Call) -> Reply:
    """GET a subscription."""
    where = call.workspace
    return Reply(200, _resource(where, marketplace.get(call.world, where, call.path["name"]), call.now))


def list_subscriptions(call: Call) -> Reply:
    """GET the subscriptions of the workspace."""
    where = call.workspace
    return listing(_resource(where, each, call.now) for each in marketplace.every(call.world, where))


def delete(call: Call) -> Reply:
    """DELETE a subscription: 202 with a Location, 204 when there is none; never 200."""
    where = call.workspace
    operation = marketplace.delete(call.world, where, call.path["name"], call.now)
    if operation is None:
        return Reply(204)
    return Reply(202, None, operation_links(call, where, operation, status_document=False))


def _resource(where: Workspace, found: Subscription, now: float) -> Json:
    """Return a subscription as ARM shows it; the SDK fails on a status that is null."""
    name = found.model.rpartition("/")[2].lower()
    state = found.state(now)
    return {
        "id": f"{where.arm_id}/marketplaceSubscriptions/{found.name}",
        "name": found.name,
        "type": "Microsoft.MachineLearningServices/workspaces/marketplaceSubscriptions",
        "properties": {
            "modelId": found.model,
            "marketplacePlan": {"publisherId": found.publisher, "offerId": f"{name}-offer", "planId": f"{name}-plan"},
            "marketplaceSubscriptionStatus": "Unsubscribed" if state == "Deleting" else "Subscribed",
            "provisioningState": state,
        },
        "systemData": system_data(found.created),
    }
