"""Deployments that nobody asks anything.

Source: MicrosoftDocs, deployments of fine-tuned models, 2025-03: deleted after 15 days of inactivity.
"""

import math
from sqlite3 import Row

from maas_client.server.service.world import Workspace, World
from maas_client.server.state import ENDPOINT_DELETE_SECONDS

IDLE_SECONDS = 15 * 86_400.0
"""Real seconds without a question after which the deployment of a custom model is deleted."""
REMEMBERED_SECONDS = 3600.0
"""Real seconds between two notes of a use: idleness is counted in days, and a note waits for the disk."""


def note_use(world: World, where: Workspace, row: Row) -> None:
    """Remember that an endpoint (its row) was used just now, unless it was a short while ago."""
    now = world.real(where)
    if now - (row["used_at"] or 0.0) > REMEMBERED_SECONDS:
        with world.store.writing() as db:
            db.execute("UPDATE endpoints SET used_at=? WHERE seq=?", (now, row["seq"]))


def expire(world: World, now: float) -> None:
    """Begin to delete the deployments of custom models that were idle for too long."""
    since = world.clock.real() - IDLE_SECONDS
    idle = world.store.all(
        "SELECT e.seq, w.ahead FROM endpoints e JOIN workspaces w ON w.key=e.workspace "
        "WHERE e.custom=1 AND e.delete_at IS NULL AND e.used_at<=? + w.skew",
        since,
    )
    for row in idle:
        at = now + row["ahead"] + ENDPOINT_DELETE_SECONDS
        with world.store.writing() as db:
            db.execute("UPDATE endpoints SET delete_at=? WHERE seq=?", (at, row["seq"]))


def next_due(world: World) -> float:
    """Return the instant on the clock on the wall before which `expire` finds nothing."""
    row = world.store.one(
        "SELECT min(e.used_at - w.skew) AS at FROM endpoints e JOIN workspaces w ON w.key=e.workspace "
        "WHERE e.custom=1 AND e.delete_at IS NULL HAVING at IS NOT NULL"
    )
    return math.inf if row is None else row["at"] + IDLE_SECONDS
