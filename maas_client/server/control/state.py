"""`/_maas/reset`, `/_maas/snapshot`, `/_maas/restore`, `/_maas/snapshots`: what the service holds, as a whole."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from maas_client.server.admin import Admin, workspace_of
from maas_client.server.azureml.dispatch import read_json
from maas_client.server.azureml.wire import Json, Reply
from maas_client.server.clock import iso7
from maas_client.server.service import reset, snapshots, sweep
from maas_client.server.service.errors import user_error
from maas_client.server.service.settle import settle
from maas_client.server.service.snapshots import Snapshot
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import Workspace, World


def routes(world: World, trainer: Trainer, admin: Admin) -> list[Route]:
    """Return the routes."""

    async def empty(request: Request) -> Reply:
        """POST: empty the service, or one `workspace`."""
        return await run_in_threadpool(_reset, world, await read_json(request))

    async def take(request: Request) -> Reply:
        """POST: keep what the service, or one `workspace`, holds under a `name`."""
        return await run_in_threadpool(_take, world, trainer, await read_json(request))

    async def restore(request: Request) -> Reply:
        """POST: bring back what was kept under a `name`, of the service or of one `workspace`."""
        return await run_in_threadpool(_restore, world, trainer, await read_json(request))

    async def every(_request: Request) -> Reply:
        """GET the snapshots."""
        found = await run_in_threadpool(snapshots.every, world)
        return Reply(200, {"snapshots": [_described(each) for each in found]})

    async def one(request: Request) -> Reply:
        """GET or DELETE the snapshot of a name, of the service or of one `workspace`."""
        name, of = request.path_params["name"], request.query_params.get("workspace")
        return await run_in_threadpool(_delete if request.method == "DELETE" else _get, world, name, of)

    return [
        Route("/_maas/reset", admin(empty), methods=["POST"]),
        Route("/_maas/snapshot", admin(take), methods=["POST"]),
        Route("/_maas/restore", admin(restore), methods=["POST"]),
        Route("/_maas/snapshots", admin(every), methods=["GET"]),
        Route("/_maas/snapshots/{name}", admin(one), methods=["GET", "DELETE"]),
    ]


def _reset(world: World, body: Json) -> Reply:
    _known(body, "workspace")
    where = workspace_of(world, body.get("workspace"))
    removed = reset.empty(world, where)
    if where is None:
        sweep.while_running(world)
    return Reply(200, {"workspace": where and where.key, "removed": removed})


def _take(world: World, trainer: Trainer, body: Json) -> Reply:
    name, where = _named(world, body)
    # A plan in the making belongs to what was asked for before.
    trainer.drain()
    _settle(world)
    return Reply(201, _described(snapshots.take(world, name, where)))


def _restore(world: World, trainer: Trainer, body: Json) -> Reply:
    name, where = _named(world, body)
    snapshot = snapshots.restore(world, name, where)
    _settle(world)
    trainer.start_missing()
    return Reply(200, _described(snapshot))


def _get(world: World, name: str, of: str | None) -> Reply:
    return Reply(200, _described(snapshots.get(world, name, workspace_of(world, of))))


def _delete(world: World, name: str, of: str | None) -> Reply:
    if snapshots.delete(world, name, workspace_of(world, of)):
        sweep.while_running(world)
    return Reply(204)


def _settle(world: World) -> None:
    now = world.clock.now()
    with world.store.lock:
        settle(world, now)


def _named(world: World, body: Json) -> tuple[str, Workspace | None]:
    _known(body, "name", "workspace")
    name = body.get("name")
    if not isinstance(name, str):
        raise user_error("name is required: that of the snapshot.", target="name")
    return name, workspace_of(world, body.get("workspace"))


def _known(body: Json, *names: str) -> None:
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise user_error(f"{unknown[0]} is not known here; known: {', '.join(names)}.", target=unknown[0])


def _described(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "workspace": snapshot.workspace,
        "taken": iso7(snapshot.now),
        "size_bytes": snapshot.size,
    }
