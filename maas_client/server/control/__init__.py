"""`/_maas/`: how the server is looked at and moved. Not part of any Azure wire."""

from functools import partial

from starlette.routing import Route

from maas_client.server.admin import guarded
from maas_client.server.control import clock, described, state
from maas_client.server.service.training import Trainer
from maas_client.server.service.world import World


def routes(world: World, trainer: Trainer, admin_token: str, version: str) -> list[Route]:
    """Return the control routes; those that tell or change what users did need the admin token."""
    admin = partial(guarded, world, admin_token)
    return [*described.routes(version), *clock.routes(world, trainer, admin), *state.routes(world, trainer, admin)]
