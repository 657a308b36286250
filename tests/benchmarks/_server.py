"""A bare server to measure clients against: answers one job, swallows uploads, and does nothing else."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

JOB = json.dumps(
    {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/jobs/j",
        "name": "j",
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "properties": {
            "jobType": "FineTuning",
            "displayName": "j",
            "experimentName": "maas-client",
            "status": "Running",
            "isArchived": False,
            "tags": {"team": "support"},
            "properties": {"PipelineType": "FineTuning", "azureml.ModelName": "Phi-3-mini-4k-instruct"},
            "services": {
                "Studio": {"endpoint": "https://ml.azure.com/runs/j"},
                "Tracking": {"endpoint": "azureml://x"},
            },
            "fineTuningDetails": {
                "modelProvider": "Custom",
                "taskType": "ChatCompletion",
                "model": {
                    "jobInputType": "mlflow_model",
                    "uri": "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15",
                },
                "trainingData": {
                    "jobInputType": "uri_file",
                    "uri": "azureml://datastores/workspaceblobstore/paths/a.jsonl",
                },
                "hyperParameters": {"num_train_epochs": "3", "learning_rate": "2e-05"},
            },
            "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "j"}},
        },
        "systemData": {"createdAt": "2025-05-21T00:20:48.3840162+00:00", "createdByType": "User"},
    }
).encode()
WORKSPACE = b'{"location":"eastus2","properties":{"workspaceId":"g","discoveryUrl":"http://127.0.0.1/"}}'
SECRETS = b'{"secretsType":"Sas","sasToken":"sv=2022-11-02&sig=x"}'


received = 0
"""Bytes of files."""
stored: dict[bytes, int] = {}
"""Bytes by path; a file counts as there once its first part came."""


def answer(status: str, body: bytes, head: bytes = b"") -> bytes:
    fixed = b"content-type: application/json\r\nx-ms-request-id: 1\r\ndate: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
    length = b"content-length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status.encode() + b"\r\n" + fixed + head + length + b"\r\n" + body


def route(line: bytes, length: int, datastore: bytes) -> bytes:
    """Answer a request by its first line, and count what it brings."""
    global received
    method, target, _ = line.split(b" ", 2)
    path = target.partition(b"?")[0]
    is_list = b"comp=blocklist" in target
    if method == b"PUT" and not is_list:
        received += length
        stored[path] = stored.get(path, 0) + length
    if method == b"HEAD" and path in stored:
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % stored[path]
    if method == b"HEAD" or (is_list and method == b"GET"):
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
    if method == b"PUT":
        return answer("201 Created", b"")
    bodies = (
        (b"/received", b"%d" % received),
        (b"/listSecrets", SECRETS),
        (b"/datastores/", datastore),
        (b"/jobs/", JOB),
    )
    return answer("200 OK", next((body for mark, body in bodies if mark in path), WORKSPACE))


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    datastore = json.dumps(
        {
            "properties": {
                "accountName": f"127.0.0.1:{port}/a",
                "containerName": "c",
                "endpoint": "core.windows.net",
                "protocol": "http",
                "credentials": {"credentialsType": "Sas"},
            }
        }
    ).encode()
    global received
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, rest = head.partition(b"\r\n")
            length = next(
                (int(h.split(b":")[1]) for h in rest.split(b"\r\n") if h.lower().startswith(b"content-length:")), 0
            )
            reply = route(line, length, datastore)
            while length > 0:
                length -= len(await reader.read(min(length, 1 << 20)))
            writer.write(reply)
            await writer.drain()


async def serve() -> None:
    async def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await handle(reader, writer, port)

    server = await asyncio.start_server(on_connect, "127.0.0.1", 0, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    print(port, flush=True)
    async with server:
        await server.serve_forever()


@contextlib.contextmanager
def running() -> Iterator[str]:
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve())
