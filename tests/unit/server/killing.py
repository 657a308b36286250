"""kill -9 of a server while it is written to, and what must be there afterwards.

Writers note before a write what may be seen from now on, and after its acknowledgement what must be. The writer that
gets the acknowledgement of a given number kills the server, while the others are in the middle of theirs.
"""

import hashlib
import http.client
import json
import os
import random
import signal
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from maas_client.server.service.snapshots import NAMED_CONTENTS
from maas_client.testing import Server

API = "api-version=2024-10-01-preview"
HEADERS = {"Authorization": "Bearer test-token", "x-ms-blob-type": "BlockBlob", "x-ms-version": "2022-11-02"}
WRITERS = 4
ROWS = "".join(
    json.dumps({"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}]}) + "\n"
    for n in range(20)
).encode()
ENDED = ("Completed", "Failed", "Canceled")
CANCELLED = ("CancelRequested", "Canceled")

Key = tuple[str, str]


class Line:
    """One connection to a server, used again and again."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(server.url.partition("://")[2], timeout=30)
        place = server.ready
        self._arm = (
            f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{place.workspace}"
        )
        store = self.json("GET", "/datastores/workspaceblobstore")["properties"]
        self._blobs = f"/{store['accountName'].partition('/')[2]}.blob.{store['endpoint']}/{store['containerName']}"

    def arm(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        sent = None if body is None else json.dumps(body).encode()
        return self._send(method, f"{self._arm}{path}?{API}", sent, "application/json")

    def json(self, method: str, path: str, body: Any = None) -> Any:
        return json.loads(self.arm(method, path, body)[1])

    def blob(self, method: str, path: str, body: bytes | None = None, query: str = "") -> tuple[int, bytes]:
        kind = "application/xml" if query == "?comp=blocklist" else "application/octet-stream"
        return self._send(method, f"{self._blobs}/{path}{query}", body, kind)

    def close(self) -> None:
        self._connection.close()

    def _send(self, method: str, target: str, body: bytes | None, kind: str) -> tuple[int, bytes]:
        self._connection.request(method, target, body, {**HEADERS, "Content-Type": kind})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


@dataclass
class Book:
    """What may be seen of each thing; one possibility is what must be seen. Each key belongs to one writer."""

    allowed: dict[Key, set[str | None]] = field(default_factory=dict)
    acknowledged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, key: Key, value: str | None) -> None:
        self.allowed.setdefault(key, {None}).add(value)

    def sure(self, key: Key, value: str | None) -> int:
        """Note an acknowledgement; return its number."""
        self.allowed[key] = {value}
        with self._lock:
            self.acknowledged += 1
            return self.acknowledged


class Writer:
    """Makes writes of every kind, drawn from a seed."""

    def __init__(self, server: Server, book: Book, name: str, seed: int, kill_at: int) -> None:
        self._line = Line(server)
        assert server.process is not None
        self._pid = server.process.pid
        self._book = book
        self._name = name
        self._random = random.Random(f"{seed} {name}")
        self._kill_at = kill_at
        self._count = 0
        self._jobs: list[str] = []
        self._blobs: list[str] = []
        self._endpoints: list[str] = []
        self.problem: str | None = None

    def run(self) -> None:
        """Write until the server is gone."""
        makers = [self._blob, self._blob, self._blocks, self._job, self._job, self._asset, self._endpoint]
        makers += [self._again, self._cancel, self._delete_job, self._delete_endpoint]
        with suppress(OSError, http.client.HTTPException):
            while self.problem is None:
                self._random.choice(makers)()
        self._line.close()

    def _new(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    def _write(self, key: Key, value: str | None, answer: Any, *good: int) -> bool:
        """Make a write between its two notes; return whether it was taken."""
        before = set(self._book.allowed.get(key, {None}))
        self._book.begin(key, value)
        status, body = answer()
        if status not in good:
            # A refusal is an answer too: nothing has changed.
            self._book.allowed[key] = before
            return False
        if status >= 300:
            self.problem = f"{key}: {status} {body[:300]!r}"
        if self._book.sure(key, value) == self._kill_at:
            os.kill(self._pid, signal.SIGKILL)
        return True

    def _blob(self) -> None:
        self._put_blob(f"kill/{self._new()}.bin")

    def _again(self) -> None:
        if self._blobs:
            self._put_blob(self._random.choice(self._blobs))

    def _put_blob(self, path: str) -> None:
        content = self._random.randbytes(self._random.randrange(1, 200_000))
        if self._write(("blob", path), digest(content), lambda: self._line.blob("PUT", path, content), 201):
            self._blobs.append(path)

    def _blocks(self) -> None:
        path = f"kill/{self._new()}.blocks"
        parts = [self._random.randbytes(self._random.randrange(1, 50_000)) for _ in range(3)]
        names = [b64encode(f"{index:06d}".encode()).decode() for index in range(3)]
        for name, part in zip(names, parts, strict=True):
            self._line.blob("PUT", path, part, f"?comp=block&blockid={name.replace('=', '%3D')}")
        listed = "".join(f"<Latest>{name}</Latest>" for name in names)
        body = f'<?xml version="1.0"?><BlockList>{listed}</BlockList>'.encode()
        whole = digest(b"".join(parts))
        self._write(("blob", path), whole, lambda: self._line.blob("PUT", path, body, "?comp=blocklist"), 201)

    def _job(self) -> None:
        path, name = f"kill/{self._name}-train.jsonl", self._new()
        if ("blob", path) not in self._book.allowed:
            self._write(("blob", path), digest(ROWS), lambda: self._line.blob("PUT", path, ROWS), 201)
        details = {
            "modelProvider": "Custom",
            "taskType": "chatCompletion",
            "model": {
                "jobInputType": "mlflow_model",
                "uri": "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15",
            },
            "trainingData": {
                "jobInputType": "uri_file",
                "uri": f"azureml://datastores/workspaceblobstore/paths/{path}",
            },
            "hyperParameters": {"num_train_epochs": "1"},
        }
        outputs = {"registered_model": {"assetName": "killed", "jobOutputType": "mlflow_model"}}
        body = {"properties": {"jobType": "FineTuning", "fineTuningDetails": details, "outputs": outputs}}
        if self._write(("job", name), "there", lambda: self._line.arm("PUT", f"/jobs/{name}", body), 201):
            self._jobs.append(name)

    def _cancel(self) -> None:
        if self._jobs:
            name = self._random.choice(self._jobs)
            self._write(("job", name), "cancelled", lambda: self._line.arm("POST", f"/jobs/{name}/cancel"), 202)

    def _delete_job(self) -> None:
        if self._jobs:
            name = self._random.choice(self._jobs)
            if self._write(("job", name), None, lambda: self._line.arm("DELETE", f"/jobs/{name}"), 202):
                self._jobs.remove(name)

    def _asset(self) -> None:
        name, uri = self._new(), f"azureml://datastores/workspaceblobstore/paths/kill/{self._count}.jsonl"
        body = {"properties": {"dataType": "uri_file", "dataUri": uri}}
        self._write(("asset", name), uri, lambda: self._line.arm("PUT", f"/data/{name}/versions/1", body), 201)

    def _endpoint(self) -> None:
        name = f"e{self._new()}"
        settings = {"modelId": "azureml://registries/azureml/models/Phi-4-mini-instruct"}
        body = {"location": "eastus2", "properties": {"modelSettings": settings, "authMode": "Key"}}
        path = f"/serverlessEndpoints/{name}"
        if self._write(("endpoint", name), "there", lambda: self._line.arm("PUT", path, body), 201):
            self._endpoints.append(name)

    def _delete_endpoint(self) -> None:
        if self._endpoints:
            name = self._endpoints.pop()
            path = f"/serverlessEndpoints/{name}"
            self._write(("endpoint", name), None, lambda: self._line.arm("DELETE", path), 202)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_until_killed(server: Server, book: Book, round_name: str, seed: int, kill_at: int) -> None:
    """Write from several threads until the acknowledgement of a number, counted in this round, kills the server."""
    kill_at += book.acknowledged
    writers = [Writer(server, book, f"{round_name}-{number}", seed, kill_at) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    problems = [writer.problem for writer in writers if writer.problem]
    if problems:
        raise AssertionError(problems)
    server.kill()


def lost(server: Server, book: Book, keys: list[Key]) -> Iterator[str]:
    """Yield what is not as it must be."""
    line = Line(server)
    for key in keys:
        found = _see(line, key)
        if found not in book.allowed[key]:
            yield f"{key}: found {found}, allowed {book.allowed[key]}"
        # What is seen once must stay so.
        book.allowed[key] = {found}
    line.close()


def _see(line: Line, key: Key) -> str | None:
    kind, name = key
    if kind == "blob":
        status, content = line.blob("GET", name)
        return digest(content) if status == 200 else None
    paths = {"job": f"/jobs/{name}", "asset": f"/data/{name}/versions/1", "endpoint": f"/serverlessEndpoints/{name}"}
    status, body = line.arm("GET", paths[kind])
    if status == 404:
        return None
    properties = json.loads(body)["properties"]
    if kind == "asset":
        return str(properties["dataUri"])
    if kind == "endpoint":
        return None if properties["endpointState"] == "Deleting" else "there"
    return "cancelled" if properties["status"] in CANCELLED else "there"


def damage(state: Path) -> Iterator[str]:
    """Yield what is broken in the folder of a server that does not run."""
    db = sqlite3.connect(state / "state.db")
    try:
        found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            yield f"integrity: {found}"
        pieces = dict(db.execute("SELECT content, sum(size) FROM pieces GROUP BY content"))
        for content, size in db.execute("SELECT sha256, size FROM blobs"):
            path = state / "blobs" / content
            there = pieces.get(content) if content in pieces else path.stat().st_size if path.exists() else None
            if there != size:
                yield f"a blob of {size} bytes has {there} in {content}"
        for file, size in db.execute("SELECT file, size FROM pieces UNION SELECT file, size FROM blocks"):
            path = state / "blobs" / file
            if not path.exists() or path.stat().st_size != size:
                yield f"the block {file} of {size} bytes is not whole"
        yield from _models(db)
    finally:
        db.close()
    for path in (state / "blobs").glob("[0-9a-f]" * 64):
        if digest(path.read_bytes()) != path.name:
            yield f"{path.name} holds something else"


def orphans(state: Path) -> list[str]:
    """Return the contents that nothing names: neither the state nor a snapshot of it."""
    named: set[str] = set()
    for file in [state / "state.db", *(state / "snapshots").glob("*")]:
        with closing(sqlite3.connect(file)) as db:
            named |= {row[0] for row in db.execute(NAMED_CONTENTS)}
    return sorted({path.name for path in (state / "blobs").iterdir()} - named)


def _models(db: sqlite3.Connection) -> Iterator[str]:
    models = db.execute("SELECT workspace, name, version, job FROM models ORDER BY workspace, name, version")
    for (workspace, name), found in groupby(models, lambda row: row[:2]):
        versions = [(version, job) for _, _, version, job in found]
        if [version for version, _ in versions] != list(range(1, len(versions) + 1)):
            yield f"versions of {name} in {workspace}: {versions}"
        if len({job for _, job in versions}) != len(versions):
            yield f"a job has two models in {workspace}: {versions}"
