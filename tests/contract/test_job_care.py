"""Jobs after their creation: found, renamed, archived, followed, read in both ways, deleted."""

import pytest

from maas_client.errors import ConflictError, NotFoundError

MODEL = "Phi-3-mini-4k-instruct"
TO_THE_END = 20_000.0
"""Virtual seconds after which every job has ended."""


async def test_a_job_is_found_by_tag_property_and_view(both, train, unique):
    client, name = both.client, unique("found")
    file = await both.call(client.files.upload(train))
    own = {"team": name}
    await both.call(client.jobs.create(MODEL, training_file=file, name=name, tags={name: "1"}, properties=own))

    async def found(**filters):
        return [job.name for job in await both.collect(client.jobs.list(tag=name, **filters))]

    assert await found() == await found(view="all") == [name]
    assert await found(properties={"team": name, "PipelineType": None}) == [name]
    assert await found(properties={"team": "other"}) == await found(view="archived") == []
    archived = await both.call(client.jobs.archive(name))
    assert archived.is_archived
    assert await found() == []
    assert await found(view="archived") == await found(view="all") == [name]
    assert not (await both.call(client.jobs.restore(archived))).is_archived
    assert await found() == [name]


async def test_a_change_keeps_what_it_does_not_name(both, train, unique):
    client, name = both.client, unique("changed")
    file = await both.call(client.files.upload(train))
    await both.call(client.jobs.create(MODEL, training_file=file, name=name, tags={"a": "1", "b": "1"}))
    job = await both.call(client.jobs.update(name, display_name="Bot", description="better", tags={"b": "2", "c": "3"}))
    assert (job.display_name, job.description, job.tags) == ("Bot", "better", {"a": "1", "b": "2", "c": "3"})
    job = await both.call(client.jobs.update(job, properties={"stage": "prod"}))
    assert (job.properties["stage"], job.display_name) == ("prod", "Bot")
    again = await both.call(client.jobs.create(MODEL, training_file=file, name=name, tags={"d": "4"}))
    assert again.tags == {"d": "4"}


async def test_both_ways_tell_the_same_metrics(both, train, unique):
    client, name = both.client, unique("measured")
    file = await both.call(client.files.upload(train))
    await both.call(client.jobs.create(MODEL, training_file=file, name=name))
    await both.call(client.jobs.wait(name, timeout=30))
    mlflow = await both.call(client.jobs.metrics(name, source="mlflow"))
    native = await both.call(client.jobs.metrics(name, source="native"))
    assert [(p.key, p.step, p.value) for p in native] == [(p.key, p.step, p.value) for p in mlflow]
    assert max(abs((a.created_at - b.created_at).total_seconds()) for a, b in zip(native, mlflow, strict=True)) < 0.01
    assert await both.call(client.jobs.metrics(name)) == mlflow


async def test_a_log_is_followed_to_the_end(both, train, unique):
    client, name = both.client, unique("followed")
    file = await both.call(client.files.upload(train))
    await both.call(client.jobs.create(MODEL, training_file=file, name=name))
    followed = await both.collect(client.jobs.logs(name, follow=True))
    assert (await both.call(client.jobs.get(name))).status.is_terminal
    assert followed == await both.collect(client.jobs.logs(name))
    assert len(followed) > 10


async def test_an_ended_job_is_deleted_and_another_is_not(slow, train, unique):
    client, name = slow.client, unique("deleted")
    file = await slow.call(client.files.upload(train))
    job = await slow.call(client.jobs.create(MODEL, training_file=file, name=name))
    with pytest.raises(ConflictError, match="has not ended"):
        await slow.call(client.jobs.begin_delete(job))
    slow.advance(TO_THE_END)
    model = (await slow.call(client.jobs.wait(name, timeout=30))).fine_tuned_model
    poller = await slow.call(client.jobs.begin_delete(name))
    slow.advance(TO_THE_END)
    assert await slow.call(poller.result(timeout=30)) is None
    with pytest.raises(NotFoundError):
        await slow.call(client.jobs.get(name))
    assert [found.id for found in await slow.collect(client.models.list(name=name))] == [model]


async def test_a_serverless_job_shows_no_children(both, train, unique):
    client, name = both.client, unique("parent")
    file = await both.call(client.files.upload(train))
    await both.call(client.jobs.create(MODEL, training_file=file, name=name))
    assert await both.collect(client.jobs.children(name)) == []
    assert await both.call(client.jobs.warnings(name)) == ()
    with pytest.raises(NotFoundError):
        await both.collect(client.jobs.children(unique("nobody")))
