"""What a workspace holds, and how it, or the whole service, is emptied.

A workspace that is emptied keeps what it is: its ids, its storage account, its region and its time. So its signatures
go on opening its storage, and its time does not run backwards.
"""

from collections.abc import Mapping
from typing import Final

from maas_client.server.service.world import Workspace, World

INSTANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "jobs": ("created", "cancel_at", "ends_at", "delete_at"),
    "models": ("created",),
    "model_counters": (),
    "data_versions": ("created",),
    "endpoints": ("created", "ready_at", "delete_at"),
    "subscriptions": ("created", "ready_at", "delete_at"),
    "operations": ("created", "done_at"),
    "blobs": ("modified",),
    "blocks": (),
}
"""Tables of what a workspace holds, and their columns that are instants of its virtual time."""
REAL_INSTANTS: Final[Mapping[str, tuple[str, ...]]] = {"endpoints": ("used_at",), "blocks": ("received",)}
"""Columns that are instants of the time of signatures and retention."""
_OF_STORAGE = frozenset({"blobs", "blocks"})


def held_by(table: str, where: Workspace | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition, and its values, by which rows of a table belong to a workspace; None: to any."""
    if where is None:
        return "1", ()
    return ("account=?", (where.account,)) if table in _OF_STORAGE else ("workspace=?", (where.key,))


def empty(world: World, where: Workspace | None) -> dict[str, int]:
    """Remove what a workspace holds, or all workspaces do, in one transaction; return how many rows of each table.

    The files are left where they are: other workspaces and snapshots may name the same content. See `sweep`.
    """
    removed: dict[str, int] = {}
    with world.store.writing("reset") as db:
        for table in INSTANTS:
            condition, values = held_by(table, where)
            removed[table] = db.execute(f"DELETE FROM {table} WHERE {condition}", values).rowcount  # noqa: S608 (constants)
        # Lists of blocks are kept while a blob is made of them or a job is pinned to them.
        db.execute(
            "DELETE FROM pieces WHERE content NOT IN (SELECT sha256 FROM blobs "
            "UNION SELECT training FROM jobs WHERE training IS NOT NULL "
            "UNION SELECT validation FROM jobs WHERE validation IS NOT NULL)"
        )
        world.plans.clear()
    world.lag.forget("" if where is None else f"{where.arm_id}/")
    return removed
