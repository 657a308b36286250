"""What is done to a deployment after its creation, and subscriptions, where the world misbehaves."""

from typing import Any

import pytest

from maas_client.core.io import Response
from maas_client.errors import (
    AmbiguousWriteError,
    BrokenResponseError,
    ConfigurationError,
    ConnectError,
    DeploymentFailedError,
    OperationError,
    PermissionDeniedError,
    RequestTimeoutError,
)
from maas_client.resources.deployments import AsyncDeployments, Deployments
from maas_client.resources.marketplace import AsyncMarketplace, Marketplace
from tests.unit.backends.exchanges import encode
from tests.unit.resources.world import World, refusal, world

OPERATION = "https://management.azure.com/subscriptions/s/operations/1"
KEYS = {"primaryKey": "new-p", "secondaryKey": "s"}
REGENERATE = "ServerlessEndpoints_RegenerateKeys"
MISTRAL = "azureml://registries/azureml-mistral/models/Ministral-3B"


def endpoint(**tags: str) -> dict[str, Any]:
    return {"name": "bot", "tags": tags, "properties": {"provisioningState": "Succeeded"}}


def deployments(asked: World, **options: Any) -> Deployments:
    return Deployments(AsyncDeployments(asked.session(**options)))


def marketplace(asked: World) -> Marketplace:
    return Marketplace(AsyncMarketplace(asked.session()))


# Keys


@pytest.mark.parametrize("headers", [{"location": OPERATION}, {"azure-asyncoperation": OPERATION}, {}], ids=str)
def test_a_key_is_replaced_in_every_documented_form(headers):
    asked = world().on(REGENERATE, Response(202, headers, b""))
    polls = (refusal(404), endpoint()) if headers else (endpoint(),)
    asked.on(f"{REGENERATE}_Poll", *polls).on("ServerlessEndpoints_ListKeys", KEYS)
    assert deployments(asked).regenerate_key("bot", "primary").primary.get_secret_value() == "new-p"
    polled = [request.url for request in asked.sent if request.operation == f"{REGENERATE}_Poll"]
    assert polled[:-1] == [OPERATION] * bool(headers)
    assert polled[-1].partition("?")[0].endswith("/serverlessEndpoints/bot")
    asked.on(REGENERATE, KEYS)
    assert deployments(asked).regenerate_key("bot", "secondary").secondary.get_secret_value() == "s"
    assert asked.operations().count(REGENERATE) == 2


@pytest.mark.parametrize("lost", [RequestTimeoutError("late"), BrokenResponseError("cut"), refusal(503)], ids=str)
def test_a_replacement_whose_answer_is_lost_is_not_repeated(lost):
    asked = world().on(REGENERATE, lost)
    with pytest.raises(AmbiguousWriteError, match="The primary key of bot may or may not have been replaced") as caught:
        deployments(asked, max_retries=3).regenerate_key("bot", "primary")
    assert "maas-ft deployments keys bot" in (caught.value.hint or "")
    assert asked.operations() == [REGENERATE]


def test_a_replacement_that_certainly_did_not_happen_is_no_riddle():
    asked = world().on(REGENERATE, ConnectError("down"), ConnectError("down"), KEYS)
    asked.on("ServerlessEndpoints_ListKeys", KEYS)
    assert deployments(asked, max_retries=3).regenerate_key("bot", "primary")
    with pytest.raises(PermissionDeniedError):
        deployments(asked.on(REGENERATE, refusal(403))).regenerate_key("bot", "primary")


def test_a_replacement_that_fails_says_so():
    asked = world().on(REGENERATE, Response(202, {"azure-asyncoperation": OPERATION}, b""))
    asked.on(f"{REGENERATE}_Poll", {"status": "Failed", "error": {"message": "Busy."}})
    with pytest.raises(DeploymentFailedError, match="of bot ended as failed: Busy") as caught:
        deployments(asked).regenerate_key("bot", "primary")
    assert "deployments get bot" in (caught.value.hint or "")


def test_there_are_two_keys():
    with pytest.raises(ConfigurationError, match="There is no 'third' key"):
        deployments(world()).regenerate_key("bot", "third")  # type: ignore[arg-type]


# Tags


@pytest.mark.parametrize("answer", [endpoint(), Response(202, {"location": OPERATION}, b"")], ids=["200", "202"])
def test_tags_are_added_and_a_deployment_that_is_not_ready_takes_them_too(answer):
    asked = world().on("ServerlessEndpoints_Get", endpoint(a="1", b="1"))
    asked.on("ServerlessEndpoints_Update", answer).on("ServerlessEndpoints_Update_Poll", refusal(202), refusal(204))
    assert deployments(asked).update("bot", tags={"b": "2"}).name == "bot"
    (patch,) = [request for request in asked.sent if request.method == "PATCH"]
    assert patch.body == b'{"tags":{"a":"1","b":"2"}}'


def test_an_update_that_fails_and_one_of_nothing():
    asked = world().on("ServerlessEndpoints_Get", endpoint())
    failing = {"azure-asyncoperation": OPERATION}
    asked.on("ServerlessEndpoints_Update", Response(202, failing, b""))
    asked.on("ServerlessEndpoints_Update_Poll", {"status": "Failed"})
    with pytest.raises(DeploymentFailedError, match="gave no reason"):
        deployments(asked).update("bot", tags={"b": "2"})
    with pytest.raises(ConfigurationError, match="nothing to change"):
        deployments(asked).update("bot", tags={})


# Subscriptions


def subscribed(status: str) -> dict[str, Any]:
    return {"name": "m", "properties": {"marketplaceSubscriptionStatus": status, "modelId": MISTRAL}}


def test_who_needs_a_subscription():
    needed = marketplace(world()).is_needed
    assert needed(f"{MISTRAL}/versions/1")
    assert not needed("Phi-4")
    assert not needed("azureml://registries/azureml/models/Phi-4/versions/8")
    assert not needed("azureml://locations/eastus2/workspaces/w/models/ft/versions/1")
    with pytest.raises(ConfigurationError, match="Unknown model"):
        needed("Ministral-3B")


def test_a_subscription_is_followed_to_its_end():
    asked = world().on(
        "MarketplaceSubscriptions_CreateOrUpdate", Response(201, {"azure-asyncoperation": OPERATION}, b"")
    )
    asked.on("MarketplaceSubscriptions_CreateOrUpdate_Poll", {"status": "InProgress"}, {"status": "Succeeded"})
    asked.on("MarketplaceSubscriptions_Get", subscribed("Subscribed"))
    assert marketplace(asked).begin_create("m", model=f"{MISTRAL}/versions/3").result().status == "subscribed"
    assert asked.sent[0].body == encode({"properties": {"modelId": MISTRAL}})
    asked.on("MarketplaceSubscriptions_List", {"value": [subscribed("Unsubscribed")]})
    assert [found.raw_status for found in marketplace(asked).list()] == ["Unsubscribed"]
    asked.on("MarketplaceSubscriptions_Delete", Response(204, {}, b""))
    assert marketplace(asked).begin_delete("m").result() is None


def test_a_subscription_that_fails_and_one_that_is_not_needed():
    asked = world().on(
        "MarketplaceSubscriptions_CreateOrUpdate", Response(201, {"azure-asyncoperation": OPERATION}, b"")
    )
    asked.on("MarketplaceSubscriptions_CreateOrUpdate_Poll", {"status": "Failed", "error": {"code": "NoOffer"}})
    with pytest.raises(OperationError, match="of m ended as failed: NoOffer"):
        marketplace(asked).begin_create("m", model=MISTRAL).result()
    sent = len(asked.sent)
    with pytest.raises(ConfigurationError, match="Phi-4 needs no marketplace subscription"):
        marketplace(asked).begin_create("m", model="Phi-4")
    for call in (marketplace(asked).get, marketplace(asked).begin_delete):
        with pytest.raises(ConfigurationError, match="not the name of a subscription"):
            call("a/b")
    assert len(asked.sent) == sent
