"""Blobs: rows that say which content lies under which name."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Row

from maas_client.server.content import Stored
from maas_client.server.service.world import World


@dataclass(frozen=True, slots=True)
class Blob:
    """A committed blob.

    Attributes:
        account, container, path: Its name.
        sha256, size: Its content.
        etag: Quoted, changes with every write of content or metadata.
        modified: Virtual seconds since the epoch.
        content_type: As it was uploaded.
        metadata: Names in lower case.
    """

    account: str
    container: str
    path: str
    sha256: str
    size: int
    etag: str
    modified: float
    content_type: str
    metadata: Mapping[str, str]


def find(world: World, account: str, container: str, path: str) -> Blob | None:
    """Return a blob, or None."""
    row = world.store.one("SELECT * FROM blobs WHERE account=? AND container=? AND path=?", account, container, path)
    return None if row is None else _from_row(row)


def put(
    world: World,
    name: tuple[str, str, str],
    stored: Stored,
    now: float,
    *,
    content_type: str = "application/octet-stream",
    metadata: Mapping[str, str] | None = None,
) -> Blob:
    """Commit content under a name (account, container, path), replacing what was there."""
    account, container, path = name
    blob = Blob(account, container, path, stored.sha256, stored.size, _etag(), now, content_type, metadata or {})
    with world.store.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO blobs VALUES (?,?,?,?,?,?,?,?,?)",
            (*name, blob.sha256, blob.size, blob.etag, blob.modified, content_type, json.dumps(dict(blob.metadata))),
        )
    return blob


def set_metadata(world: World, blob: Blob, metadata: Mapping[str, str], now: float) -> str:
    """Replace the metadata of a blob; return the new etag."""
    etag = _etag()
    with world.store.writing() as db:
        db.execute(
            "UPDATE blobs SET metadata=?, etag=?, modified=? WHERE account=? AND container=? AND path=?",
            (json.dumps(dict(metadata)), etag, now, blob.account, blob.container, blob.path),
        )
    return etag


def page(world: World, account: str, container: str, *, prefix: str, after: str, limit: int) -> list[Blob]:
    """Return up to `limit` blobs in order of name: those after `after` whose name begins with `prefix`."""
    rows = world.store.all(
        "SELECT * FROM blobs WHERE account=? AND container=? AND path>? AND path>=? AND substr(path,1,?)=? "
        "ORDER BY path LIMIT ?",
        account,
        container,
        after,
        prefix,
        len(prefix),
        prefix,
        limit,
    )
    return [_from_row(row) for row in rows]


def _etag() -> str:
    return f'"0x8D{secrets.token_hex(7).upper()}"'


def _from_row(row: Row) -> Blob:
    values = {key: row[key] for key in row.keys()}  # noqa: SIM118 (a Row iterates over values)
    return Blob(**{**values, "metadata": json.loads(values["metadata"])})
