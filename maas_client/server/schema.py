"""The tables of the state file, and how an older file becomes one of this version.

A file of version n is brought to version n + 1 by `MIGRATIONS[n]`; a new file starts from `TABLES`. Both ways lead
to the same tables.
"""

from typing import Final

VERSION: Final = 6

TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE workspaces (
  key TEXT PRIMARY KEY, guid TEXT NOT NULL UNIQUE, account TEXT NOT NULL UNIQUE,
  subscription TEXT NOT NULL, resource_group TEXT NOT NULL, name TEXT NOT NULL,
  location TEXT NOT NULL DEFAULT 'eastus2', ahead REAL NOT NULL DEFAULT 0, skew REAL NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE blobs (
  account TEXT NOT NULL, container TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  etag TEXT NOT NULL, modified REAL NOT NULL, content_type TEXT NOT NULL, metadata TEXT NOT NULL,
  headers TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (account, container, path)) WITHOUT ROWID;
CREATE TABLE blocks (
  account TEXT NOT NULL, container TEXT NOT NULL, path TEXT NOT NULL, block TEXT NOT NULL, file TEXT NOT NULL,
  size INTEGER NOT NULL, received REAL NOT NULL, PRIMARY KEY (account, container, path, block)) WITHOUT ROWID;
CREATE INDEX blocks_received ON blocks (received);
CREATE TABLE pieces (
  content TEXT NOT NULL, position INTEGER NOT NULL, block TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (content, position)) WITHOUT ROWID;
CREATE TABLE data_versions (
  workspace TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (workspace, name, version));
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  created REAL NOT NULL, training TEXT, validation TEXT, problem TEXT, plan TEXT, cancel_at REAL, ends_at REAL,
  delete_at REAL, settled INTEGER NOT NULL DEFAULT 0, model TEXT, model_version INTEGER, stages TEXT,
  fate TEXT, UNIQUE (workspace, name));
CREATE INDEX jobs_due ON jobs (settled, ends_at);
CREATE INDEX jobs_newest ON jobs (workspace, seq);
CREATE INDEX jobs_deleted ON jobs (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX jobs_unplanned ON jobs (settled) WHERE plan IS NULL AND settled=0 AND cancel_at IS NULL;
CREATE TABLE models (
  workspace TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, job TEXT NOT NULL, base TEXT NOT NULL,
  created REAL NOT NULL, changes TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (workspace, name, version)) WITHOUT ROWID;
CREATE TABLE model_counters (
  workspace TEXT NOT NULL, name TEXT NOT NULL, latest INTEGER NOT NULL, PRIMARY KEY (workspace, name)) WITHOUT ROWID;
CREATE TABLE endpoints (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  body TEXT NOT NULL, target TEXT NOT NULL, custom INTEGER NOT NULL,
  primary_key TEXT NOT NULL, secondary_key TEXT NOT NULL,
  created REAL NOT NULL, ready_at REAL NOT NULL, delete_at REAL, used_at REAL, fate TEXT,
  UNIQUE (workspace, name));
CREATE TABLE subscriptions (
  workspace TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, model TEXT NOT NULL, created REAL NOT NULL,
  ready_at REAL NOT NULL, delete_at REAL, PRIMARY KEY (workspace, name)) WITHOUT ROWID;
CREATE TABLE operations (
  id TEXT PRIMARY KEY, subscription TEXT NOT NULL, created REAL NOT NULL, done_at REAL NOT NULL,
  workspace TEXT NOT NULL DEFAULT '', fate TEXT) WITHOUT ROWID;
"""

MIGRATIONS: Final = {
    1: """
ALTER TABLE workspaces ADD COLUMN location TEXT NOT NULL DEFAULT 'eastus2';
ALTER TABLE blobs ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';
CREATE TABLE blocks (
  account TEXT NOT NULL, container TEXT NOT NULL, path TEXT NOT NULL, block TEXT NOT NULL, file TEXT NOT NULL,
  size INTEGER NOT NULL, received REAL NOT NULL, PRIMARY KEY (account, container, path, block)) WITHOUT ROWID;
CREATE INDEX blocks_received ON blocks (received);
CREATE TABLE pieces (
  content TEXT NOT NULL, position INTEGER NOT NULL, block TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (content, position)) WITHOUT ROWID;
ALTER TABLE endpoints ADD COLUMN used_at REAL;
CREATE TABLE subscriptions (
  workspace TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, model TEXT NOT NULL, created REAL NOT NULL,
  ready_at REAL NOT NULL, delete_at REAL, PRIMARY KEY (workspace, name)) WITHOUT ROWID;
""",
    2: """
ALTER TABLE models ADD COLUMN changes TEXT NOT NULL DEFAULT '{}';
""",
    # An operation's id is {kind}:{workspace's guid}:{guid}. A constraint goes only with the table that it stands in.
    3: """
ALTER TABLE workspaces ADD COLUMN ahead REAL NOT NULL DEFAULT 0;
ALTER TABLE workspaces ADD COLUMN skew REAL NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN workspace TEXT NOT NULL DEFAULT '';
UPDATE operations SET workspace=
  coalesce((SELECT key FROM workspaces WHERE instr(operations.id, ':' || guid || ':') > 0), '');
ALTER TABLE endpoints RENAME TO endpoints_3;
CREATE TABLE endpoints (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  body TEXT NOT NULL, target TEXT NOT NULL, custom INTEGER NOT NULL,
  primary_key TEXT NOT NULL, secondary_key TEXT NOT NULL,
  created REAL NOT NULL, ready_at REAL NOT NULL, delete_at REAL, used_at REAL, UNIQUE (workspace, name));
INSERT INTO endpoints SELECT seq, workspace, name, body, target, custom, primary_key, secondary_key, created, ready_at,
  delete_at, used_at FROM endpoints_3;
DROP TABLE endpoints_3;
""",
    # The stages of a plan beside it: what a job is at a moment is asked far more often than the rest, which is large.
    4: """
ALTER TABLE jobs ADD COLUMN stages TEXT;
UPDATE jobs SET stages=json_extract(plan, '$.stages') WHERE plan IS NOT NULL;
CREATE INDEX jobs_newest ON jobs (workspace, seq);
CREATE INDEX jobs_deleted ON jobs (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX jobs_unplanned ON jobs (settled) WHERE plan IS NULL AND settled=0 AND cancel_at IS NULL;
""",
    5: """
ALTER TABLE jobs ADD COLUMN fate TEXT;
ALTER TABLE endpoints ADD COLUMN fate TEXT;
ALTER TABLE operations ADD COLUMN fate TEXT;
""",
}
