"""A thousand jobs watched on one client: what that asks of the service, and whether any end is missed.

The jobs stand still in the middle of their training, on a manual clock, at the pace that the client keeps with the
service itself. Then time goes on and all of them end. Prints looks and requests a second, the client's CPU and memory,
and how long it took until the last end was told. Fails if an end is missed, or anything told twice.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from maas_client import AsyncMaaSClient
from maas_client.testing import serving
from maas_client.watch import Cadence, Turns

MODEL = "Phi-3-mini-4k-instruct"
WINDOW_SECONDS = 10


class Counted:
    """A port that takes down what it sends, and when."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.sent: list[tuple[float, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def send(self, request: Any, *, headers: Mapping[str, str], timeout: float) -> Any:
        self.sent.append((time.perf_counter(), request.operation))
        return await self._port.send(request, headers=headers, timeout=timeout)


def tell(sent: list[tuple[float, str]], begun: float, ended: float) -> None:
    windows = [Counter[str]() for _ in range(max(1, int((ended - begun) // WINDOW_SECONDS)))]
    for at, operation in sent:
        if 0 <= at - begun < len(windows) * WINDOW_SECONDS:
            windows[int((at - begun) // WINDOW_SECONDS)][operation] += 1
    looks = [window["Jobs_Get"] / WINDOW_SECONDS for window in windows]
    requests = [window.total() / WINDOW_SECONDS for window in windows]
    print(f"  looks a second     mean {sum(looks) / len(looks):6.1f}   most in ten seconds {max(looks):6.1f}")
    print(f"  requests a second  mean {sum(requests) / len(requests):6.1f}   most in ten seconds {max(requests):6.1f}")


async def follow(client: AsyncMaaSClient, name: str, ends: Counter[str]) -> None:
    seen = [event async for event in client.jobs.watch(name)]
    ends["events"] += len(seen)
    ends[seen[-1].status.value] += 1
    steps = [event.progress.step for event in seen if event.progress is not None]
    ends["repeated or out of order"] += sum(later <= earlier for earlier, later in pairwise(steps))


async def main(count: int, seconds: float, folder: Path) -> None:
    train = folder / "train.jsonl"
    turn = [{"role": "user", "content": "a question"}, {"role": "assistant", "content": "an answer"}]
    train.write_text((json.dumps({"messages": turn}) + "\n") * 40)
    with serving(folder / "state") as server:
        async with AsyncMaaSClient(**server.settings()) as client:
            file = await client.files.upload(train)
            names = [f"job-{number:04}" for number in range(count)]
            for name in names:
                await client.jobs.create(MODEL, training_file=file, n_epochs=3, name=name)
            while (first := await client.jobs.get(names[0])).raw_status != "Running":
                server.advance(10)
            print(
                f"{count} jobs in {first.raw_status}, watched on one client at the pace that it keeps with the service"
            )
            port = Counted(client._session.caller.io)
            client._session.caller.io = port
            pace = Cadence.for_service()
            client.jobs._session = replace(client._session, cadence=pace, turns=Turns(pace.looks_per_second))
            ends: Counter[str] = Counter()
            cpu, begun = time.process_time(), time.perf_counter()
            watches = [asyncio.create_task(follow(client, name, ends)) for name in names]
            await asyncio.sleep(seconds)
            tell(port.sent, begun, time.perf_counter())
            used = (time.process_time() - cpu) / (time.perf_counter() - begun)
            print(
                f"  client: {used:.1%} of a core, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
            )
            over = time.perf_counter()
            await asyncio.to_thread(server.advance, 24 * 3600)  # off the loop: the watches go on meanwhile
            print(f"then all of them end: the server took {time.perf_counter() - over:.1f} s for it")
            await asyncio.gather(*watches)
            print(f"  the last end was told after {time.perf_counter() - over:.0f} s")
            tell(port.sent, over, time.perf_counter())
            print(f"  told: {dict(ends)}")
            assert ends["succeeded"] == count, "an end was missed"
            assert ends["repeated or out of order"] == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(main(given.jobs, given.seconds, Path(place)))
