"""`/_maas/clock`: the virtual time, of the server or of one workspace."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from maas_client.server.admin import Admin, workspace_of
from maas_client.server.azureml.dispatch import read_json
from maas_client.server.azureml.wire import Json, Reply
from maas_client.server.clock import iso7, parse_clock, parse_instant
from maas_client.server.service import world as places
from maas_client.server.service.errors import ServiceError, user_error
from maas_client.server.service.settle import settle
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import Workspace, World

_MAX_ADVANCE_SECONDS = 366 * 86_400.0
_ROUNDING_SECONDS = 0.000_002
"""An instant is written in at most seven digits of a second, and read in six."""


def routes(world: World, trainer: Trainer, admin: Admin) -> list[Route]:
    """Return the route."""

    async def clock(request: Request) -> Reply:
        """GET the virtual time; POST moves it, that of a `workspace` alone, or changes the `clock`."""
        if request.method == "GET":
            return await run_in_threadpool(_read, world, request.query_params.get("workspace"))
        return await run_in_threadpool(_advance, world, trainer, await read_json(request))

    return [Route("/_maas/clock", admin(clock), methods=["GET", "POST"])]


def _read(world: World, name: str | None) -> Reply:
    return _reply(world, workspace_of(world, name), world.clock.now())


def _advance(world: World, trainer: Trainer, body: Json) -> Reply:
    unknown = sorted(set(body) - {"advance_seconds", "advance_to", "workspace", "clock"})
    if unknown:
        raise user_error(
            f"{unknown[0]} is not known here: give advance_seconds or advance_to, and workspace for one workspace; or "
            "clock.",
            target=unknown[0],
        )
    if "clock" in body:
        return _change(world, body)
    where = workspace_of(world, body.get("workspace"))
    # Every plan in the making first: how long a job takes is known only when its plan is there.
    trainer.drain()
    now = world.clock.now()
    seconds = _seconds(body, now if where is None else where.time(now))
    if where is None:
        now = world.clock.advance(seconds)
    else:
        places.advance(world, where, seconds)
        where = places.workspace_by_key(world, where.key)
    with world.store.lock:
        settle(world, now)
    return _reply(world, where, now)


def _change(world: World, body: Json) -> Reply:
    if len(body) > 1:
        raise user_error("clock is of the whole server, and moves no time: give it alone.", target="clock")
    try:
        world.clock.change(parse_clock(str(body["clock"])))
    except ValueError as error:
        raise user_error(f"{error}.", target="clock") from None
    return _reply(world, None, world.clock.now())


def _seconds(body: Json, now: float) -> float:
    if "advance_to" in body:
        if "advance_seconds" in body:
            raise user_error("Give advance_seconds or advance_to, not both.", target="advance_to")
        return _until(body["advance_to"], now)
    value = body.get("advance_seconds")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_ADVANCE_SECONDS:
        raise user_error("advance_seconds must be a number from 0 to one year.", target="advance_seconds")
    return float(value)


def _until(text: object, now: float) -> float:
    instant = parse_instant(text) if isinstance(text, str) else None
    if instant is None:
        raise user_error(
            "advance_to must be an instant with its offset, such as 2026-11-24T10:00:00Z.", target="advance_to"
        )
    seconds = instant - now
    if seconds < -_ROUNDING_SECONDS:
        raise ServiceError(
            409, "TimeIsPast", f"It is {iso7(now)} already: virtual time never runs backwards.", target="advance_to"
        )
    if seconds > _MAX_ADVANCE_SECONDS:
        raise user_error("advance_to must be within one year.", target="advance_to")
    return max(0.0, seconds)


def _reply(world: World, where: Workspace | None, now: float) -> Reply:
    body: Json = {"clock": str(world.clock.setting), "now": iso7(now), "now_seconds": now}
    if where is not None:
        time = where.time(now)
        body |= {"now": iso7(time), "now_seconds": time, "workspace": where.key, "ahead_seconds": where.ahead}
    return Reply(200, body)
