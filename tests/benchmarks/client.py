"""CPU of one `jobs.get` against raw httpx on the same answer of the same server, in turn in one process."""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx
from _server import running

from maas_client import AsyncMaaSClient, MaaSClient

TARGET: dict[str, Any] = {"subscription_id": "s", "resource_group": "g", "workspace": "www", "emulator": True}
PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/www/jobs/j"
HEADERS = {"authorization": "Bearer emulator"}
QUERY = "?api-version=2024-10-01-preview"


def cpu_us(work: Callable[[], None], calls: int) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) / calls * 1e6


def sync_works(url: str, calls: int) -> dict[str, Callable[[], None]]:
    raw, ours = httpx.Client(), MaaSClient(base_url=url, **TARGET)

    def get_raw() -> None:
        for _ in range(calls):
            json.loads(raw.get(url + PATH + QUERY, headers=HEADERS).content)

    def get_ours() -> None:
        for _ in range(calls):
            ours.jobs.get("j")

    return {"httpx.Client.get": get_raw, "MaaSClient.jobs.get": get_ours}


def async_works(url: str, calls: int, loop: asyncio.AbstractEventLoop) -> dict[str, Callable[[], None]]:
    raw, ours = httpx.AsyncClient(), AsyncMaaSClient(base_url=url, **TARGET)

    async def get_raw() -> None:
        for _ in range(calls):
            json.loads((await raw.get(url + PATH + QUERY, headers=HEADERS)).content)

    async def get_ours() -> None:
        for _ in range(calls):
            await ours.jobs.get("j")

    return {
        "httpx.AsyncClient.get": lambda: loop.run_until_complete(get_raw()),
        "AsyncMaaSClient.jobs.get": lambda: loop.run_until_complete(get_ours()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with running() as url:
        works = sync_works(url, options.calls) | async_works(url, options.calls, asyncio.new_event_loop())
        for work in works.values():
            work()
        figures: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(options.rounds):
            for name, work in works.items():
                figures[name].append(cpu_us(work, options.calls))
    print(f"{'call':<28}{'cpu us':>9}{'x httpx':>9}   (medians of {options.rounds} rounds of {options.calls})")
    for raw, ours in zip(list(works)[::2], list(works)[1::2], strict=True):
        ratio = statistics.median(b / a for a, b in zip(figures[raw], figures[ours], strict=True))
        print(f"{raw:<28}{statistics.median(figures[raw]):>9.0f}{1:>9.2f}")
        print(f"{ours:<28}{statistics.median(figures[ours]):>9.0f}{ratio:>9.2f}")


if __name__ == "__main__":
    main()
