"""`/_maas/tokens/revoke`: tokens are lost when a test says so. Not part of any Azure wire."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maas_client.server.admin import check_admin
from maas_client.server.azureml.dispatch import json_response, read_json, refusal
from maas_client.server.azureml.wire import Reply
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.world import World


def token_routes(world: World, admin_token: str) -> list[Route]:
    """Return the routes."""

    async def revoke(request: Request) -> Response:
        """POST takes back every token given out before now; `{"sign_in": false}` gives out no more, until `true`."""
        now = await run_in_threadpool(world.clock.now)
        try:
            check_admin(request, admin_token)
            world.identity.sign_in = _sign_in(await read_json(request), world.identity.sign_in)
            state = await run_in_threadpool(world.identity.revoke)
        except ServiceError as error:
            return refusal(request, error, now)
        return json_response(Reply(200, dict(state)))

    return [Route("/_maas/tokens/revoke", revoke, methods=["POST"])]


def _sign_in(body: Mapping[str, object], before: object) -> bool:
    value = body.get("sign_in", before)
    if not isinstance(value, bool):
        raise ServiceError(400, "BadRequest", "sign_in must be true or false.", target="sign_in")
    return value
