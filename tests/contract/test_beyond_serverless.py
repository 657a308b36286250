"""What goes beyond the serverless line: own compute, models of other publishers, changes of deployments."""

from typing import Any

import pytest

from maas_client.errors import BadRequestError, ConflictError, NotFoundError
from maas_client.types import Compute, JobStatus, Notifications, SubscriptionStatus
from tests.contract.conftest import Both

MODEL = "azureml://registries/azureml-mistral/models/Ministral-3B"
SMALL = "Phi-3-small-8k-instruct"
MESSAGES = [{"role": "user", "content": "hello"}]


async def test_a_job_on_machines_of_ones_own(both: Both, train: Any, unique: Any) -> None:
    jobs, name = both.client.jobs, unique("own")
    file = await both.call(both.client.files.upload(train))
    compute = Compute(instance_types=("Standard_NC24ads_A100_v4",), tier="Standard", identity="managed")
    arguments = {
        "training_file": file,
        "name": name,
        "compute": compute,
        "notifications": Notifications(emails=("a@example.com",), when=("failed",)),
    }
    made = await both.call(jobs.create(SMALL, **arguments))
    again = await both.call(jobs.create(SMALL, **arguments))
    assert (made.compute, again.name, again.created_at) == (compute, name, made.created_at)
    with pytest.raises(ConflictError):
        await both.call(jobs.create(SMALL, **(arguments | {"compute": Compute(instance_types=("other",))})))
    ended = await both.call(jobs.wait(name, timeout=60))
    assert (ended.status, ended.compute) == (JobStatus.SUCCEEDED, compute)


async def test_a_model_of_another_publisher(both: Both, unique: Any) -> None:
    client, name = both.client, unique("mistral")
    with pytest.raises(BadRequestError, match="no marketplace subscription"):
        await both.call(client.deployments.begin_create(name, model=MODEL))
    subscription = await both.call(
        (await both.call(client.marketplace.begin_create(name, model=MODEL))).result(timeout=30)
    )
    assert (subscription.status, subscription.model) == (SubscriptionStatus.SUBSCRIBED, MODEL)
    assert name in [each.name for each in await both.collect(client.marketplace.list())]
    deployment = await both.call(
        (await both.call(client.deployments.begin_create(name, model=MODEL))).result(timeout=30)
    )
    assert (await both.call(client.chat.create(deployment, messages=MESSAGES))).simulated
    assert (await both.call(client.deployments.get(deployment))).inference_uri == deployment.inference_uri
    await both.call((await both.call(client.deployments.begin_delete(deployment))).result(timeout=30))
    await both.call((await both.call(client.marketplace.begin_delete(name))).result(timeout=30))
    with pytest.raises(NotFoundError):
        await both.call(client.marketplace.get(name))


async def test_tags_are_added_to_a_deployment(both: Both, unique: Any) -> None:
    deployments, name = both.client.deployments, unique("tagged")
    poller = await both.call(deployments.begin_create(name, model="Phi-4-mini-instruct", tags={"a": "1"}))
    await both.call(poller.result(timeout=30))
    changed = await both.call(deployments.update(name, tags={"b": "2"}))
    assert changed.tags == {"a": "1", "b": "2"}
