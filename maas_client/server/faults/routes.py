"""`/_maas/faults`: give programs, look what has become of them, take them back."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from maas_client.server.admin import check_admin
from maas_client.server.azureml.dispatch import json_response, read_json, refusal
from maas_client.server.azureml.wire import Reply
from maas_client.server.clock import Clock
from maas_client.server.crash import POINTS
from maas_client.server.faults.classics import classics
from maas_client.server.faults.engine import Armed, Faults
from maas_client.server.faults.parse import ProgramError, read_programs
from maas_client.server.service.errors import ServiceError

MAX_KEPT = 1000
"""Programs of a server at one time."""


def fault_routes(faults: Faults, clock: Clock, admin_token: str) -> list[Route]:
    """Return the routes.

    Args:
        faults: The programs.
        clock: For the time of refusals.
        admin_token: Opens the routes.
    """

    async def programs(request: Request) -> Response:
        """POST one program or several, GET all, DELETE all."""
        try:
            check_admin(request, admin_token)
            if request.method == "POST":
                added = _add(faults, await read_json(request))
                body = {"ids": [armed.id for armed in added], "programs": [armed.as_json() for armed in added]}
                return json_response(Reply(201, body))
            if request.method == "DELETE":
                faults.clear()
                return Response(status_code=204)
        except ServiceError as error:
            return refusal(request, error, await run_in_threadpool(clock.now))
        return json_response(Reply(200, {"programs": [armed.as_json() for armed in faults.every()]}))

    async def program(request: Request) -> Response:
        """GET or DELETE one program."""
        identity = request.path_params["id"]
        try:
            check_admin(request, admin_token)
            armed = _find(faults, identity)
        except ServiceError as error:
            return refusal(request, error, await run_in_threadpool(clock.now))
        if request.method == "DELETE":
            faults.remove(identity)
            return Response(status_code=204)
        return json_response(Reply(200, armed.as_json()))

    return [
        Route("/_maas/faults", programs, methods=["GET", "POST", "DELETE"]),
        Route("/_maas/faults/classics", _told(_classics, clock, admin_token), methods=["GET"]),
        Route("/_maas/faults/points", _told(_points, clock, admin_token), methods=["GET"]),
        Route("/_maas/faults/{id}", program, methods=["GET", "DELETE"]),
    ]


def _told(
    make: Callable[[], dict[str, Any]], clock: Clock, admin_token: str
) -> Callable[[Request], Awaitable[Response]]:
    """Return a route that tells what does not change."""

    async def answer(request: Request) -> Response:
        try:
            check_admin(request, admin_token)
        except ServiceError as error:
            return refusal(request, error, await run_in_threadpool(clock.now))
        return json_response(Reply(200, make()))

    return answer


def _classics() -> dict[str, Any]:
    """Return the programs that ship by name."""
    return {"classics": [{"name": name, **each} for name, each in classics().items()]}


def _points() -> dict[str, Any]:
    """Return the points at which the server can be told to crash."""
    return {"points": [{"name": name, "what": what} for name, what in POINTS.items()]}


def _find(faults: Faults, identity: str) -> Armed:
    armed = faults.get(identity)
    if armed is None:
        raise ServiceError(404, "NotFound", f"There is no fault program {identity!r}; a restart forgets them.")
    return armed


def _add(faults: Faults, document: dict[str, Any]) -> list[Armed]:
    try:
        wanted = read_programs(document)
    except ProgramError as error:
        raise ServiceError(400, "InvalidFaultProgram", f"{error}.", target=error.where or None) from None
    if len(faults.every()) + len(wanted) > MAX_KEPT:
        message = (
            f"The server keeps {MAX_KEPT} fault programs at most: DELETE /_maas/faults/{{id}} those that are done."
        )
        raise ServiceError(409, "TooManyFaultPrograms", message)
    return faults.add(wanted)
