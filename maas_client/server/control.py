"""`/_maas/`: health, the clock, and what the server says of itself. Not part of any Azure wire."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from maas_client.server.admin import check_admin
from maas_client.server.azureml.dispatch import json_response, read_json, refusal
from maas_client.server.azureml.wire import Reply
from maas_client.server.clock import iso7
from maas_client.server.ledger import as_json
from maas_client.server.schemas import CONTRACT, schema_file
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.settle import settle
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import World

_MAX_ADVANCE_SECONDS = 366 * 86_400.0


def routes(world: World, trainer: Trainer, admin_token: str, version: str) -> list[Route]:
    """Return the control routes."""

    async def health(_request: Request) -> Response:
        """Say that the server answers; asks for no credential."""
        return json_response(Reply(200, {"status": "ok", "version": version, "simulated": True}))

    async def clock(request: Request) -> Response:
        """GET the virtual time; POST `{"advance_seconds": n}` moves it, after every plan in the making is ready."""
        now = await run_in_threadpool(world.clock.now)
        try:
            check_admin(request, admin_token)
            if request.method == "POST":
                seconds = _seconds((await read_json(request)).get("advance_seconds"))
                now = await run_in_threadpool(_advance, world, trainer, seconds)
        except ServiceError as error:
            return refusal(request, error, now)
        return json_response(Reply(200, {"clock": str(world.clock.setting), "now": iso7(now), "now_seconds": now}))

    async def description(_request: Request) -> Response:
        """Say what the wire is: the OpenAPI document that the server is held against; asks for no credential."""
        return FileResponse(schema_file(CONTRACT), media_type="application/json")

    async def ledger(_request: Request) -> Response:
        """Say which operations are implemented; asks for no credential."""
        return json_response(Reply(200, as_json()))

    return [
        Route("/_maas/health", health, methods=["GET"]),
        Route("/_maas/clock", clock, methods=["GET", "POST"]),
        Route("/_maas/openapi.json", description, methods=["GET"]),
        Route("/_maas/ledger", ledger, methods=["GET"]),
    ]


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_ADVANCE_SECONDS:
        raise ServiceError(
            400, "UserError", "advance_seconds must be a number from 0 to one year.", target="advance_seconds"
        )
    return float(value)


def _advance(world: World, trainer: Trainer, seconds: float) -> float:
    trainer.drain()
    now = world.clock.advance(seconds)
    with world.store.lock:
        settle(world, now)
    return now
