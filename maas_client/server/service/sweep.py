"""Contents that nothing names any more: what a kill left behind, and what was emptied."""

import logging
from typing import Final

from maas_client.server.service import snapshots
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.world import World

AGE_SECONDS: Final = 3600.0
"""Files younger than this are left alone while requests are answered: one may have stored a content that it is about
to name."""

_LOG = logging.getLogger(__name__)


def at_start(world: World) -> None:
    """Remove what nothing names; nobody is answered yet."""
    snapshots.discard_unfinished(world)
    try:
        snapshots.pin(world)
        _sweep(world, None)
    except ServiceError as error:
        _LOG.warning("no content is removed: %s", error.message)


def while_running(world: World) -> None:
    """Remove what nothing names and nothing is about to."""
    _sweep(world, world.clock.real() - world.clock.skew - AGE_SECONDS)


def _sweep(world: World, before: float | None) -> None:
    with world.store.lock:
        named = {row[0] for row in world.store.all(snapshots.NAMED_CONTENTS)}
        named.update(snapshots.contents(world))
        world.content.remove([name for name in world.content.names(before) if name not in named])
