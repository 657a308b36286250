"""Long-running operations.

Source: azure-mgmt-core 1.6 polling rules, recorded; a Failed document as seen in the wild.
"""

from urllib.parse import quote

from maas_client.server.azureml.wire import Call, Reply
from maas_client.server.clock import iso_z
from maas_client.server.service import operations


def status(call: Call) -> Reply:
    """GET the status document of an Azure-AsyncOperation."""
    operation = operations.get(call.world, call.path["sub"], call.path["id"])
    now = call.now + operation.ahead
    done = now >= operation.done_at
    span = operation.done_at - operation.created
    percent = 100 if done else int(100 * (now - operation.created) / span)
    scope = f"/subscriptions/{quote(call.path['sub'])}/providers/Microsoft.MachineLearningServices"
    body = {
        "id": f"{scope}/locations/{quote(call.path['location'])}/mfeOperationsStatus/{operation.id}",
        "name": operation.id,
        "status": "Succeeded" if done else "InProgress",
        "startTime": iso_z(operation.created),
        "endTime": iso_z(operation.done_at) if done else None,
        "percentComplete": percent,
    }
    return Reply(200, body, {} if done else {"Retry-After": "1"})


def result(call: Call) -> Reply:
    """GET the Location of an operation: 202 while it goes on, then 204."""
    operation = operations.get(call.world, call.path["sub"], call.path["id"])
    if call.now + operation.ahead >= operation.done_at:
        return Reply(204)
    query = "&".join(f"{key}={value}" for key, value in call.query.items() if key == "api-version")
    url = (
        f"{call.base}/subscriptions/{quote(call.path['sub'])}/providers/Microsoft.MachineLearningServices"
        f"/locations/{quote(call.path['location'])}/mfeOperationResults/{quote(operation.id, safe=':')}?{query}"
    )
    return Reply(202, None, {"Location": url, "Retry-After": "1"})
