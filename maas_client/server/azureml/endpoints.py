"""Serverless endpoints. Source: azure-rest-api-specs 2024-10-01-preview; bodies recorded from azure-ai-ml 1.35.2."""

from maas_client.server.azureml.wire import Call, Json, Reply, listing, operation_links, system_data
from maas_client.server.service import deployments, marketplace
from maas_client.server.service.deployments import Endpoint
from maas_client.server.service.world import Workspace


def put(call: Call) -> Reply:
    """PUT an endpoint: 201 with Azure-AsyncOperation when created, 200 when it was there."""
    where = call.workspace
    endpoint, operation = deployments.put(call.world, where, call.path["name"], call.body, call.now, call.fate)
    body = _resource(call, where, endpoint)
    if operation is None:
        return Reply(200, body)
    return Reply(201, body, operation_links(call, where, operation, status_document=True))


def get(call: Call) -> Reply:
    """GET an endpoint."""
    where = call.workspace
    return Reply(200, _resource(call, where, deployments.get(call.world, where, call.path["name"])))


def list_endpoints(call: Call) -> Reply:
    """GET the endpoints of the workspace."""
    where = call.workspace
    return listing(_resource(call, where, endpoint) for endpoint in deployments.every(call.world, where))


def update(call: Call) -> Reply:
    """PATCH an endpoint: 200 when only tags change, else 202 with a Location."""
    where = call.workspace
    endpoint, operation = deployments.update(call.world, where, call.path["name"], call.body, call.now)
    if operation is None:
        return Reply(200, _resource(call, where, endpoint))
    return Reply(202, None, operation_links(call, where, operation, status_document=False))


def delete(call: Call) -> Reply:
    """DELETE an endpoint: 202 with a Location, 204 when there is none; never 200."""
    where = call.workspace
    operation = deployments.delete(call.world, where, call.path["name"], call.now, call.fate)
    if operation is None:
        return Reply(204)
    return Reply(202, None, operation_links(call, where, operation, status_document=False))


def list_keys(call: Call) -> Reply:
    """POST for the two keys."""
    endpoint = deployments.get(call.world, call.workspace, call.path["name"])
    return _keys(deployments.online(endpoint, call.now).keys)


def regenerate_keys(call: Call) -> Reply:
    """POST to replace one key; at once, with both keys in the answer."""
    endpoint = deployments.get(call.world, call.workspace, call.path["name"])
    return _keys(deployments.regenerate(call.world, deployments.online(endpoint, call.now), call.body))


def _keys(keys: tuple[str, str]) -> Reply:
    return Reply(200, {"primaryKey": keys[0], "secondaryKey": keys[1]})


def _subscription(call: Call, where: Workspace, endpoint: Endpoint) -> str | None:
    found = None if endpoint.custom else marketplace.to_model(call.world, where, endpoint.target, call.now)
    return None if found is None else f"{where.arm_id}/marketplaceSubscriptions/{found.name}"


def _resource(call: Call, where: Workspace, endpoint: Endpoint) -> Json:
    provisioning, state = endpoint.states(call.now)
    ready = state == "Online"
    uri = f"{call.base}/serverless/{deployments.address(where, endpoint)}"
    return {
        "id": f"{where.arm_id}/serverlessEndpoints/{endpoint.name}",
        "name": endpoint.name,
        "type": "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints",
        "location": where.location,
        "kind": "ServerlessEndpoint",
        "sku": endpoint.body["sku"],
        "tags": endpoint.body["tags"],
        "identity": endpoint.body.get("identity"),
        "properties": {
            "modelSettings": {"modelId": endpoint.target},
            "authMode": "Key",
            "contentSafety": endpoint.body["contentSafety"],
            "inferenceEndpoint": {"uri": uri, "headers": None} if ready else None,
            "provisioningState": provisioning,
            "endpointState": state,
            "marketplaceSubscriptionId": _subscription(call, where, endpoint),
        },
        "systemData": system_data(endpoint.created),
    }
