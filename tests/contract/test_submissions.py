"""Submissions on the real server, with both clients: from file to deployment, gone on with elsewhere, one of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from maas_client.errors import ConfigurationError, DatasetError
from maas_client.testing import Faults, Server, Workspace
from tests.contract.conftest import Both

MODEL = "Phi-3-mini-4k-instruct"


async def test_from_file_to_deployment_and_again(both: Both, train: Path, unique: Callable[[str], str]) -> None:
    name = unique("bot")
    options: dict[str, Any] = {"training_file": train, "validation_file": str(train), "name": name, "check": False}
    submission = await both.call(both.client.submissions.create(MODEL, deploy=name, **options))
    events = await both.collect(submission.watch())
    result = await both.call(submission.run())

    assert [event.status.value for event in events if event.type == "status"][-1] == "succeeded"
    assert (result.job.name, result.job.status.value) == (name, "succeeded")
    assert [file.filename for file in result.files] == ["train.jsonl", "train.jsonl"]
    assert result.deployment is not None
    assert result.deployment.is_ready
    assert [step.state.value for step in submission.info.steps] == ["done"] * 6
    again = await both.call((await both.call(both.client.submissions.resume(submission.token))).run())
    assert again.job.created_at == result.job.created_at
    assert again.deployment == result.deployment
    assert [job.name for job in await both.collect(both.client.jobs.list()) if job.name == name] == [name]


async def test_the_data_is_checked_before_anything_is_written_down(
    both: Both, train: Path, unique: Callable[[str], str]
) -> None:
    name = unique("broken")
    train.write_text('{"messages": 1}\n')
    with pytest.raises(DatasetError) as caught:
        await both.call(both.client.submissions.create(MODEL, training_file=train, name=name))
    assert caught.value.report is not None
    with pytest.raises(ConfigurationError, match="no run"):
        await both.call(both.client.submissions.get(name))


async def test_a_report_is_taken_if_it_is_of_this_file(both: Both, train: Path, unique: Callable[[str], str]) -> None:
    from maas_client.dataset import check

    report = check(train)
    options: dict[str, Any] = {"training_file": train, "name": unique("bot"), "report": report, "wait": False}
    submission = await both.call(both.client.submissions.create(MODEL, labels={"of": "test"}, **options))
    assert submission.plan.files[0].sha256 == report.files[0].sha256
    known = await both.call(both.client.submissions.get(submission.id))
    assert (known.labels, known.steps[0].name, known.steps[0].state.value) == ({"of": "test"}, "check", "done")
    train.write_text(train.read_text() + "\n")
    with pytest.raises(DatasetError, match="changed since; nothing was sent"):
        await both.call(both.client.submissions.create(MODEL, **options))
    assert (await both.call(both.client.submissions.forget(submission.id))).id == submission.id


async def test_leaving_the_loop_leaves_the_submission_free(
    both: Both, train: Path, unique: Callable[[str], str]
) -> None:
    name = unique("left")
    submission = await both.call(
        both.client.submissions.create(MODEL, training_file=train, name=name, check=False, n_epochs=2)
    )
    events = submission.watch()
    first = await anext(events) if hasattr(events, "__anext__") else next(events)
    assert first.job_name == name
    # The loop is left and not closed: what comes next is not kept waiting by it.
    job = await both.call(submission.wait())
    assert job.status.value == "succeeded"
    assert await both.collect(submission.watch()) == []
    await both.call(events.aclose() if hasattr(events, "aclose") else events.close())
    assert submission.info.state.value == "done"


async def test_a_task_that_is_cancelled_leaves_what_the_next_goes_on_with(server: Server, train: Path) -> None:
    workspace = Workspace.fresh(server, "cancelled")
    faults = Faults(workspace)
    stalled = faults.on("Jobs_CreateOrUpdate", "commit-then-stall")
    async with workspace.async_client() as client:
        submission = await client.submissions.create(MODEL, training_file=train, name="bot", check=False, wait=False)
        async with anyio.create_task_group() as group:

            async def run() -> None:
                await submission.run()

            group.start_soon(run)
            while not await anyio.to_thread.run_sync(lambda: stalled.completed):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        steps = {step.name: step.state.value for step in (await client.submissions.get("bot")).steps}
        assert steps == {"check": "done", "upload-training": "done", "create-job": "sent"}
        result = await (await client.submissions.resume("bot")).run()
        assert result.job.name == "bot"
        assert [job.name async for job in client.jobs.list()] == ["bot"]
    assert faults.complaints() == []
