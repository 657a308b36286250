"""The ASGI app: which part of the server answers which path."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from maas_client.server import control, inference
from maas_client.server.admin import guarded
from maas_client.server.azureml import logs
from maas_client.server.azureml.blob import blob_endpoint
from maas_client.server.azureml.dispatch import arm_endpoint, refusal, unexpected
from maas_client.server.azureml.routes import PREFIXES
from maas_client.server.entra.control import token_routes
from maas_client.server.entra.routes import routes as entra_routes
from maas_client.server.faults import FaultLine, Faults, fault_routes
from maas_client.server.guard import Guard
from maas_client.server.requests import RequestJournal, RequestLine, request_routes
from maas_client.server.service import deployments
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.settle import due, settle
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import World, workspace_by_account

TICK_SECONDS = 1.0
"""Real seconds between two looks at what has become due while nobody asks."""

_ASKED_MOST = ("/subscriptions/", "/history/", "/metric/", "/mlflow/")
"""Beginnings of paths of the dialect; of no other route."""

_BLOB_HOST = re.compile(
    r"/(?P<account>[a-z0-9]{3,24})\.blob\.[a-z0-9.-]+/(?P<container>[^/]+)(?:/(?P<path>.*))?", re.DOTALL
)
_BLOB_SHORT = re.compile(r"/(?P<account>[a-z0-9]{3,24})/(?P<container>[a-z0-9-]+)(?:/(?P<path>.*))?", re.DOTALL)


def build_app(
    world: World,
    *,
    names: Sequence[str],
    port: int,
    admin_token: str,
    version: str,
    begin: Callable[[], None],
    end: Callable[[], None],
    tick: Callable[[], None],
    faults: Faults,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> ASGIApp:
    """Return the whole server as one ASGI app.

    Args:
        world: The service.
        names: By which it may be called, as they stand in URLs.
        port: The port on which it is served.
        admin_token: Opens the control routes that change something.
        version: Of this package, for `/_maas/health`.
        begin: Called at the beginning of every request.
        end: Called at its end.
        tick: Called about every `TICK_SECONDS` real seconds.
        faults: What goes wrong on purpose.
        around: Puts middleware around what answers, inside the guard and behind the faults.
    """
    trainer = Trainer(world)
    journal = RequestJournal(world.secret)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(_tick(world, trainer, tick))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await run_in_threadpool(trainer.close)

    azure = _Azure(world, trainer)
    app = Starlette(
        routes=[
            *control.routes(world, trainer, admin_token, version),
            *entra_routes(world.identity, world.clock.real),
            *token_routes(world, admin_token),
            *fault_routes(faults, world.clock, admin_token),
            *request_routes(journal, world, partial(guarded, world, admin_token)),
            Mount("/serverless/{endpoint}", routes=inference.routes(partial(_lookup, world))),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: partial(_refused_by_router, world)},
    )
    app.router.redirect_slashes = False
    # Not a route for any path: it would take the wrong methods of the routes above, and no pattern fits every path.
    app.router.default = azure
    return Guard(RequestLine(FaultLine(around(_Short(app, azure)), faults, world), journal), names, port, begin, end)


async def _refused_by_router(world: World, request: Request, error: Exception) -> Response:
    """Answer what the router refuses in the form of all other refusals."""
    status, headers = 404, {}
    if isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = headers.get("Allow", "")
        refused = ServiceError(
            status, "MethodNotAllowed", f"{request.method} is not allowed here; allowed: {allowed}.", headers=headers
        )
    else:
        refused = ServiceError(status, "NotFound", "Nothing of this server has this path.")
    return refusal(request, refused, await run_in_threadpool(world.clock.now))


class _Short:
    """Takes what is asked most past the router."""

    def __init__(self, app: ASGIApp, azure: ASGIApp) -> None:
        self._app = app
        self._azure = azure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one event of the server's life."""
        if scope["type"] == "http" and scope["path"].startswith(_ASKED_MOST):
            await self._azure(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Azure:
    """Everything that is not a path of our own: ARM, its data plane, logs, blobs."""

    def __init__(self, world: World, trainer: Trainer) -> None:
        self._world = world
        self._trainer = trainer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ServiceError as error:
            response = refusal(request, error, await self._now(scope))
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 (the last line: no stack trace leaves the server)
            response = unexpected(request, await self._now(scope))
        await response(scope, receive, send)

    async def _now(self, scope: Scope) -> float:
        """Return the time that the request was answered by, or that it is."""
        now: float | None = scope.get("maas.now", self._world.clock.at_once())
        return await run_in_threadpool(self._world.clock.now) if now is None else now

    async def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        if path.lower().startswith(PREFIXES):
            return await arm_endpoint(request, self._world, self._trainer)
        if path.startswith(logs.PREFIX):
            return await run_in_threadpool(logs.get_log, request, self._world)
        blob, now = await run_in_threadpool(self._blob, path)
        return await blob_endpoint(request, self._world, now, blob["account"], blob["container"], blob["path"] or "")

    def _blob(self, path: str) -> tuple[re.Match[str], float]:
        """Return what a path of storage names, and the time there."""
        blob = _BLOB_HOST.fullmatch(path)
        short = _BLOB_SHORT.fullmatch(path) if blob is None else None
        if short and workspace_by_account(self._world, short["account"]):
            blob = short
        if blob is None:
            raise ServiceError(404, "NotFound", "Nothing of this server has this path.")
        return blob, _settled(self._world, blob["account"])


async def _tick(world: World, trainer: Trainer, tick: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        tick()
        # While nothing goes on, no time is taken from the clock, which would wake the disk of an idle machine.
        if due(world, world.clock.about()) or (world.quiet and world.quiet.until < math.inf):
            await run_in_threadpool(_settled, world)
        trainer.start_missing()


def _settled(world: World, account: str = "") -> float:
    """Settle; return the time of the workspace of a storage account, or the server's."""
    now = world.clock.now()
    with world.store.lock:
        settle(world, now)
        where = workspace_by_account(world, account) if account else None
        return now if where is None else where.time(now)


def _lookup(world: World, name: str) -> inference.EndpointView | None:
    now = world.clock.now()
    with world.store.lock:
        settle(world, now)
        return deployments.view(world, name, now)
