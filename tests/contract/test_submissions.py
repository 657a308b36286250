"""Submissions on the real server, with both clients: from file to deployment, gone on with elsewhere, one of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maas_client.errors import ConfigurationError, DatasetError
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
