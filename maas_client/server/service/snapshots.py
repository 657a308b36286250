"""Snapshots: what the service, or one workspace, held at a moment, kept under a name and brought back at will.

Theory of operation. A snapshot is a file of the same tables as the state, beside it; contents are named by their digest
and shared. It is written under another name and renamed when it is on disk, so that a kill leaves the old one or the
new one. To restore is one transaction of the state file: what is held now goes, what was held then comes.

Time does not go back with it. Every instant that comes back is moved by as much as time has gone on since, so that a
job that had 20 minutes to go has 20 minutes to go. Texts that are written, the logs of ended jobs, stay as they are.
"""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from maas_client.server.content import sync_folder
from maas_client.server.service.errors import ServiceError, not_found, user_error
from maas_client.server.service.reset import INSTANTS, REAL_INSTANTS, empty, held_by
from maas_client.server.service.world import Workspace, World, workspace_by_key
from maas_client.server.store import StoreError, upgrade

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_INCOMING = "incoming-"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on disk.

    Attributes:
        name: As it was given; one of each name for every workspace, and for the whole.
        workspace: Key of the workspace that it is of; None: of all.
        now: Virtual time of the server when it was taken, in seconds since the epoch.
        real: The same of the time of signatures.
        file: Where it lies.
        size: Of the file, in bytes.
    """

    name: str
    workspace: str | None
    now: float
    real: float
    file: Path
    size: int


def take(world: World, name: str, where: Workspace | None) -> Snapshot:
    """Take a snapshot, in the place of one of the same name.

    Raises:
        ServiceError: 400, the name.
    """
    if not _NAME.fullmatch(name):
        raise user_error(f"The name of a snapshot must match ^{_NAME.pattern}$.", target="name")
    folder = _folder(world)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = _path(world, name, where)
    temp = folder / f"{_INCOMING}{path.name}"
    # The clock first: it may have to store a lease of its own.
    facts = {"name": name, "workspace": where and where.key, "now": world.clock.now(), "real": world.clock.real()}
    with world.store.lock:
        temp.unlink(missing_ok=True)
        os.close(os.open(temp, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(temp, isolation_level=None)) as db:
            upgrade(db, temp)
            db.execute("INSERT INTO meta VALUES ('snapshot', ?)", (json.dumps(facts),))
        _copy(world, temp, where)
        world.store.crash.reach("snapshot.before-commit")
        temp.replace(path)
        sync_folder(folder)
        world.store.crash.reach("snapshot.after-commit")
        world.content.keep(world.content.kept | _blocks(_named(path)))
        return _read(path)


def restore(world: World, name: str, where: Workspace | None) -> Snapshot:
    """Bring back what a snapshot holds, in the place of what is held now.

    Raises:
        ServiceError: 404, there is no such snapshot. 409, it cannot be read.
    """
    now, real = world.clock.now(), world.clock.real()
    with world.store.lock:
        snapshot = get(world, name, where)
        with _opened(snapshot.file) as db:
            upgrade(db, snapshot.file)
        with _readable(snapshot.file), world.store.attached(snapshot.file) as db, world.store.writing("restore"):
            empty(world, where)
            then = db.execute("SELECT * FROM other.workspaces").fetchall()
            for table in INSTANTS:
                db.execute(f"INSERT INTO main.{table} SELECT * FROM other.{table}")  # noqa: S608 (constants)
            db.execute("INSERT OR IGNORE INTO main.pieces SELECT * FROM other.pieces")
            for row in then:
                held = _same(world, row["key"], row["guid"])
                virtual = held.time(now) - snapshot.now - row["ahead"]
                _move(db, held, virtual, real + held.skew - snapshot.real - row["skew"])
    return snapshot


def every(world: World) -> list[Snapshot]:
    """Return the snapshots, by workspace and name.

    Raises:
        ServiceError: 409, one cannot be read.
    """
    with world.store.lock:
        found = [_read(path) for path in _files(world)]
    return sorted(found, key=lambda each: (each.workspace or "", each.name))


def get(world: World, name: str, where: Workspace | None) -> Snapshot:
    """Return a snapshot.

    Raises:
        ServiceError: 404.
    """
    with world.store.lock:
        path = _path(world, name, where)
        if path.exists():
            return _read(path)
        of = "the whole server" if where is None else f"workspace {where.key}"
        known = ", ".join(
            each.name for each in every(world) if each.workspace == (None if where is None else where.key)
        )
    raise not_found(f"There is no snapshot '{name[:64]}' of {of}; there are: {known or 'none'}.", target="name")


def delete(world: World, name: str, where: Workspace | None) -> bool:
    """Remove a snapshot; say whether there was one."""
    with world.store.lock:
        path = _path(world, name, where)
        found = path.exists()
        if found:
            path.unlink()
            sync_folder(path.parent)
            pin(world)
    return found


def contents(world: World) -> Iterator[str]:
    """Yield the files of contents that snapshots name; some more than once.

    Raises:
        ServiceError: 409, one cannot be read.
    """
    for path in _files(world):
        yield from _named(path)


def pin(world: World) -> None:
    """Keep the blocks that snapshots name from being removed, and no others; to be called at the start, too."""
    world.content.keep(_blocks(contents(world)))


def discard_unfinished(world: World) -> None:
    """Remove what a kill left of snapshots in the making; to be called at the start."""
    for path in _folder(world).glob(f"{_INCOMING}*"):
        path.unlink()


NAMED_CONTENTS = (
    "SELECT sha256 FROM blobs UNION SELECT file FROM pieces UNION SELECT file FROM blocks "
    "UNION SELECT training FROM jobs WHERE training IS NOT NULL "
    "UNION SELECT validation FROM jobs WHERE validation IS NOT NULL"
)
"""The files of contents that a state file, or a snapshot, names."""


def _copy(world: World, path: Path, where: Workspace | None) -> None:
    with world.store.attached(path) as db:
        db.execute("BEGIN")
        chosen = "SELECT * FROM main.workspaces WHERE ?1 IS NULL OR key=?1"
        db.execute(f"INSERT INTO other.workspaces {chosen}", (where and where.key,))
        for table in INSTANTS:
            condition, values = held_by(table, where)
            db.execute(f"INSERT INTO other.{table} SELECT * FROM main.{table} WHERE {condition}", values)  # noqa: S608
        db.execute(
            "INSERT INTO other.pieces SELECT * FROM main.pieces WHERE content IN (SELECT sha256 FROM other.blobs "
            "UNION SELECT training FROM other.jobs UNION SELECT validation FROM other.jobs)"
        )
        db.execute("COMMIT")


def _named(path: Path) -> list[str]:
    with _opened(path) as db:
        return [name for (name,) in db.execute(NAMED_CONTENTS)]


def _blocks(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("block-")}


def _same(world: World, key: str, guid: str) -> Workspace:
    """Return the workspace that a snapshot speaks of."""
    row = world.store.one("SELECT guid FROM workspaces WHERE key=?", key)
    if row is None or row["guid"] != guid:
        message = f"The snapshot is of another state folder: workspace {key} is another one here."
        raise ServiceError(409, "SnapshotOfAnotherState", message, target="name")
    return workspace_by_key(world, key)


def _move(db: sqlite3.Connection, where: Workspace, virtual: float, real: float) -> None:
    """Move every instant of what a workspace holds."""
    for columns, seconds in ((INSTANTS, virtual), (REAL_INSTANTS, real)):
        for table, names in columns.items():
            if names and seconds:
                condition, values = held_by(table, where)
                changes = ", ".join(f"{name}={name}+?1" for name in names)
                condition = condition.replace("?", "?2")
                db.execute(f"UPDATE main.{table} SET {changes} WHERE {condition}", (seconds, *values))  # noqa: S608


def _read(path: Path) -> Snapshot:
    with _opened(path) as db:
        text = db.execute("SELECT value FROM meta WHERE key='snapshot'").fetchone()[0]
    facts = json.loads(text)
    return Snapshot(facts["name"], facts["workspace"], facts["now"], facts["real"], path, path.stat().st_size)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    # Not made where there is none.
    address = f"{path.absolute().as_uri()}?mode=rw"
    with _readable(path), closing(sqlite3.connect(address, isolation_level=None, uri=True)) as db:
        yield db


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (StoreError, sqlite3.Error) as error:
        message = f"The snapshot {path} cannot be read ({error}): remove the file, or put it back as it was."
        raise ServiceError(409, "SnapshotUnreadable", message, target="name") from error


def _folder(world: World) -> Path:
    return world.folder / "snapshots"


def _files(world: World) -> list[Path]:
    return sorted(_folder(world).glob("snapshot-*.db"))


def _path(world: World, name: str, where: Workspace | None) -> Path:
    # A name is no path: it may have any case, which not every file system tells apart.
    digest = hashlib.sha256(f"{'' if where is None else where.key}\n{name}".encode()).hexdigest()
    return _folder(world) / f"snapshot-{digest[:32]}.db"
