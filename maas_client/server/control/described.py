"""What the server says of itself; asks for no credential."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from maas_client.server import fidelity
from maas_client.server.azureml.dispatch import json_response
from maas_client.server.azureml.wire import Reply
from maas_client.server.ledger import as_json, rows
from maas_client.server.schemas import CONTRACT, schema_file


def routes(version: str) -> list[Route]:
    """Return the routes."""

    async def health(_request: Request) -> Response:
        """Say that the server answers."""
        return json_response(Reply(200, {"status": "ok", "version": version, "simulated": True}))

    async def description(_request: Request) -> Response:
        """Say what the wire is: the OpenAPI document that the server is held against."""
        return FileResponse(schema_file(CONTRACT), media_type="application/json")

    async def ledger(_request: Request) -> Response:
        """Say which operations are implemented."""
        return json_response(Reply(200, as_json()))

    async def rests_on(_request: Request) -> Response:
        """Say what each behaviour rests on."""
        return json_response(Reply(200, fidelity.as_json(row.name for row in rows())))

    return [
        Route("/_maas/health", health, methods=["GET"]),
        Route("/_maas/openapi.json", description, methods=["GET"]),
        Route("/_maas/ledger", ledger, methods=["GET"]),
        Route("/_maas/fidelity", rests_on, methods=["GET"]),
    ]
