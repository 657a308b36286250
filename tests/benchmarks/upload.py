"""An upload against a bare streamed httpx PUT of the same file to the same server: rate, CPU and peak memory.

Each upload runs in a process of its own, so that its peak memory is its own. The digest is given, as after a check of
the data; what it costs is measured apart.
"""

import argparse
import asyncio
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

import httpx
from _server import running

from maas_client import AsyncMaaSClient, MaaSClient


def bare(url: str, path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    headers = {"content-length": str(path.stat().st_size), "x-ms-blob-type": "BlockBlob"}
    with httpx.Client() as client:
        client.put(f"{url}/blob", content=pieces(), headers=headers).raise_for_status()


def ours(url: str, path: Path) -> None:
    with MaaSClient(base_url=url, subscription_id="s", resource_group="g", workspace="www", emulator=True) as client:
        client.files.upload(path, sha256="0" * 64)


def ours_async(url: str, path: Path) -> None:
    async def upload() -> None:
        async with AsyncMaaSClient(
            base_url=url, subscription_id="s", resource_group="g", workspace="www", emulator=True
        ) as client:
            await client.files.upload(path, sha256="0" * 64)

    asyncio.run(upload())


WAYS = {"httpx put": bare, "files.upload": ours, "files.upload (async)": ours_async}


def child(way: str, url: str, path: Path) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    WAYS[way](url, path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([time.perf_counter() - started, time.process_time() - cpu, peak]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", nargs=3)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], options.child[1], Path(options.child[2]))
        return
    with tempfile.TemporaryDirectory() as folder, running() as url:
        path = Path(folder) / "big.jsonl"
        line = json.dumps(
            {"messages": [{"role": "user", "content": "x" * 500}, {"role": "assistant", "content": "y" * 400}]}
        )
        block = (line + "\n").encode() * 1024
        with path.open("wb") as file:
            while file.tell() < options.megabytes * 1_000_000:
                file.write(block)
        size = path.stat().st_size
        started = time.perf_counter()
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
        digest_seconds = time.perf_counter() - started
        figures: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way in WAYS:
                done = subprocess.run(
                    [sys.executable, __file__, "--child", way, url, str(path)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                figures[way].append(json.loads(done.stdout))
    print(f"{size / 1e6:.0f} MB, {options.rounds} rounds; sha256 alone {size / 1e6 / digest_seconds:.0f} MB/s")
    print(f"{'way':<22}{'MB/s':>8}{'x httpx':>9}{'cpu s/GB':>10}{'peak MiB':>10}")
    for way, rows in figures.items():
        rate = statistics.median(size / 1e6 / row[0] for row in rows)
        ratio = statistics.median(base[0] / row[0] for base, row in zip(figures["httpx put"], rows, strict=True))
        cpu = statistics.median(row[1] for row in rows) / (size / 1e9)
        print(f"{way:<22}{rate:>8.0f}{ratio:>9.2f}{cpu:>10.2f}{max(row[2] for row in rows):>10.0f}")


if __name__ == "__main__":
    main()
