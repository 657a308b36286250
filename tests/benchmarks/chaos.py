"""Two hundred submissions at once against a service of whose answers one in five goes wrong.

Each goes from its file to a job that has ended, through a journal; a submission that gives up is resumed, as a person
would. What counts: as many jobs as submissions, none twice, all of them completed. Prints requests, faults, retries and
time; the same seed does the same faults to the same numbers of requests.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from maas_client import AsyncMaaSClient
from maas_client.errors import MaaSError
from maas_client.testing import Faults, Workspace, serving

MODEL = "Phi-3-mini-4k-instruct"
SOON = {"retry_after_ms": 20}
ACTIONS: list[Any] = [
    "commit-then-drop",
    {"do": "status", "status": 503, **SOON},
    "drop-before-commit",
    {"do": "commit-then-500", **SOON},
    {"do": "reset", "at": "answer"},
    {"do": "html", "page": "gateway", "headers": {"retry-after-ms": "20"}},
    {"do": "status", "status": 429, **SOON},
    {"do": "truncate", "bytes": 20},
    "malformed-json",
    {"do": "reset", "at": "down", "bytes": 20},
    {"do": "delay", "seconds": 0.05},
]


def row(number: int, turn: int) -> str:
    words = f"question {turn} of submission {number}", f"answer {turn} of submission {number}"
    messages = [{"role": role, "content": text} for role, text in zip(("user", "assistant"), words, strict=True)]
    return json.dumps({"messages": messages}) + "\n"


async def submit(client: AsyncMaaSClient, folder: Path, number: int, counts: Counter[str]) -> None:
    path = folder / f"train-{number}.jsonl"
    path.write_text("".join(row(number, turn) for turn in range(20)))
    submission = await client.submissions.create(MODEL, training_file=path, name=f"chaos-{number}")
    while True:
        try:
            await submission.run()
        except MaaSError as error:
            counts[f"gave up: {type(error).__name__}: {error.message[:120]}"] += 1
            submission = await client.submissions.resume(submission.id)
        else:
            return


async def storm(workspace: Workspace, folder: Path, number: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    async with AsyncMaaSClient(**workspace.settings(), journal=folder / "journal") as client:
        await asyncio.gather(*(submit(client, folder, each, counts) for each in range(number)))
        jobs = [job async for job in client.jobs.list()]
    counts["jobs"] = len(jobs)
    counts["names"] = len({job.name for job in jobs})
    counts["completed"] = sum(job.raw_status == "Completed" for job in jobs)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.2, help="of requests that go wrong")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serving(clock="scaled:3000") as server:
        folder = Path(name)
        workspace = Workspace.fresh(server, "chaos")
        faults = Faults(workspace)
        program = {"actions": ACTIONS, "when": {"probability": asked.share}, "seed": asked.seed}
        fault = faults.add({**program, "match": {"workspace": workspace.name}}, must_fire=False)
        began = time.perf_counter()
        counts = asyncio.run(storm(workspace, folder, asked.submissions))
        seconds = time.perf_counter() - began
        state = fault.state
    given_up = sum(count for what, count in counts.items() if what.startswith("gave up"))
    print(
        f"{asked.submissions} submissions at once, {asked.share:.0%} of requests faulty (seed {asked.seed}): "
        f"{counts['jobs']} jobs, {counts['jobs'] - counts['names']} twice, {counts['completed']} completed, "
        f"in {seconds:.1f} s; {state['occurrences']} requests, {state['fired_count']} faults, "
        f"{given_up} submissions gave up and were resumed"
    )
    for what, count in sorted(counts.items()):
        if what.startswith("gave up"):
            print(f"  {what}: {count}")
    if not counts["jobs"] == counts["names"] == counts["completed"] == asked.submissions:
        raise SystemExit("not every submission is one completed job")


if __name__ == "__main__":
    main()
