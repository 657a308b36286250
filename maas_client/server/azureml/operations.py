"""Long-running operations.

Source: azure-mgmt-core 1.6 polling rules, recorded; a Failed document as seen in the wild.
"""

from urllib.parse import quote

from maas_client.server.azureml.wire import Call, Json, Reply
from maas_client.server.clock import iso_z
from maas_client.server.service import operations
from maas_client.server.service.operations import Operation


def status(call: Call) -> Reply:
    """GET the status document of an Azure-AsyncOperation."""
    operation, done = _found(call)
    now = call.now + operation.ahead
    failed = done and operation.fate.do == "deployment-fails"
    span = operation.done_at - operation.created
    percent = 100 if done else int(100 * (now - operation.created) / span)
    scope = f"/subscriptions/{quote(call.path['sub'])}/providers/Microsoft.MachineLearningServices"
    body: Json = {
        "id": f"{scope}/locations/{quote(call.path['location'])}/mfeOperationsStatus/{operation.id}",
        "name": operation.id,
        "status": "Failed" if failed else "Succeeded" if done else "InProgress",
        "startTime": iso_z(operation.created),
        "endTime": iso_z(operation.done_at) if done else None,
        "percentComplete": percent,
    }
    if failed:
        body["error"] = operation.fate.error
    return Reply(200, body, {} if done else {"Retry-After": "1"})


def result(call: Call) -> Reply:
    """GET the Location of an operation: 202 while it goes on, then 204."""
    operation, done = _found(call)
    if done:
        return Reply(204)
    query = "&".join(f"{key}={value}" for key, value in call.query.items() if key == "api-version")
    url = (
        f"{call.base}/subscriptions/{quote(call.path['sub'])}/providers/Microsoft.MachineLearningServices"
        f"/locations/{quote(call.path['location'])}/mfeOperationResults/{quote(operation.id, safe=':')}?{query}"
    )
    return Reply(202, None, {"Location": url, "Retry-After": "1"})


def _found(call: Call) -> tuple[Operation, bool]:
    """Return an operation and whether it is done.

    Raises:
        ServiceError: 404, there is none, or it is done and forgotten.
    """
    operation = operations.get(call.world, call.path["sub"], call.path["id"])
    done = call.now + operation.ahead >= operation.done_at
    if done and operation.fate.do == "operation-gone":
        raise operations.missing(operation.id)
    return operation, done
