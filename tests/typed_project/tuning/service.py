"""The same inside of an event loop: many jobs at once, answers as they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from maas_client import AsyncMaaSClient
from maas_client.types import ChatChunk, FineTuningJob, JobEvent, MessageInput, UploadEvent


async def token() -> str:
    await asyncio.sleep(0)
    return "a token"


def client() -> AsyncMaaSClient:
    return AsyncMaaSClient(
        credential=token, subscription_id="s", resource_group="g", workspace="w", timeout=30.0, max_retries=2
    )


async def upload(client: AsyncMaaSClient, path: Path) -> str:
    last: UploadEvent | None = None
    async for last in client.files.upload_events(path):
        print(f"{last.done_bytes:,} of {last.total_bytes:,}")
    if last is None or last.file is None:
        raise ValueError(path)
    return last.file.id


async def tune_all(client: AsyncMaaSClient, train: Path, names: Sequence[str]) -> list[FineTuningJob]:
    file = await client.files.upload(train)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(client.jobs.create("Phi-4-mini-instruct", training_file=file, name=name))
            for name in names
        ]
    jobs = [task.result() for task in tasks]
    return list(await asyncio.gather(*(client.jobs.wait(job, timeout=7200.0) for job in jobs)))


async def messages_of(client: AsyncMaaSClient, name: str, seen: str | None) -> AsyncIterator[str]:
    async for event in client.jobs.watch(name, resume_token=seen):
        yield text_of(event)


def text_of(event: JobEvent) -> str:
    return f"{event.level} {event.message} {event.resume_token}"


async def stream(client: AsyncMaaSClient, question: str) -> AsyncIterator[str]:
    messages: list[MessageInput] = [{"role": "user", "content": question}]
    chunk: ChatChunk
    async for chunk in client.chat.stream("desk", messages=messages, stop=["\n\n"], seed=1):
        yield chunk.text


async def names(client: AsyncMaaSClient) -> list[str]:
    found = [deployment.name async for deployment in client.deployments.list()]
    async for page in client.jobs.list(properties={"stage": "prod", "owner": None}).by_page():
        found += [job.name for job in page.items]
    return found


async def deploy(client: AsyncMaaSClient, name: str, model: str) -> str:
    poller = await client.deployments.begin_create(name, model=model)
    deployment = await poller.result(timeout=1800.0)
    keys = await client.deployments.keys(deployment)
    return keys.primary.get_secret_value()


async def impatient(client: AsyncMaaSClient, name: str) -> int | None:
    quick: AsyncMaaSClient = client.with_options(timeout=2.0)
    try:
        with client.raw_responses() as responses:
            async with asyncio.timeout(5):
                await quick.jobs.get(name)
    except TimeoutError:
        return None
    return responses[-1].status


async def main() -> None:
    async with client() as ours:
        for job in await tune_all(ours, Path("train.jsonl"), ["a", "b"]):
            print(job.name, job.status.is_terminal, job.hyperparameters.learning_rate)
