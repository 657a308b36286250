"""ASGI middleware that lets requests meet faults; between the guard and the check of what the server itself answers."""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from maas_client.server.clock import Clock, wall_seconds
from maas_client.server.faults.engine import Faults, Fired, Seen
from maas_client.server.faults.exchange import Exchange
from maas_client.server.naming import CONTROL, SESSION_HEADER, name_of, workspace_of
from maas_client.server.service.world import World


class FaultLine:
    """Every request but those of the control routes passes here."""

    def __init__(self, app: ASGIApp, faults: Faults, world: World) -> None:
        """Stand before an app.

        Args:
            app: What answers.
            faults: The programs.
            world: The service, for its clock and for whose workspace a request is.
        """
        self._app = app
        self._faults = faults
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one event of the server's life."""
        if scope["type"] != "http" or self._faults.idle or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        named = name_of(scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        workspace = named.workspace or await run_in_threadpool(workspace_of, self._world, named)
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        seen = Seen(
            operation=named.operation or "",
            method=scope["method"],
            path=scope["path"],
            workspace=workspace or "",
            session=headers.get(SESSION_HEADER, ""),
            size=int(length) if length.isdecimal() else 0,
        )
        hit = self._faults.meet(seen)
        if hit is None:
            await self._app(scope, receive, send)
            return
        clock = self._world.clock
        now = await run_in_threadpool(_time, self._world, workspace)
        fired = Fired(now, seen.operation, hit.action.name(), scope["maas.ids"]["request"])
        hit.armed.last.append(fired)
        scope["maas.fault"] = {"id": hit.armed.id, "action": fired.action}
        exchange = Exchange(
            app=self._app,
            scope=scope,
            receive=receive,
            send=send,
            named=named,
            world=self._world,
            workspace=workspace,
            now=now,
            wall=wall_seconds(),
            rate_seconds=_rate_seconds(clock, now),
            state=hit.armed.state,
            answered=fired.answer,
        )
        await hit.action.run(exchange)


def _time(world: World, key: str | None) -> float:
    """Return the virtual time of a workspace that was used, or the server's."""
    now = world.clock.now()
    row = world.store.one("SELECT ahead FROM workspaces WHERE key=?", key) if key else None
    return now if row is None else now + float(row["ahead"])


def _rate_seconds(clock: Clock, now: float) -> float:
    """Return the seconds of rates: those of clients, unless the clock moves only when told to."""
    return now if clock.setting.manual else clock.real()
