"""A real server in a process of its own, and a plain HTTP client for it."""

import http.client
import json
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

API = "2024-10-01-preview"
TOKEN = {"Authorization": "Bearer test-token"}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> Any:
        return self.json["error"]


@dataclass
class Running:
    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def port(self) -> int:
        return int(self.ready["url"].rpartition(":")[2])

    def send(self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send one request; `body` may be bytes, a JSON value or None. A full url of this server is taken too."""
        target = target.removeprefix(self.ready["url"])
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = self._connection()
        try:
            connection.request(method, target, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.ready["ca_file"] is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        trusting = ssl.create_default_context(cafile=self.ready["ca_file"])
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusting)

    def advance(self, seconds: float) -> None:
        headers = {"x-maas-admin-token": self.ready["admin_token"]}
        answer = self.send("POST", "/_maas/clock", {"advance_seconds": seconds}, headers)
        assert answer.status == 200, answer.content

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=20)
        return self.process.returncode


def start_server(state: Path, *arguments: str, clock: str = "manual") -> Running:
    command = [sys.executable, "-m", "maas_client.server", "--state-dir", str(state), "--clock", clock, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate())
    return Running(process, json.loads(line))


@dataclass
class Space:
    """One workspace of a server, with the calls that most tests make."""

    server: Running
    name: str = field(default_factory=lambda: f"ws-{uuid.uuid4().hex[:12]}")

    @property
    def arm_id(self) -> str:
        provider = "providers/Microsoft.MachineLearningServices"
        return f"/subscriptions/sub-1/resourceGroups/rg-1/{provider}/workspaces/{self.name}"

    def call(self, method: str, path: str, body: Any = None, *, api: str = API, query: str = "") -> Answer:
        return self.server.send(method, f"{self.arm_id}{path}?api-version={api}{query}", body, TOKEN)

    def data(self, method: str, prefix: str, path: str, body: Any = None) -> Answer:
        return self.server.send(method, f"/{prefix}{self.arm_id}{path}", body, TOKEN)

    def blob_url(self, path: str, datastore: str = "workspaceblobstore") -> str:
        store = self.call("GET", f"/datastores/{datastore}").json["properties"]
        account = f"{store['protocol']}://{store['accountName']}.blob.{store['endpoint']}"
        return f"{account}/{store['containerName']}/{path}".rstrip("/")

    def sas(self, datastore: str = "workspaceblobstore") -> str:
        secrets = self.call(
            "POST", f"/datastores/{datastore}/listSecrets", {"expirableSecret": True, "expireAfterHours": 1}
        )
        return str(secrets.json["sasToken"])

    def upload(self, path: str, content: bytes) -> str:
        url = f"{self.blob_url(path)}?{self.sas()}"
        answer = self.server.send("PUT", url, content, {"x-ms-blob-type": "BlockBlob"})
        assert answer.status == 201, answer.content
        return f"azureml://datastores/workspaceblobstore/paths/{path}"

    def submit(self, name: str, training: str, **changes: Any) -> Answer:
        return self.call("PUT", f"/jobs/{name}", self.definition(training, **changes))

    @staticmethod
    def rows(count: int) -> bytes:
        return rows(count)

    @staticmethod
    def definition(training: str, **changes: Any) -> Any:
        return definition(training, **changes)

    def train(self, name: str, **changes: Any) -> None:
        """Run a job on good data to its end."""
        training = self.upload(f"LocalUpload/{name}/train.jsonl", rows(20))
        assert self.submit(name, training, **changes).status == 201
        self.server.advance(LONG)
        assert self.status(name) == "Completed"

    def status(self, name: str) -> str:
        return str(self.call("GET", f"/jobs/{name}").json["properties"]["status"])


def rows(count: int) -> bytes:
    """Return a good training file of `count` rows."""
    lines = []
    for index in range(count):
        ask = {"role": "user", "content": f"How do I reset device number {index}?"}
        answer = {"role": "assistant", "content": f"Hold the button of device {index} for {index + 3} seconds."}
        lines.append(json.dumps({"messages": [ask, answer]}))
    return "\n".join(lines).encode() + b"\n"


def definition(
    training: str, *, model: str = "Phi-3-mini-4k-instruct", output: str = "my-model", **changes: Any
) -> Any:
    properties: dict[str, Any] = {
        "jobType": "FineTuning",
        "displayName": "a job",
        "tags": {"team": "a"},
        "properties": {"mine": "1"},
        "fineTuningDetails": {
            "modelProvider": "Custom",
            "taskType": "chatCompletion",
            "model": {
                "jobInputType": "mlflow_model",
                "uri": f"azureml://registries/azureml/models/{model}/versions/15",
            },
            "trainingData": {"jobInputType": "uri_file", "uri": training},
            "hyperParameters": {
                "num_train_epochs": "1",
                "learning_rate": "0.00002",
                "per_device_train_batch_size": "1",
            },
        },
        "outputs": {"registered_model": {"assetName": output, "jobOutputType": "mlflow_model"}},
    }
    return {"properties": {**properties, **changes}}


LONG = 400_000.0
"""Virtual seconds after which every job of these tests has ended."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start_server(tmp_path_factory.mktemp("server") / "state")
    yield running
    assert running.stop() == 0


@pytest.fixture
def space(server: Running) -> Space:
    """A workspace of its own on the shared server, whose clock is manual."""
    return Space(server)


@pytest.fixture
def space_of() -> Callable[[Running], Space]:
    return Space


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start servers that end with the test."""
    begun: list[Running] = []

    def begin(state: Path, *arguments: str, clock: str = "manual") -> Running:
        begun.append(start_server(state, *arguments, clock=clock))
        return begun[-1]

    yield begin
    for running in begun:
        if running.process.poll() is None:
            running.stop()
