"""The bot against the reference server: everything here is a fixture of maas-client's pytest plugin."""

import json
import sys
from pathlib import Path

import pytest
import support_bot

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.testing import Clock, Faults, Requests, Workspace

HOUR = 3600.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "questions.jsonl", rows=20)


def write(path: Path, rows: int) -> Path:
    lines = []
    for number in range(rows):
        question = {"role": "user", "content": f"How do I reset device {number}?"}
        answer = {"role": "assistant", "content": f"Hold the button for {number + 3} seconds."}
        lines.append(json.dumps({"messages": [question, answer]}) + "\n")
    path.write_text("".join(lines))
    return path


def test_a_release_answers(maas_client: MaaSClient, maas_clock: Clock, data: Path) -> None:
    # `release` waits for training and deployment by itself, so time passes while it does.
    with maas_clock.flowing():
        support_bot.release(maas_client, data, "1")
    assert support_bot.ask(maas_client, "1", "How do I reset device 7?") == "Hold the button for 10 seconds."


def test_training_takes_its_time(maas_client: MaaSClient, maas_clock: Clock, data: Path) -> None:
    job = support_bot.start(maas_client, data, "1")
    assert maas_client.jobs.get(job).status == "queued"
    maas_clock.advance(24 * HOUR)
    assert maas_client.jobs.get(job).status == "succeeded"


def test_starting_again_is_the_same_job(maas_client: MaaSClient, maas_requests: Requests, data: Path) -> None:
    assert support_bot.start(maas_client, data, "1").created_at == support_bot.start(maas_client, data, "1").created_at
    maas_requests.verify("Jobs_CreateOrUpdate", distinct="path", times=1)


def test_a_lost_answer_makes_no_second_job(
    maas_client: MaaSClient, maas_faults: Faults, maas_requests: Requests, data: Path
) -> None:
    # The service creates the job, and the connection breaks before it can say so.
    maas_faults.classic("lost-answer", "Jobs_CreateOrUpdate")
    job = support_bot.start(maas_client, data, "1")
    assert [each.name for each in maas_client.jobs.list()] == [job.name]
    maas_requests.verify("Jobs_CreateOrUpdate", distinct="path", times=1)


def test_a_busy_service_is_asked_again(
    maas_client: MaaSClient, maas_clock: Clock, maas_faults: Faults, data: Path
) -> None:
    with maas_clock.flowing():
        support_bot.release(maas_client, data, "1")
    maas_faults.on("Chat_Complete*", {"do": "status", "status": 429, "headers": {"Retry-After": "0"}, "times": 2})
    assert support_bot.ask(maas_client, "1", "How do I reset device 3?") == "Hold the button for 6 seconds."


def test_data_that_cannot_be_used_is_told_to_its_authors(
    maas_client: MaaSClient, maas_clock: Clock, tmp_path: Path
) -> None:
    few = write(tmp_path / "few.jsonl", rows=3)
    with maas_clock.flowing(), pytest.raises(support_bot.UnusableDataError, match=r"few\.jsonl: .*fewer than 10"):
        support_bot.release(maas_client, few, "1")


@pytest.mark.anyio
async def test_many_at_once(
    async_maas_client: AsyncMaaSClient, maas_workspace: Workspace, maas_clock: Clock, data: Path
) -> None:
    with maas_workspace.client() as client, maas_clock.flowing():
        support_bot.release(client, data, "1")
    questions = [f"How do I reset device {number}?" for number in range(5)]
    answers = await support_bot.ask_all(async_maas_client, "1", questions)
    assert answers == {
        question: f"Hold the button for {number + 3} seconds." for number, question in enumerate(questions)
    }


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.usefixtures("maas_environment")
def test_the_program_finds_its_settings(
    maas_clock: Clock,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["support-bot", "release", str(data), "2"])
    with maas_clock.flowing():
        support_bot.main()
    monkeypatch.setattr(sys, "argv", ["support-bot", "ask", "2", "How do I reset device 0?"])
    support_bot.main()
    assert capsys.readouterr().out.splitlines() == ["support-bot-2", "Hold the button for 3 seconds."]
