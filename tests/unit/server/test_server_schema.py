"""State of an older version becomes state of this one, and loses nothing."""

import sqlite3
from contextlib import closing

import pytest

from maas_client.server import schema
from maas_client.server.clock import parse_clock
from maas_client.server.engine import make_plan
from maas_client.server.service import blobs, snapshots
from maas_client.server.service.options import ServiceOptions
from maas_client.server.service.world import open_world, workspace
from maas_client.server.store import Store, StoreError

VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE workspaces (
  key TEXT PRIMARY KEY, guid TEXT NOT NULL UNIQUE, account TEXT NOT NULL UNIQUE,
  subscription TEXT NOT NULL, resource_group TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE blobs (
  account TEXT NOT NULL, container TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  etag TEXT NOT NULL, modified REAL NOT NULL, content_type TEXT NOT NULL, metadata TEXT NOT NULL,
  PRIMARY KEY (account, container, path)) WITHOUT ROWID;
CREATE TABLE data_versions (
  workspace TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (workspace, name, version));
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  created REAL NOT NULL, training TEXT, validation TEXT, problem TEXT, plan TEXT, cancel_at REAL, ends_at REAL,
  delete_at REAL, settled INTEGER NOT NULL DEFAULT 0, model TEXT, model_version INTEGER, UNIQUE (workspace, name));
CREATE INDEX jobs_due ON jobs (settled, ends_at);
CREATE TABLE models (
  workspace TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, job TEXT NOT NULL, base TEXT NOT NULL,
  created REAL NOT NULL, PRIMARY KEY (workspace, name, version)) WITHOUT ROWID;
CREATE TABLE model_counters (
  workspace TEXT NOT NULL, name TEXT NOT NULL, latest INTEGER NOT NULL, PRIMARY KEY (workspace, name)) WITHOUT ROWID;
CREATE TABLE endpoints (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  body TEXT NOT NULL, target TEXT NOT NULL, custom INTEGER NOT NULL,
  primary_key TEXT NOT NULL, secondary_key TEXT NOT NULL,
  created REAL NOT NULL, ready_at REAL NOT NULL, delete_at REAL);
CREATE TABLE operations (
  id TEXT PRIMARY KEY, subscription TEXT NOT NULL, created REAL NOT NULL, done_at REAL NOT NULL) WITHOUT ROWID;
INSERT INTO workspaces VALUES ('s/r/w', 'guid', 'account', 's', 'r', 'w');
INSERT INTO models VALUES ('s/r/w', 'm', 1, 'j', 'Phi-4', 2.0);
INSERT INTO blobs VALUES ('account', 'c', 'a/b', 'abc', 3, '"e"', 1.0, 'text/plain', '{"a": "1"}');
PRAGMA user_version=1;
"""


def tables(path):
    with sqlite3.connect(path) as db:
        names = [
            row[0]
            for row in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'")
        ]
        return {name: [row[1:6] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}


def test_a_file_of_version_1_is_migrated_and_keeps_what_it_holds(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    with sqlite3.connect(old / "state.db") as db:
        db.executescript(VERSION_1)
    store = Store(old)
    workspace = store.one("SELECT * FROM workspaces")
    blob = store.one("SELECT * FROM blobs")
    model = store.one("SELECT * FROM models")
    store.close()
    Store(new).close()
    assert model is not None
    assert tuple(model) == ("s/r/w", "m", 1, "j", "Phi-4", 2.0, "{}")
    assert workspace is not None
    assert blob is not None
    assert tuple(workspace) == ("s/r/w", "guid", "account", "s", "r", "w", "eastus2", 0.0, 0.0)
    assert (blob["path"], blob["metadata"], blob["headers"]) == ("a/b", '{"a": "1"}', "{}")
    assert tables(old / "state.db") == tables(new / "state.db")
    Store(old).close()


def test_a_file_of_version_2_is_migrated_and_keeps_what_it_holds(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    with sqlite3.connect(old / "state.db") as db:
        db.executescript(VERSION_1 + schema.MIGRATIONS[1] + "PRAGMA user_version=2;")
    store = Store(old)
    model = store.one("SELECT * FROM models")
    store.close()
    Store(new).close()
    assert model is not None
    assert (model["name"], model["version"], model["changes"]) == ("m", 1, "{}")
    assert tables(old / "state.db") == tables(new / "state.db")


def test_a_file_of_version_3_is_migrated_and_keeps_what_it_holds(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    with sqlite3.connect(old / "state.db") as db:
        db.executescript(VERSION_1 + schema.MIGRATIONS[1] + schema.MIGRATIONS[2])
        db.executescript(
            "INSERT INTO operations VALUES ('cancel-1:guid:x', 's', 1.0, 2.0), ('odd', 's', 1.0, 2.0);"
            "INSERT INTO endpoints VALUES (7, 's/r/w', 'E', '{}', 't', 1, 'p', 's', 1.0, 2.0, NULL, 3.0);"
            "PRAGMA user_version=3;"
        )
    store = Store(old)
    operations = [tuple(row) for row in store.all("SELECT id, workspace FROM operations ORDER BY id")]
    endpoint = store.one("SELECT * FROM endpoints WHERE workspace='s/r/w' AND name='e'")
    with store.writing() as db:
        db.execute(
            "INSERT INTO endpoints "
            "(workspace, name, body, target, custom, primary_key, secondary_key, created, ready_at) "
            "SELECT 'other', name, body, target, custom, primary_key, secondary_key, created, ready_at FROM endpoints"
        )
    later = store.one("SELECT seq FROM endpoints WHERE workspace='other'")
    store.close()
    Store(new).close()
    assert operations == [("cancel-1:guid:x", "s/r/w"), ("odd", "")]
    assert endpoint is not None
    assert tuple(endpoint) == (7, "s/r/w", "E", "{}", "t", 1, "p", "s", 1.0, 2.0, None, 3.0, None)
    assert later is not None
    assert later["seq"] > 7
    assert tables(old / "state.db") == tables(new / "state.db")


def test_a_snapshot_of_version_1_comes_back(tmp_path):
    world = open_world(tmp_path, parse_clock("manual"), {}, make_plan, ServiceOptions())
    try:
        where = workspace(world, "s", "r", "ws-1")
        file = snapshots.take(world, "old", where).file
        with closing(sqlite3.connect(file)) as db:
            facts = db.execute("SELECT value FROM meta WHERE key='snapshot'").fetchone()
        file.unlink()
        with closing(sqlite3.connect(file)) as db:
            db.executescript(VERSION_1)
            db.execute("INSERT INTO meta VALUES ('snapshot', ?)", facts)
            db.execute("UPDATE workspaces SET key=?, guid=?, account=?", (where.key, where.guid, where.account))
            db.execute("UPDATE blobs SET account=?", (where.account,))
            db.commit()
        snapshots.restore(world, "old", where)
        blob = blobs.find(world, where.account, "c", "a/b")
    finally:
        world.close()
    assert blob is not None
    assert (blob.metadata, blob.headers) == ({"a": "1"}, {})


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "state.db") as db:
        db.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    before = (tmp_path / "state.db").read_bytes()
    with pytest.raises(StoreError, match="version"):
        Store(tmp_path)
    assert (tmp_path / "state.db").read_bytes() == before


def test_every_version_has_a_way_to_the_next():
    assert sorted(schema.MIGRATIONS) == list(range(1, schema.VERSION))


def test_a_file_of_version_4_gets_the_stages_of_its_plans_and_the_indexes_of_this_version(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    with sqlite3.connect(old / "state.db") as db:
        db.executescript(VERSION_1 + "".join(schema.MIGRATIONS[step] for step in (1, 2, 3)))
        plans = {"a": '{"stages":[["NotStarted",0.0],["Failed",5.5]],"metrics":[]}', "b": None}
        rows = list(plans.items())
        db.executemany(
            "INSERT INTO jobs (workspace, name, body, created, plan) VALUES ('s/r/w', ?, '{}', 1.0, ?)", rows
        )
        db.execute("PRAGMA user_version=4")
    store = Store(old)
    found = {row["name"]: row["stages"] for row in store.all("SELECT name, stages FROM jobs")}
    store.close()
    Store(new).close()
    assert found == {"a": '[["NotStarted",0.0],["Failed",5.5]]', "b": None}
    assert tables(old / "state.db") == tables(new / "state.db")
    assert indexes(old / "state.db") == indexes(new / "state.db")


def indexes(path):
    with sqlite3.connect(path) as db:
        return sorted(db.execute("SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL"))
