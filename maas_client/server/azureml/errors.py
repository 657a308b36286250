"""The ARM error envelope.

Source: azure-rest-api-specs, common-types v3 `ErrorResponse`; the `additionalInfo` entries as the service's front end
writes them in answers that users report (from experience, not from a specification).
"""

from typing import Any

from maas_client.server.clock import iso7
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.options import DEFAULT_REGION

_MLFLOW_CODES = {400: "INVALID_PARAMETER_VALUE", 401: "UNAUTHENTICATED", 404: "RESOURCE_DOES_NOT_EXIST"}


def envelope(error: ServiceError, request_id: str, correlation: str, now: float) -> dict[str, Any]:
    """Return the body of a refusal."""
    info: list[dict[str, Any]] = [
        {"type": "ComponentName", "info": {"value": "managementfrontend"}},
        {"type": "Correlation", "info": {"value": {"operation": correlation, "request": request_id}}},
        {"type": "Environment", "info": {"value": DEFAULT_REGION}},
        {"type": "Location", "info": {"value": DEFAULT_REGION}},
        {"type": "Time", "info": {"value": iso7(now)}},
    ]
    nested: dict[str, Any] | None = None
    for code in reversed(error.inner):
        nested = {"code": code, "innerError": nested}
    if nested is not None:
        info.append({"type": "InnerError", "info": {"value": nested}})
    body = {"code": error.code, "message": error.message, "target": error.target, "details": [], "additionalInfo": info}
    return {"error": body}


def mlflow_error(error: ServiceError) -> dict[str, Any]:
    """Return the body of a refusal in MLflow's form. Source: MLflow REST API 2.0, `error_code` and `message`."""
    code = _MLFLOW_CODES.get(error.status)
    if error.code == "NotFound":  # of the path itself
        code = "ENDPOINT_NOT_FOUND"
    return {"error_code": code or error.code, "message": error.message}
