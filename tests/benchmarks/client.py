"""CPU of one `jobs.get` against raw httpx on the same answer of the same server, in turn in one process.

One after another, and 32 at once: there also with aiohttp below the client, and against raw aiohttp.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aiohttp
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


AT_ONCE = 32


async def at_once(get: Callable[[], Coroutine[Any, Any, None]], calls: int) -> None:
    async def lane() -> None:
        for _ in range(calls // AT_ONCE):
            await get()

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))


@contextmanager
def crowded(url: str, calls: int, loop: asyncio.AbstractEventLoop) -> Iterator[dict[str, Callable[[], None]]]:
    """Give ways to make `calls` calls, `AT_ONCE` of them at once."""
    raw = httpx.AsyncClient(limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE))
    ours = AsyncMaaSClient(base_url=url, **TARGET)
    ours_aiohttp = AsyncMaaSClient(base_url=url, http="aiohttp", **TARGET)
    sessions: list[aiohttp.ClientSession] = []

    async def get_httpx() -> None:
        json.loads((await raw.get(url + PATH + QUERY, headers=HEADERS)).content)

    async def get_aiohttp() -> None:
        if not sessions:
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)))
        async with sessions[0].get(url + PATH + QUERY, headers=HEADERS) as answer:
            json.loads(await answer.read())

    async def get_ours() -> None:
        await ours.jobs.get("j")

    async def get_ours_aiohttp() -> None:
        await ours_aiohttp.jobs.get("j")

    ways = {"httpx": get_httpx, "ours": get_ours, "ours, aiohttp": get_ours_aiohttp, "aiohttp": get_aiohttp}

    def run(get: Callable[[], Coroutine[Any, Any, None]]) -> None:
        loop.run_until_complete(at_once(get, calls))

    yield {name: partial(run, get) for name, get in ways.items()}
    for closing in (raw.aclose(), ours.aclose(), ours_aiohttp.aclose(), *(session.close() for session in sessions)):
        loop.run_until_complete(closing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    loop = asyncio.new_event_loop()
    with running() as url, crowded(url, options.calls, loop) as many:
        works = sync_works(url, options.calls) | async_works(url, options.calls, loop) | many
        for work in works.values():
            work()
        figures: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(options.rounds):
            for name, work in works.items():
                figures[name].append(cpu_us(work, options.calls))
    print(f"{'call':<28}{'cpu us':>9}{'x httpx':>9}   (medians of {options.rounds} rounds of {options.calls})")
    alone = [name for name in works if name not in many]
    for raw, ours in zip(alone[::2], alone[1::2], strict=True):
        ratio = statistics.median(b / a for a, b in zip(figures[raw], figures[ours], strict=True))
        print(f"{raw:<28}{statistics.median(figures[raw]):>9.0f}{1:>9.2f}")
        print(f"{ours:<28}{statistics.median(figures[ours]):>9.0f}{ratio:>9.2f}")
    print(f"{AT_ONCE} at once")
    for name in many:
        ratio = statistics.median(b / a for a, b in zip(figures["httpx"], figures[name], strict=True))
        print(f"{name:<28}{statistics.median(figures[name]):>9.0f}{ratio:>9.2f}")


if __name__ == "__main__":
    main()
