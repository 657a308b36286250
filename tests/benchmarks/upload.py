"""An upload in blocks against a bare streamed httpx PUT of the same file: rate, CPU, memory, and what a repeat sends.

Each upload runs in a process of its own against a server of its own, so that its peak memory is its own and nothing is
there already. The digest is given, as after a check of the data; what it costs is measured apart. With `--reference`
the server is the reference server instead of one that swallows everything, and its peak memory is printed too.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from _server import running

from maas_client import AsyncMaaSClient, MaaSClient

NAMES = {"subscription_id": "s", "resource_group": "g", "workspace": "www"}


def bare(server: dict[str, Any], path: Path, _digest: str) -> None:
    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    headers = {"content-length": str(path.stat().st_size), "x-ms-blob-type": "BlockBlob"}
    with httpx.Client() as client:
        client.put(f"{server['base_url']}/blob", content=pieces(), headers=headers).raise_for_status()


def ours(server: dict[str, Any], path: Path, digest: str) -> None:
    with MaaSClient(**server, emulator=True) as client:
        client.files.upload(path, sha256=digest)


def with_events(server: dict[str, Any], path: Path, digest: str) -> None:
    with MaaSClient(**server, emulator=True) as client:
        for _ in client.files.upload_events(path, sha256=digest):
            pass


def ours_async(server: dict[str, Any], path: Path, digest: str) -> None:
    async def upload() -> None:
        async with AsyncMaaSClient(**server, emulator=True) as client:
            await client.files.upload(path, sha256=digest)

    asyncio.run(upload())


WAYS = {"httpx put": bare, "files.upload": ours, "files.upload_events": with_events, "files.upload (async)": ours_async}


def child(way: str, server: str, path: Path, digest: str) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    WAYS[way](json.loads(server), path, digest)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([time.perf_counter() - started, time.process_time() - cpu, peak]))


def measure(way: str, server: dict[str, Any], path: Path, digest: str) -> list[float]:
    command = [sys.executable, __file__, "--child", way, json.dumps(server), str(path), digest]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: list[float] = json.loads(done.stdout)
    return figures


@contextlib.contextmanager
def swallowing() -> Iterator[dict[str, Any]]:
    with running() as url:
        yield {"base_url": url, **NAMES}


@contextlib.contextmanager
def reference(peaks: list[float]) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "maas_client.server", "--state-dir", state]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                facts = json.loads(process.stdout.readline())
                yield {"base_url": facts["url"], **{name: facts[name] for name in NAMES}}
                status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
                peaks.append(next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024)
            finally:
                process.terminate()


def received(server: dict[str, Any]) -> int:
    count: int = httpx.get(f"{server['base_url']}/received").json()
    return count


def write(path: Path, megabytes: int) -> None:
    row = {"messages": [{"role": "user", "content": "x" * 500}, {"role": "assistant", "content": "y" * 400}]}
    block = (json.dumps(row) + "\n").encode() * 1024
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            file.write(block)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reference", action="store_true", help="against the reference server (Linux)")
    parser.add_argument("--child", nargs=4)
    options = parser.parse_args()
    if options.child:
        way, server, path, digest = options.child
        child(way, server, Path(path), digest)
        return
    ways = [way for way in WAYS if not (options.reference and way == "httpx put")]
    figures: dict[str, list[list[float]]] = {way: [] for way in ways}
    again: list[float] = []
    sent = 0
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.jsonl"
        write(path, options.megabytes)
        size = path.stat().st_size
        started = time.perf_counter()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        digest_seconds = time.perf_counter() - started
        for _ in range(options.rounds):
            for way in ways:
                with reference(peaks) if options.reference else swallowing() as server:
                    figures[way].append(measure(way, server, path, digest))
                    if way == "httpx put":
                        continue
                    before = 0 if options.reference else received(server)
                    again.append(measure(way, server, path, digest)[0])
                    sent += 0 if options.reference else received(server) - before
    print(f"{size / 1e6:.0f} MB, {options.rounds} rounds; sha256 alone {size / 1e6 / digest_seconds:.0f} MB/s")
    print(f"{'way':<22}{'MB/s':>8}{'x httpx':>9}{'cpu s/GB':>10}{'peak MiB':>10}")
    base = figures.get("httpx put")
    for way, rows in figures.items():
        rate = statistics.median(size / 1e6 / row[0] for row in rows)
        ratio = statistics.median(one[0] / row[0] for one, row in zip(base, rows, strict=True)) if base else 0.0
        cpu = statistics.median(row[1] for row in rows) / (size / 1e9)
        print(f"{way:<22}{rate:>8.0f}{ratio:>9.2f}{cpu:>10.2f}{max(row[2] for row in rows):>10.0f}")
    told = "the reference server does not count" if options.reference else f"{sent} bytes of the file sent"
    print(f"the same file again: {statistics.median(again):.2f} s, {told}")
    if peaks:
        print(f"peak memory of the reference server: {max(peaks):.0f} MiB")


if __name__ == "__main__":
    main()
