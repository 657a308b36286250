"""Who may use the control routes, whoever has the admin token of the ready line, and of which workspace they speak."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from maas_client.server.azureml.dispatch import json_response, refusal
from maas_client.server.azureml.wire import Reply
from maas_client.server.service import world as places
from maas_client.server.service.errors import ServiceError, user_error
from maas_client.server.service.world import Workspace, World

ADMIN_HEADER = "x-maas-admin-token"

Answer = Callable[[Request], Awaitable[Reply]]
Endpoint = Callable[[Request], Awaitable[Response]]
Admin = Callable[[Answer], Endpoint]
"""Makes a route that only the admin token opens of what answers it."""


def check_admin(request: Request, admin_token: str) -> None:
    """Refuse a request without the token.

    Raises:
        ServiceError: 401.
    """
    given = request.headers.get(ADMIN_HEADER, "")
    if not hmac.compare_digest(given.encode("latin-1", "replace"), admin_token.encode("utf-8", "replace")):
        message = f"The header {ADMIN_HEADER} must carry the admin token of the ready line."
        raise ServiceError(401, "AdminTokenRequired", message, headers={"WWW-Authenticate": ADMIN_HEADER})


def guarded(world: World, admin_token: str, answer: Answer) -> Endpoint:
    """Return a route that asks for the admin token and turns refusals into answers."""

    async def handle(request: Request) -> Response:
        now = await run_in_threadpool(world.clock.now)
        try:
            check_admin(request, admin_token)
            return json_response(await answer(request))
        except ServiceError as error:
            return refusal(request, error, now)

    return handle


def workspace_of(world: World, value: object) -> Workspace | None:
    """Return the workspace that a control request names, or None when it names none.

    A name stands for the workspace of that name that was used; with subscription and resource group, as
    `<subscription>/<resource group>/<workspace>` or as an ARM id, it need not have been.

    Raises:
        ServiceError: 400, it is no name. 404, no such workspace was used. 409, several were.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise user_error("workspace must be the name of a workspace.", target="workspace")
    parts = scope_of(value).split("/")
    if len(parts) == 3:
        return places.workspace(world, *parts)
    rows = world.store.all("SELECT key FROM workspaces WHERE name=? COLLATE NOCASE", value)
    if not rows:
        raise ServiceError(
            404,
            "WorkspaceNotFound",
            f"No workspace named '{value}' was used yet: use it first, or name it as "
            "<subscription>/<resource group>/<workspace>.",
            target="workspace",
        )
    if len(rows) > 1:
        keys = ", ".join(row["key"] for row in rows)
        raise ServiceError(409, "AmbiguousWorkspace", f"'{value}' may be one of {keys}: name one.", target="workspace")
    return places.workspace_by_key(world, rows[0]["key"])


def scope_of(name: str) -> str:
    """Return `<subscription>/<resource group>/<workspace>` of an ARM id; of any other name, that."""
    parts = name.strip("/").split("/")
    if len(parts) == _ARM_PARTS and [part.lower() for part in parts[::2]] == _ARM_WORDS:
        return "/".join((parts[1], parts[3], parts[7]))
    return name.strip("/")


_ARM_WORDS = ["subscriptions", "resourcegroups", "providers", "workspaces"]
_ARM_PARTS = 8
