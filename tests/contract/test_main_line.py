"""From a dataset to an answering endpoint, over real HTTP, with both clients."""

import json

import pytest

from maas_client.errors import (
    ConfigurationError,
    ConflictError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    UnprocessableError,
    UsageError,
    WaitTimeoutError,
)
from maas_client.types import JobStatus
from tests.contract.conftest import ROWS

MODEL = "Phi-3-mini-4k-instruct"


async def test_dataset_to_answer(both, train, unique):
    client, name = both.client, unique("line")
    file = await both.call(client.files.upload(train))
    assert file.id.startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    job = await both.call(client.jobs.create(MODEL, training_file=file, n_epochs=2, name=name, tags={"team": "a"}))
    assert not job.status.is_terminal
    assert (job.name, job.model, job.training_file, job.hyperparameters.n_epochs) == (name, MODEL, file.id, 2)

    events = await both.collect(client.jobs.watch(job))
    words = [event.raw_status for event in events if event.type == "status"]
    order = ["NotStarted", "Starting", "Provisioning", "Preparing", "Queued", "Running", "Finalizing", "Completed"]
    assert words == sorted(words, key=order.index)
    assert len(words) == len(set(words))
    assert events[-1].status is JobStatus.SUCCEEDED
    losses = [event for event in events if "loss" in event.metrics]
    steps = [event.progress.step for event in losses]
    assert steps == sorted(set(steps))
    assert losses[-1].metrics["loss"] < losses[0].metrics["loss"]
    assert losses[-1].progress.total_steps == pytest.approx(64, abs=1)  # 32 of 40 rows, one a step, two epochs

    job = await both.call(client.jobs.wait(job, timeout=30))
    assert job.fine_tuned_model.endswith(f"/models/{name}/versions/1")
    assert job.simulated
    assert job.trained_tokens > 0
    (model,) = await both.collect(client.models.list(name=name))
    assert (model.id, model.job_name, model.base_model) == (job.fine_tuned_model, name, MODEL)
    assert await both.call(client.models.get(name)) == model

    poller = await both.call(client.deployments.begin_create(name, model=job.fine_tuned_model))
    deployment = await both.call(poller.result(timeout=30))
    assert deployment.is_ready
    again = await both.call(client.deployments.begin_create(name, model=job.fine_tuned_model))
    assert (await both.call(again.result(timeout=30))).inference_uri == deployment.inference_uri
    resumed = await both.call(client.deployments.resume(poller.resume_token))
    assert (await both.call(resumed.result(timeout=30))).name == name
    with pytest.raises(ConflictError, match="serves"):
        await both.call(client.deployments.begin_create(name, model="Phi-4-mini-instruct"))
    assert name in [each.name for each in await both.collect(client.deployments.list())]
    keys = await both.call(client.deployments.keys(deployment))
    assert keys.primary.get_secret_value() not in repr(keys)

    question = [{"role": "user", "content": "question 7 about topic7"}]
    reply = await both.call(client.chat.create(deployment, messages=question))
    assert (reply.text, reply.simulated) == ("answer 7", True)
    chunks = await both.collect(client.chat.stream(name, messages=question))
    assert "".join(chunk.text for chunk in chunks) == "answer 7"
    with pytest.raises(UnprocessableError, match="role"):
        await both.call(client.chat.create(name, messages=[{"role": "wizard", "content": "x"}]))

    await both.call((await both.call(client.deployments.begin_delete(name))).result(timeout=30))
    with pytest.raises(NotFoundError):
        await both.call(client.deployments.get(name))


async def test_the_same_file_is_sent_once(both, tmp_path, unique):
    path = tmp_path / f"{unique('once')}.jsonl"
    row = {"messages": [{"role": "user", "content": path.name}, {"role": "assistant", "content": "once"}]}
    path.write_text(json.dumps(row) + "\n")
    first = await both.call(both.client.files.upload(path))
    second = await both.call(both.client.files.upload(path))
    assert (first.reused, second.reused) == (False, True)
    assert first.id == second.id


async def test_lists_span_pages_and_filter(both, train, unique):
    client = both.client
    file = await both.call(client.files.upload(train))
    names = [unique(f"many-{n:02}") for n in range(23)]
    tag = unique("batch")
    for name in names:
        await both.call(client.jobs.create(MODEL, training_file=file, name=name, tags={tag: "1"}))
    pages = await both.collect(client.jobs.list(tag=tag).by_page())
    assert [len(page.items) for page in pages] == [10, 10, 3]
    assert sorted(job.name for page in pages for job in page.items) == names
    rest = await both.collect(client.jobs.list(tag=tag).by_page(pages[0].next_cursor))
    assert [len(page.items) for page in rest] == [10, 3]
    await both.call(client.jobs.wait(names[-1], timeout=30))
    done = await both.collect(client.jobs.list(tag=tag, status="succeeded"))
    assert names[-1] in [job.name for job in done]
    assert {job.status for job in done} == {JobStatus.SUCCEEDED}
    with pytest.raises(ConfigurationError, match="no job status"):
        client.jobs.list(status="done")


async def test_the_name_makes_it_one_job(both, train, unique):
    client, name = both.client, unique("same")
    file = await both.call(client.files.upload(train))
    for _ in range(2):
        job = await both.call(client.jobs.create(MODEL, training_file=file, n_epochs=1, name=name))
    with pytest.raises(ConflictError, match="A job with this name already exists") as refused:
        await both.call(client.jobs.create(MODEL, training_file=file, n_epochs=2, name=name))
    assert refused.value.hint
    assert [each.name for each in await both.collect(client.jobs.list())].count(name) == 1
    assert (await both.call(client.jobs.get(job))).hyperparameters.n_epochs == 1


async def test_a_learning_rate_far_off_the_card_is_warned_of(both, train, unique, caplog):
    file = await both.call(both.client.files.upload(train))
    await both.call(both.client.jobs.create(MODEL, training_file=file, name=unique("hot"), learning_rate=0.01))
    (record,) = [record for record in caplog.records if record.name == "maas_client"]
    assert (record.levelname, "learning_rate" in record.getMessage()) == ("WARNING", True)


async def test_bad_data_fails_the_run_and_says_why(both, tmp_path, unique):
    client, name = both.client, unique("bad")
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS[:5]))
    file = await both.call(client.files.upload(path))
    job = await both.call(client.jobs.create(MODEL, training_file=file, name=name))
    with pytest.raises(JobFailedError, match="fewer than 10 samples") as failed:
        await both.call(client.jobs.wait(job, timeout=30))
    assert failed.value.job.error == failed.value.error
    assert any("SIMULATED" in line for line in await both.collect(client.jobs.logs(job)))
    with pytest.raises(NotFoundError):
        await both.call(client.models.get(name))


async def test_logs_and_metrics_after_the_fact(both, train, unique):
    client = both.client
    file = await both.call(client.files.upload(train))
    job = await both.call(client.jobs.create(MODEL, training_file=file, name=unique("numbers")))
    await both.call(client.jobs.wait(job, timeout=30))
    assert (await both.call(client.jobs.cancel(job))).status is JobStatus.SUCCEEDED
    points = await both.call(client.jobs.metrics(job))
    assert {"loss", "learning_rate", "epoch", "eval_loss", "train_loss"} <= {point.key for point in points}
    assert list(points) == sorted(points, key=lambda point: (point.step, point.key))
    lines = await both.collect(client.jobs.logs(job))
    assert "SIMULATED" in lines[0]
    assert len(lines) > 10


async def test_what_is_not_there(both):
    client = both.client
    for call in (
        lambda: client.jobs.get("nobody"),
        lambda: client.jobs.cancel("nobody"),
        lambda: client.jobs.wait("nobody"),
        lambda: client.deployments.get("nobody"),
        lambda: client.deployments.keys("nobody"),
        lambda: client.models.get("nobody"),
        lambda: client.chat.create("nobody", messages=[]),
    ):
        with pytest.raises(NotFoundError) as missing:
            await both.call(call())
        assert missing.value.hint
    for name in ("Phi-3.5", "a b", ""):
        with pytest.raises(ConfigurationError):
            await both.call(client.jobs.get(name))


async def test_cancel_and_stop_waiting(slow, train, unique):
    client, name = slow.client, unique("stop")
    file = await slow.call(client.files.upload(train))
    job = await slow.call(client.jobs.create(MODEL, training_file=file, name=name))
    with pytest.raises(WaitTimeoutError) as late:
        await slow.call(client.jobs.wait(job, timeout=0.01))
    assert isinstance(late.value, TimeoutError)
    with pytest.raises(WaitTimeoutError) as stopped:
        await slow.collect(client.jobs.watch(job, timeout=0.01))
    assert stopped.value.resume_token
    cancelled = await slow.call(client.jobs.cancel(job))
    assert cancelled.status in {JobStatus.CANCELLING, JobStatus.CANCELLED}
    slow.advance(60)
    with pytest.raises(JobCancelledError, match="was cancelled"):
        await slow.call(client.jobs.wait(job, timeout=30))
    assert (await slow.call(client.jobs.cancel(job))).status is JobStatus.CANCELLED
    resumed = await slow.collect(client.jobs.watch(job, resume_token=stopped.value.resume_token))
    assert resumed[-1].status is JobStatus.CANCELLED


async def test_a_closed_client_says_so(server, train):
    from maas_client import MaaSClient

    client = MaaSClient(**server.settings())
    client.close()
    client.close()
    with pytest.raises(UsageError, match="closed"):
        client.jobs.get("x")
