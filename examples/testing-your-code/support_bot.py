"""A support bot: a model fine-tuned on our own questions and answers, deployed and asked."""

import sys
from collections.abc import Iterable
from pathlib import Path

import anyio

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import JobFailedError
from maas_client.types import Deployment, FineTuningJob

MODEL = "Phi-4-mini-instruct"


class UnusableDataError(Exception):
    """The service could not train on the file; the message says why, for the people who wrote it."""


def start(client: MaaSClient, data: Path, version: str) -> FineTuningJob:
    """Begin to train a version of the bot. The version names the job: starting it again changes nothing."""
    file = client.files.upload(data)
    return client.jobs.create(MODEL, training_file=file, n_epochs=2, name=f"support-bot-{version}")


def release(client: MaaSClient, data: Path, version: str) -> Deployment:
    """Train a version, wait until it is ready, and put it behind a URL."""
    try:
        job = client.jobs.wait(start(client, data, version))
    except JobFailedError as error:
        raise UnusableDataError(f"{data.name}: {error}") from error
    return client.deployments.begin_create(job.name, model=job.fine_tuned_model or "").result()


def ask(client: MaaSClient, version: str, question: str) -> str:
    """Ask a version that was released."""
    answer = client.chat.create(f"support-bot-{version}", messages=[{"role": "user", "content": question}])
    return answer.text


async def ask_all(client: AsyncMaaSClient, version: str, questions: Iterable[str]) -> dict[str, str]:
    """Ask many questions at once."""
    answers: dict[str, str] = {}

    async def one(question: str) -> None:
        messages = [{"role": "user", "content": question}]
        answers[question] = (await client.chat.create(f"support-bot-{version}", messages=messages)).text

    async with anyio.create_task_group() as tasks:
        for question in questions:
            tasks.start_soon(one, question)
    return answers


def main() -> None:
    """`support-bot release DATA VERSION` or `support-bot ask VERSION QUESTION`; settings come from the environment."""
    with MaaSClient.from_env() as client:
        match sys.argv[1:]:
            case ["release", data, version]:
                print(release(client, Path(data), version).name)
            case ["ask", version, question]:
                print(ask(client, version, question))
            case _:
                sys.exit(main.__doc__)
