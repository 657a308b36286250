"""Marketplace subscriptions, models of other publishers, changes of endpoints, and endpoints that nobody uses."""

import pytest

MODEL = "azureml://registries/azureml-mistral/models/Ministral-3B"
PHI = "azureml://registries/azureml/models/Phi-4-mini-instruct"
DAY = 86_400


def subscribe(space, name="sub", model=MODEL):
    return space.call("PUT", f"/marketplaceSubscriptions/{name}", {"properties": {"modelId": model}})


def deploy(space, name, model, **more):
    body = {"location": "eastus2", "properties": {"modelSettings": {"modelId": model}}, **more}
    return space.call("PUT", f"/serverlessEndpoints/{name}", body)


def test_a_subscription_from_begin_to_end(space):
    made = subscribe(space)
    assert made.status == 201
    properties = made.json["properties"]
    assert (properties["provisioningState"], properties["marketplaceSubscriptionStatus"]) == ("Creating", "Subscribed")
    assert properties["marketplacePlan"] == {
        "publisherId": "mistral",
        "offerId": "ministral-3b-offer",
        "planId": "ministral-3b-plan",
    }
    status = space.server.send("GET", made.headers["Azure-AsyncOperation"], headers={"Authorization": "Bearer x"})
    assert status.json["status"] == "InProgress"
    assert subscribe(space).status == 200
    assert subscribe(space, model=MODEL.replace("3B", "8B")).status == 409
    space.server.advance(60)
    assert space.call("GET", "/marketplaceSubscriptions/SUB").json["properties"]["provisioningState"] == "Succeeded"
    assert [each["name"] for each in space.call("GET", "/marketplaceSubscriptions").json["value"]] == ["sub"]
    gone = space.call("DELETE", "/marketplaceSubscriptions/sub")
    assert (gone.status, "Location" in gone.headers) == (202, True)
    going = space.call("GET", "/marketplaceSubscriptions/sub").json["properties"]
    assert (going["provisioningState"], going["marketplaceSubscriptionStatus"]) == ("Deleting", "Unsubscribed")
    assert subscribe(space).status == 409
    space.server.advance(60)
    assert space.call("GET", "/marketplaceSubscriptions/sub").status == 404
    assert space.call("DELETE", "/marketplaceSubscriptions/sub").status == 204


@pytest.mark.parametrize("model", [PHI, f"{MODEL}/versions/1", "Ministral-3B", None])
def test_what_cannot_be_subscribed_to(space, model):
    refused = subscribe(space, model=model)
    assert (refused.status, refused.error["target"]) == (400, "properties.modelId")


def test_a_model_of_another_publisher_needs_a_subscription(space):
    refused = deploy(space, f"e-{space.name}", MODEL)
    assert (refused.status, "no marketplace subscription" in refused.error["message"]) == (400, True)
    subscribe(space)
    assert deploy(space, f"e-{space.name}", MODEL).status == 400
    space.server.advance(60)
    made = deploy(space, f"e-{space.name}", MODEL)
    assert made.status == 201
    assert made.json["properties"]["marketplaceSubscriptionId"] == f"{space.arm_id}/marketplaceSubscriptions/sub"


def test_tags_change_at_once_and_the_rest_with_an_operation(space):
    name = f"e-{space.name}"
    deploy(space, name, PHI, tags={"a": "1", "b": "2"})
    changed = space.call("PATCH", f"/serverlessEndpoints/{name}", {"tags": {"b": None, "c": "3"}})
    assert (changed.status, changed.json["tags"]) == (200, {"a": "1", "c": "3"})
    slow = space.call("PATCH", f"/serverlessEndpoints/{name}", {"identity": {"type": "SystemAssigned"}})
    assert slow.status == 202
    follow = slow.headers["Location"]
    assert space.server.send("GET", follow, headers={"Authorization": "Bearer x"}).status == 202
    space.server.advance(10)
    assert space.server.send("GET", follow, headers={"Authorization": "Bearer x"}).status == 204
    assert space.call("GET", f"/serverlessEndpoints/{name}").json["identity"] == {"type": "SystemAssigned"}
    for body, target in (({"location": "x"}, "location"), ({"tags": 1}, "tags"), ({"tags": {"a": 1}}, "tags")):
        refused = space.call("PATCH", f"/serverlessEndpoints/{name}", body)
        assert (refused.status, refused.error["target"]) == (400, target)
    assert space.call("PATCH", "/serverlessEndpoints/none", {"tags": {}}).status == 404
    space.call("DELETE", f"/serverlessEndpoints/{name}")
    assert space.call("PATCH", f"/serverlessEndpoints/{name}", {"tags": {}}).status == 409


def test_a_custom_deployment_that_nobody_asks_is_deleted(tmp_path, start, space_of):
    space = space_of(start(tmp_path / "state"))
    space.train("job")
    guid = space.call("GET", "").json["properties"]["workspaceId"]
    model = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"
    deploy(space, "mine", model)
    deploy(space, "base", PHI)
    space.server.advance(14 * DAY)
    keys = space.call("POST", "/serverlessEndpoints/mine/listKeys").json
    body = {"messages": [{"role": "user", "content": "How do I reset device number 3?"}]}
    uri = space.call("GET", "/serverlessEndpoints/mine").json["properties"]["inferenceEndpoint"]["uri"]
    asked = space.server.send("POST", f"{uri}/chat/completions", body, {"api-key": keys["primaryKey"]})
    assert asked.status == 200
    space.server.advance(14 * DAY)
    assert space.call("GET", "/serverlessEndpoints/mine").status == 200
    space.server.advance(2 * DAY)
    space.server.advance(60)
    assert space.call("GET", "/serverlessEndpoints/mine").status == 404
    assert space.call("GET", "/serverlessEndpoints/base").status == 200


def test_a_model_is_deployed_in_another_workspace_of_a_region_that_has_it(tmp_path, start, space_of):
    server = start(tmp_path / "state", "--region", "there=westus3", "--region", "nowhere=japaneast")
    here, there, nowhere = (space_of(server) for _ in range(3))
    there.name, nowhere.name = "there", "nowhere"
    here.train("tuned", model="Phi-4-mini-instruct")
    guid = here.call("GET", "").json["properties"]["workspaceId"]
    model = f"azureml://locations/eastus2/workspaces/{guid}/models/my-model/versions/1"

    def put(space, region, target=model):
        body = {"location": region, "properties": {"modelSettings": {"modelId": target}}}
        return space.call("PUT", f"/serverlessEndpoints/e-{space.name}", body)

    assert (put(nowhere, "japaneast").status, put(nowhere, "japaneast").error["target"]) == (400, "location")
    assert put(there, "westus3", model.replace("eastus2", "westus3")).status == 404
    assert put(there, "westus3").status == 201
    training = nowhere.upload("a/train.jsonl", nowhere.rows(20))
    refused = nowhere.submit("a", training, model="Phi-4-mini-instruct")
    assert (refused.status, "cannot be fine-tuned in japaneast" in refused.error["message"]) == (400, True)
