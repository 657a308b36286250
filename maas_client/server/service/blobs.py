"""Blobs: rows that say which content lies under which name."""

import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import TextIO

from maas_client.server.content import Piece, Stored
from maas_client.server.service.world import World

Name = tuple[str, str, str]
"""Account, container and path of a blob."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A committed blob.

    Attributes:
        account, container, path: Its name.
        content, size: Its content; a file, or what stands for several `pieces`.
        etag: Quoted, changes with every write of content or metadata.
        modified: Virtual seconds since the epoch.
        content_type: As it was uploaded.
        metadata: Names in lower case.
        headers: Other HTTP headers that are given back with it, such as `Content-MD5`.
    """

    account: str
    container: str
    path: str
    content: str
    size: int
    etag: str
    modified: float
    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def find(world: World, account: str, container: str, path: str) -> Blob | None:
    """Return a blob, or None."""
    row = world.store.one("SELECT * FROM blobs WHERE account=? AND container=? AND path=?", account, container, path)
    return None if row is None else _from_row(row)


def put(
    world: World,
    name: Name,
    stored: Stored | Piece,
    now: float,
    *,
    content_type: str = "application/octet-stream",
    metadata: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Blob:
    """Commit content under a name, replacing what was there."""
    file = stored.name if isinstance(stored, Stored) else stored.file
    blob = Blob(*name, file, stored.size, _etag(), now, content_type, metadata or {}, headers or {})
    texts = json.dumps(dict(blob.metadata)), json.dumps(dict(blob.headers))
    with world.store.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO blobs VALUES (?,?,?,?,?,?,?,?,?,?)",
            (*name, file, blob.size, blob.etag, blob.modified, content_type, *texts),
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


def pieces(world: World, content: str, size: int) -> list[Piece]:
    """Return the files of a content, in order: those of its blocks, or the one that is all of it."""
    rows = world.store.all("SELECT file, size FROM pieces WHERE content=? ORDER BY position", content)
    return [Piece(row["file"], row["size"]) for row in rows] or [Piece(content, size)]


@dataclass(frozen=True, slots=True)
class Text:
    """A content as the engine reads it: as a text file, however many files it lies in."""

    world: World
    content: str

    def open(self, *, encoding: str) -> TextIO:
        """Open it.

        Raises:
            OSError: A file of it is gone.
        """
        return io.TextIOWrapper(self.world.content.open(pieces(self.world, self.content, 0)), encoding=encoding)


def _etag() -> str:
    return f'"0x8D{secrets.token_hex(7).upper()}"'


def _from_row(row: Row) -> Blob:
    values = {key: row[key] for key in row.keys()}  # noqa: SIM118 (a Row iterates over values)
    values["content"] = values.pop("sha256")
    parsed = {key: json.loads(values[key]) for key in ("metadata", "headers")}
    return Blob(**{**values, **parsed})
