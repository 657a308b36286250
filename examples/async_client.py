"""Fine-tune, deploy and chat, asynchronously.

Against a local reference server:   maas-ft serve --clock scaled:100    then    python async_client.py URL
Against Azure:                      set MAAS_PROFILE or MAAS_*, sign in with `az login`, then    python async_client.py
"""

import asyncio
import sys
import uuid
from pathlib import Path

from maas_client import AsyncMaaSClient
from maas_client.dataset import check

DATA = Path(__file__).parent / "data"


def make_client(url: str | None) -> AsyncMaaSClient:
    if url is None:
        return AsyncMaaSClient.from_env()
    return AsyncMaaSClient(
        subscription_id="00000000-0000-0000-0000-000000000000",
        resource_group="local",
        workspace="local",
        base_url=url,
        emulator=True,
    )


async def main(url: str | None) -> None:
    report = check(DATA / "train.jsonl", validation=DATA / "validation.jsonl")
    report.raise_for_errors()
    name = f"support-bot-{uuid.uuid4().hex[:6]}"
    async with make_client(url) as client:
        training, validation = [
            await client.files.upload(summary.path, sha256=summary.sha256) for summary in report.files
        ]
        job = await client.jobs.create(
            "Phi-3-mini-4k-instruct" if url else "Phi-4-mini-instruct",
            training_file=training,
            validation_file=validation,
            n_epochs=3,
            name=name,
        )
        async for event in client.jobs.watch(job):
            print(event)
        job = await client.jobs.wait(job, timeout=60)
        assert job.fine_tuned_model is not None
        poller = await client.deployments.begin_create(name, model=job.fine_tuned_model)
        deployment = await poller.result(timeout=1800)
        question = "My website shows a certificate warning. What do I do?"
        async for chunk in client.chat.stream(deployment, messages=[{"role": "user", "content": question}]):
            print(chunk.text, end="", flush=True)
        print()
        await (await client.deployments.begin_delete(name)).result(timeout=600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
