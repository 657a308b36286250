"""The reference server against bare Starlette and moto's server: start, memory, rate, lists, uploads, crashes.

`--peers FOLDER` is an environment with the peers, made there when missing (pip); without it our figures stand alone.
Rates are of GETs from 32 connections of another process: a job of ours, one row of SQLite of bare Starlette on
uvicorn with uvloop and httptools, an S3 object of moto's server, in turn. The ratio of CPU is steadier than that of
rates where other work runs on the machine. Linux.
"""

import argparse
import hashlib
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from _load import rate
from _processes import Served, bare, moto, reference

PEERS = ("starlette>=1.0", "uvicorn>=0.54", "uvloop>=0.22", "httptools>=0.7", "moto[s3,server]>=5.2")
WORKSPACE = (
    "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/maas-local"
    "/providers/Microsoft.MachineLearningServices/workspaces/maas-local"
)
QUERY = "api-version=2024-10-01-preview"
BEARER = {"Authorization": "Bearer emulator"}
SIZES = (100, 1_000, 10_000)


def peers_python(folder: Path) -> str:
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return str(python)


def send(server: Served, method: str, path: str, body: Any = None, connection: Any = None) -> Any:
    used = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {**BEARER, "Content-Type": "application/json"}
    used.request(method, path, None if body is None else json.dumps(body).encode(), headers)
    answer = used.getresponse()
    content = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {content!r}")
    return json.loads(content) if content.startswith((b"{", b"[")) else content


def definition(training: str) -> Any:
    model = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"
    details = {
        "modelProvider": "Custom",
        "taskType": "ChatCompletion",
        "model": {"jobInputType": "mlflow_model", "uri": model},
        "trainingData": {"jobInputType": "uri_file", "uri": training},
        "hyperParameters": {"num_train_epochs": "1", "learning_rate": "0.00002", "per_device_train_batch_size": "1"},
    }
    outputs = {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "m"}}
    return {"properties": {"jobType": "FineTuning", "fineTuningDetails": details, "outputs": outputs}}


def submit(server: Served, first: int, last: int) -> None:
    """Create jobs that train on a file which is not there: what counts here is how many they are."""
    training = "azureml://datastores/workspaceblobstore/paths/none.jsonl"

    def some(numbers: range) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for number in numbers:
            send(server, "PUT", f"{WORKSPACE}/jobs/j{number}?{QUERY}", definition(training), connection)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(some, [range(first + part, last, 4) for part in range(4)]))


def start(rounds: int, python: str | None) -> None:
    row = b"{}"
    ways: dict[str, Callable[[], Any]] = {"ours": reference}
    if python:
        ways |= {"bare Starlette": lambda: bare(python, row), "moto": lambda: moto(python)}
    found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, opened in ways.items():
            with opened() as server:
                time.sleep(0.2)
                if number:  # the first one only compiles and warms the disk's cache
                    found[way].append((server.ready_seconds, server.ready_cpu, server.memory()))
    print(f"\nfrom process start to the first 200, and memory then; medians of {rounds}")
    for way, rows in found.items():
        seconds, cpu, memory = (statistics.median(row[index] for row in rows) for index in range(3))
        ratio = statistics.median(own[1] / row[1] for own, row in zip(found["ours"], rows, strict=True))
        print(f"  {way:16}{seconds * 1000:8.0f} ms {cpu * 1000:8.0f} ms CPU {memory:7.1f} MiB  ours: {ratio:.2f}x CPU")


def rates(rounds: int, seconds: float, python: str | None) -> None:
    with ExitStack() as stack:
        ours = stack.enter_context(reference())
        submit(ours, 0, 1)
        path = f"{WORKSPACE}/jobs/j0?{QUERY}"
        asked: dict[str, tuple[Served, str, dict[str, str]]] = {"ours": (ours, path, BEARER)}
        if python:
            job = json.dumps(send(ours, "GET", path)).encode()
            asked["bare Starlette"] = (stack.enter_context(bare(python, job)), "/jobs/j", {})
            s3 = stack.enter_context(moto(python))
            put_object(s3, job)
            asked["moto"] = (s3, "/bucket/j", S3)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in asked}
        for number in range(rounds + 1):
            for way, (server, target, headers) in asked.items():
                before, began = server.cpu(), time.perf_counter()
                per_second = rate(server.url + target, headers, seconds)
                answered = per_second * (time.perf_counter() - began)
                if number:
                    found[way].append((per_second, (server.cpu() - before) / answered * 1e6))
    print(f"\nGET of a job, a row, an object from 32 connections; medians of {rounds} rounds of {seconds:g} s")
    for way, rows in found.items():
        each, cpu = (statistics.median(row[index] for row in rows) for index in (0, 1))
        pairs = list(zip(found["ours"], rows, strict=True))
        ratio = statistics.median(own[0] / row[0] for own, row in pairs)
        cheaper = statistics.median(row[1] / own[1] for own, row in pairs)
        print(f"  {way:16}{each:9.0f}/s {cpu:7.0f} us CPU   ours: {ratio:6.2f}x the rate, {cheaper:6.2f}x by CPU")


_SCOPE = "a/20260101/us-east-1/s3/aws4_request"
S3 = {"Authorization": f"AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, Signature=a"}


def put_object(server: Served, content: bytes) -> None:
    for path, body in (("/bucket", b""), ("/bucket/j", content)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("PUT", path, body, S3)
        status = connection.getresponse().status
        connection.close()
        if status != 200:
            raise RuntimeError(f"moto: PUT {path}: {status}")


def lists(sizes: tuple[int, ...]) -> None:
    print("\nlist of jobs: the first page, and a page while paging through all; medians")
    base: tuple[float, float] | None = None
    with reference("--clock", "manual", "--admin-token", "bench") as server:
        made = 0
        for size in sizes:
            began = time.perf_counter()
            submit(server, made, size)
            put_rate = (size - made) / (time.perf_counter() - began)
            made = size
            planned(server)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            first = statistics.median(timed(server, f"{WORKSPACE}/jobs?{QUERY}", connection)[0] for _ in range(50))
            pages, seen, link = [], 0, f"{WORKSPACE}/jobs?{QUERY}"
            while link:
                took, page = timed(server, link, connection)
                pages.append(took)
                seen += len(page["value"])
                link = (page["nextLink"] or "").removeprefix(server.url)
            connection.close()
            if seen != size:
                raise RuntimeError(f"{seen} of {size} jobs were listed")
            each = statistics.median(pages)
            base = base or (first, each)
            print(
                f"  {size:6} jobs: {first * 1000:6.2f} ms ({first / base[0]:.2f}x), {each * 1000:6.2f} ms a page "
                f"({each / base[1]:.2f}x), {server.memory():.0f} MiB; made at {put_rate:.0f}/s",
                flush=True,
            )


def planned(server: Served) -> None:
    """Wait until the engine has made the plan of every job: it works behind the answers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    headers = {"x-maas-admin-token": "bench", "Content-Type": "application/json"}
    connection.request("POST", "/_maas/clock", b'{"advance_seconds": 0}', headers)
    if connection.getresponse().status != 200:
        raise RuntimeError("the clock could not be asked")
    connection.close()


def timed(server: Served, path: str, connection: http.client.HTTPConnection) -> tuple[float, Any]:
    began = time.perf_counter()
    page = send(server, "GET", path, connection=connection)
    return time.perf_counter() - began, page


def upload(megabytes: int) -> None:
    from upload import NAMES, measure, write

    with tempfile.TemporaryDirectory() as folder, reference() as server:
        path = Path(folder) / "big.jsonl"
        write(path, megabytes)
        idle = server.memory("VmHWM")
        facts = {"base_url": server.url, **NAMES}
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        took, _, peak = measure("files.upload", facts, path, digest)
        size = path.stat().st_size / 1e6
        print(
            f"\nupload of {size:.0f} MB in blocks: {size / took:.0f} MB/s; at most {server.memory('VmHWM'):.0f} MiB "
            f"in the server ({idle:.0f} before), {peak:.0f} MiB in the client"
        )


def crashes(moments: int) -> None:
    script = Path(__file__).with_name("server_crash.py")
    print(f"\nkill -9 at {moments} moments", flush=True)
    subprocess.run([sys.executable, str(script), "--moments", str(moments)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="folder of an environment with the peers; made when missing")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of load in each round")
    parser.add_argument("--megabytes", type=int, default=1000, help="of the upload")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of jobs")
    parser.add_argument("--moments", type=int, default=200, help="at which the server is killed")
    parser.add_argument("--only", nargs="+", default=("start", "rate", "lists", "upload", "crashes"))
    asked = parser.parse_args()
    python = peers_python(asked.peers) if asked.peers else None
    parts: dict[str, Callable[[], None]] = {
        "start": lambda: start(asked.rounds, python),
        "rate": lambda: rates(asked.rounds, asked.seconds, python),
        "lists": lambda: lists(tuple(asked.sizes)),
        "upload": lambda: upload(asked.megabytes),
        "crashes": lambda: crashes(asked.moments),
    }
    for part in asked.only:
        parts[part]()


if __name__ == "__main__":
    main()
