"""Blocks of a blob: received in any order, several at a time, and no part of it before a list of them is committed.

Theory of operation. A block lies in a file of its own under a name that is never given twice; its row makes it one of
the uncommitted blocks of a blob. To commit writes a list of pieces (block ids and files) as a new content, points the
blob at it and drops the rows, in one transaction: nothing is copied, however large the blob is. Files are removed after
the transaction that let go of them, and what a kill in between leaves behind is swept at the next start. The pieces of
a replaced blob stay, as its whole files do: a job may be pinned to them.

Source: Azure Storage REST, Put Block, Put Block List, Get Block List.
"""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maas_client.server.content import Piece, Stored
from maas_client.server.service import blobs
from maas_client.server.service.blobs import Blob, Name
from maas_client.server.service.world import World

KEPT_SECONDS = 7 * 86_400.0
"""Real seconds after the last block of a blob was received until its uncommitted blocks are dropped."""
MAX_UNCOMMITTED = 100_000
MAX_COMMITTED = 50_000


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a blob: its id as it was sent (base64), its file, its size in bytes."""

    id: str
    file: str
    size: int


class BlockProblemError(Exception):
    """Why blocks are refused, as the storage service's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check(world: World, name: Name, block: str) -> None:
    """Refuse a block whose id is of another length than the others, or that is one too many.

    Raises:
        BlockProblemError: It is.
    """
    any_and_last = "SELECT block FROM blocks WHERE account=? AND container=? AND path=? LIMIT 1 OFFSET ?"
    other = world.store.one(any_and_last, *name, 0)
    if other is not None and len(other["block"]) != len(block):
        raise BlockProblemError("InvalidBlobOrBlock")
    if world.store.one(any_and_last, *name, MAX_UNCOMMITTED - 1):
        raise BlockProblemError("BlockCountExceedsLimit")


def add(world: World, name: Name, block: str, stored: Stored, now: float) -> None:
    """Take a received block, in the place of one of the same id.

    Raises:
        BlockProblemError: Its id is of another length than the others.
    """
    try:
        with world.store.writing("blocks.put") as db:
            check(world, name, block)
            old = db.execute(
                "SELECT file FROM blocks WHERE account=? AND container=? AND path=? AND block=?", (*name, block)
            ).fetchall()
            db.execute(
                "INSERT OR REPLACE INTO blocks VALUES (?,?,?,?,?,?,?)", (*name, block, stored.name, stored.size, now)
            )
    except BlockProblemError:
        world.content.remove([stored.name])
        raise
    world.content.remove([row["file"] for row in old])


def uncommitted(world: World, name: Name) -> list[Block]:
    """Return the blocks that wait, in order of their ids."""
    rows = world.store.all("SELECT block, file, size FROM blocks WHERE account=? AND container=? AND path=?", *name)
    return [Block(*row) for row in rows]


def committed(world: World, blob: Blob) -> list[Block]:
    """Return the blocks of a blob in their order; none when it was sent whole."""
    rows = world.store.all("SELECT block, file, size FROM pieces WHERE content=? ORDER BY position", blob.content)
    return [Block(*row) for row in rows]


def commit(
    world: World,
    name: Name,
    wanted: Sequence[tuple[str, str]],
    now: float,
    *,
    content_type: str,
    metadata: Mapping[str, str],
    headers: Mapping[str, str],
) -> tuple[Blob, list[str]]:
    """Make a blob of its blocks; the uncommitted ones that are not in the list are dropped.

    Returns:
        The blob, and the files to remove once that is durable.

    Args:
        world: The service.
        name: The blob.
        wanted: Pairs of where to look (`Committed`, `Uncommitted`, `Latest`) and block id, in the order of the content.
        now: Virtual seconds since the epoch.
        content_type: Of the blob.
        metadata: Of the blob.
        headers: Of the blob.

    Raises:
        BlockProblemError: A block is not there.
    """
    if len(wanted) > MAX_COMMITTED:
        raise BlockProblemError("BlockListTooLong")
    found = _chosen(world, name, wanted)
    # A list of nothing is the empty file: a content must lie in at least one.
    content: Stored | Piece = world.content.put(b"")
    with world.store.writing() as db:
        if found:
            content = Piece(f"list-{secrets.token_hex(16)}", sum(block.size for block in found))
            db.executemany(
                "INSERT INTO pieces VALUES (?,?,?,?,?)",
                [(content.file, at, block.id, block.file, block.size) for at, block in enumerate(found)],
            )
        blob = blobs.put(world, name, content, now, content_type=content_type, metadata=metadata, headers=headers)
        files = {block.file for block in found}
        return blob, [file for file in drop(world, name) if file not in files]


def drop(world: World, name: Name) -> list[str]:
    """Forget the uncommitted blocks of a blob; return the files to remove once that is durable."""
    files = [block.file for block in uncommitted(world, name)]
    if files:
        with world.store.writing() as db:
            db.execute("DELETE FROM blocks WHERE account=? AND container=? AND path=?", name)
    return files


def collect(world: World, now: float) -> None:
    """Drop the uncommitted blocks of blobs for which none was received in a week of their workspace's time."""
    furthest = "(SELECT coalesce(max(skew), 0) FROM workspaces)"
    if world.store.one(f"SELECT 1 FROM blocks WHERE received<=? + {furthest} LIMIT 1", now - KEPT_SECONDS) is None:  # noqa: S608 (a constant)
        return
    stale = world.store.all(
        "SELECT b.account, b.container, b.path FROM blocks b JOIN workspaces w ON w.account=b.account "
        "GROUP BY b.account, b.container, b.path HAVING max(b.received)<=? + w.skew",
        now - KEPT_SECONDS,
    )
    files: list[str] = []
    with world.store.writing():
        for row in stale:
            files += drop(world, (row["account"], row["container"], row["path"]))
    world.content.remove(files)


def next_due(world: World) -> float:
    """Return the instant on the clock on the wall before which `collect` drops nothing."""
    row = world.store.one(
        "SELECT min(received) - (SELECT coalesce(max(skew), 0) FROM workspaces) AS at FROM blocks HAVING at IS NOT NULL"
    )
    return math.inf if row is None else row["at"] + KEPT_SECONDS


def _chosen(world: World, name: Name, wanted: Sequence[tuple[str, str]]) -> list[Block]:
    blob = blobs.find(world, *name)
    old = {block.id: block for block in committed(world, blob)} if blob else {}
    new = {block.id: block for block in uncommitted(world, name)}
    places = {"committed": old, "uncommitted": new, "latest": old | new}
    try:
        return [places[where.lower()][block] for where, block in wanted]
    except KeyError:
        raise BlockProblemError("InvalidBlockList") from None
