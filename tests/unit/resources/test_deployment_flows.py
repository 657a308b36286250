"""Deployments, models and chat where the world misbehaves."""

from typing import Any

import pytest

from maas_client.core.io import Response
from maas_client.errors import (
    AuthenticationError,
    BrokenResponseError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    DeploymentFailedError,
    NotFoundError,
    PermissionDeniedError,
    ResponseError,
    WaitTimeoutError,
)
from maas_client.resources._poller import Poller
from maas_client.resources.chat import AsyncChat, Chat
from maas_client.resources.deployments import AsyncDeployments, Deployments
from maas_client.resources.models import AsyncModels, Models
from maas_client.types import Deployment, DeploymentStatus
from tests.unit.backends.exchanges import encode
from tests.unit.resources.world import Stream, World, refusal, world

MODEL = "azureml://locations/eastus2/workspaces/w/models/ft/versions/1"
OPERATION = "https://management.azure.com/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/eastus2/mfeOperationsStatus/1?api-version=2024-01-01-preview"
URI = "https://bot.eastus2.models.ai.azure.com"
MESSAGES = [{"role": "user", "content": "x"}]
POLL = "ServerlessEndpoints_CreateOrUpdate_Poll"


def endpoint(status: str = "Succeeded", uri: str | None = URI, model: str = MODEL) -> dict[str, Any]:
    inference = {"uri": uri} if uri else None
    return {
        "name": "bot",
        "properties": {
            "provisioningState": status,
            "modelSettings": {"modelId": model},
            "inferenceEndpoint": inference,
        },
    }


def creating(*polls: Any, **headers: str) -> World:

    named = {"azure-asyncoperation": OPERATION, "x-ms-client-request-id": "id-1", **headers}
    return (
        world()
        .on("ServerlessEndpoints_Get", refusal(404), endpoint())
        .on("ServerlessEndpoints_CreateOrUpdate", Response(201, named, encode(endpoint("Creating", None))))
        .on(POLL, *polls)
    )


def deployments(asked: World) -> Deployments:
    return Deployments(AsyncDeployments(asked.session()))


def begin(asked: World) -> Poller[Deployment]:
    return deployments(asked).begin_create("bot", model=MODEL)


RUNNING, SUCCEEDED = {"status": "InProgress"}, {"status": "Succeeded"}


def test_the_time_that_the_service_gives_an_operation_is_waited_for_and_no_longer():
    asked = creating(RUNNING, **{"x-ms-async-operation-timeout": "PT1H"})
    poller = begin(asked)
    with pytest.raises(WaitTimeoutError, match="the 3600 s that the service gives it are over") as caught:
        poller.result()
    assert 3660 < asked.clock <= 3660 + 66
    assert caught.value.hint is not None
    with pytest.raises(WaitTimeoutError, match="are over"):
        deployments(asked).resume(caught.value.resume_token or "").result()
    assert asked.clock < 3660 + 66  # looked at once more, and not waited for
    asked.on(POLL, SUCCEEDED)
    assert deployments(asked).resume(caught.value.resume_token or "").result().is_ready


def test_the_time_of_an_operation_counts_from_its_beginning_by_the_clock_of_the_service():
    begun = {"x-ms-async-operation-timeout": "PT1H", "date": "Tue, 24 Nov 2026 11:30:00 GMT"}
    asked = creating(RUNNING, **begun)
    with pytest.raises(WaitTimeoutError, match="are over"):
        begin(asked).result()
    assert 3660 < asked.clock <= 3660 + 66  # this machine's clock is half an hour ahead, and known to be


def test_an_operation_that_ends_in_its_time_is_not_cut_off():
    asked = creating(*[RUNNING] * 300, SUCCEEDED, **{"x-ms-async-operation-timeout": "PT1H"})
    assert begin(asked).result().is_ready
    assert asked.clock > 1000


def test_a_deployment_is_followed_to_its_end():
    asked = creating(RUNNING, ConnectError("down"), refusal(503), SUCCEEDED)
    poller = begin(asked)
    assert poller.status == "running"
    assert poller.result().is_ready
    assert (poller.status, poller.poll()) == ("succeeded", "succeeded")
    assert asked.sent[-2].headers["x-ms-client-request-id"] == "id-1"


async def test_a_deployment_is_followed_with_await():
    poller = await AsyncDeployments(creating(SUCCEEDED).session()).begin_create("bot", model="Phi-4-mini-instruct")
    assert (await poller.result()).is_ready


def test_an_operation_that_is_forgotten_is_told_by_its_resource():
    asked = creating(refusal(404), endpoint("Creating", None), endpoint())
    assert begin(asked).result().is_ready
    assert asked.sent[-2].url.partition("?")[0].endswith("/serverlessEndpoints/bot")


def test_a_resource_that_is_gone_is_a_failure():
    asked = creating(refusal(404)).on("ServerlessEndpoints_Get", refusal(404))
    with pytest.raises(DeploymentFailedError, match="The resource is gone") as caught:
        begin(asked).result()
    assert caught.value.deployment is None


@pytest.mark.parametrize("word", ["Failed", "Canceled", "canceled"])
def test_a_deployment_that_did_not_come_up(word):
    failed = {"status": word, "error": {"code": "ModelRegistryError", "message": "Not found."}}
    asked = creating(RUNNING, failed).on("ServerlessEndpoints_Get", refusal(404), endpoint("Failed", None))
    with pytest.raises(DeploymentFailedError, match=f"ended as {word.lower()}: Not found") as caught:
        begin(asked).result()
    assert caught.value.error is not None
    assert caught.value.deployment is not None
    assert caught.value.error.code == "ModelRegistryError"
    assert caught.value.deployment.status is DeploymentStatus.FAILED
    assert "maas-ft deployments delete bot" in (caught.value.hint or "")


def test_an_operation_that_succeeded_with_a_resource_that_failed():
    asked = creating(SUCCEEDED).on("ServerlessEndpoints_Get", refusal(404), endpoint("Failed", None))
    with pytest.raises(DeploymentFailedError, match="gave no reason"):
        begin(asked).result()


def test_a_deployment_that_is_done_but_not_yet_to_be_reached():
    asked = creating(SUCCEEDED)
    asked.on("ServerlessEndpoints_Get", refusal(404), endpoint(uri=None), ConnectError("down"), endpoint())
    assert begin(asked).result().inference_uri == URI
    assert asked.operations().count(POLL) == 1


def test_the_hint_when_to_look_again_is_kept():

    asked = creating(Response(200, {"retry-after": "17"}, encode(RUNNING)), SUCCEEDED)
    begin(asked).result()
    assert 17 <= asked.sleeps[0] <= 18.7


@pytest.mark.parametrize("timeout", [0, 3, 100])
def test_time_is_over_and_the_token_goes_on(timeout):
    asked = creating(RUNNING)
    with pytest.raises(WaitTimeoutError, match=f"Deployment bot is not done after {timeout} s; it goes on") as caught:
        begin(asked).result(timeout=timeout)
    assert asked.clock == pytest.approx(timeout)
    later = creating(SUCCEEDED).on("ServerlessEndpoints_Get", endpoint())
    assert deployments(later).resume(caught.value.resume_token).result().name == "bot"
    assert later.operations() == [POLL, "ServerlessEndpoints_Get"]


def test_a_token_of_something_else_is_refused():
    with pytest.raises(ConfigurationError, match="not a resume token"):
        deployments(world()).resume("{}")
    asked = world().on("ServerlessEndpoints_Delete", refusal(202, location=OPERATION))
    token = deployments(asked).begin_delete("bot").resume_token
    with pytest.raises(ConfigurationError, match="creation of a deployment"):
        deployments(world()).resume(token)


def test_a_token_that_leads_elsewhere_carries_no_credential_there():
    token = begin(creating(RUNNING)).resume_token.replace(OPERATION, "https://evil.example/1")
    asked = world()
    with pytest.raises(ResponseError, match="sends nothing"):
        deployments(asked).resume(token).result()
    assert asked.sent == []


def test_delete():
    asked = world().on("ServerlessEndpoints_Delete", refusal(202, location=OPERATION))
    asked.on("ServerlessEndpoints_Delete_Poll", refusal(202), refusal(204))
    poller = deployments(asked).begin_delete("bot")
    assert (poller.result(), poller.status) == (None, "succeeded")


def test_delete_that_failed():

    asked = world().on("ServerlessEndpoints_Delete", Response(202, {"azure-asyncoperation": OPERATION}, b""))
    asked.on("ServerlessEndpoints_Delete_Poll", {"status": "Failed", "error": {"code": "InUse", "message": ""}})
    with pytest.raises(DeploymentFailedError, match="Delete of bot ended as failed: InUse"):
        deployments(asked).begin_delete("bot").result()


@pytest.mark.parametrize("name", ["", "1bot", "a/b", "../jobs/x", "a_b", "a" * 53, "bot\n"])
def test_names_that_are_not_legal_are_refused_before_anything_is_sent(name):
    asked = world()
    every = deployments(asked)
    chat = Chat(AsyncChat(asked.session()))
    for call in (lambda: every.begin_create(name, model=MODEL), lambda: every.get(name), lambda: every.keys(name)):
        with pytest.raises(ConfigurationError, match="is not a deployment name"):
            call()
    with pytest.raises(ConfigurationError):
        every.begin_delete(name)
    with pytest.raises(ConfigurationError):
        chat.create(name, messages=MESSAGES)
    with pytest.raises(ConfigurationError):
        list(chat.stream(name, messages=MESSAGES))
    assert asked.sent == []


def test_models_to_deploy():
    asked = creating(SUCCEEDED)
    deployments(asked).begin_create("bot", model="phi-4-mini-instruct")
    put = next(request for request in asked.sent if request.method == "PUT")
    assert isinstance(put.body, bytes)
    assert b'"modelId":"azureml://registries/azureml/models/Phi-4-mini-instruct"' in put.body
    with pytest.raises(ConfigurationError, match="no model to deploy"):
        deployments(world()).begin_create("bot", model=None)
    with pytest.raises(ConfigurationError, match="Unknown model"):
        deployments(world()).begin_create("bot", model="ft")


def test_list_and_keys():
    asked = world().on("ServerlessEndpoints_List", {"value": [endpoint()]})
    asked.on("ServerlessEndpoints_ListKeys", {"primaryKey": "p", "secondaryKey": "q"})
    (found,) = deployments(asked).list()
    assert deployments(asked).keys(found).secondary.get_secret_value() == "q"


# Models


def version(number: str) -> dict[str, Any]:
    return {"name": number, "properties": {"jobName": "bot"}}


def test_the_newest_version_is_the_highest_number():
    asked = world().on("ModelVersions_List", {"value": [version("9"), version("10"), version("draft")]})
    models = Models(AsyncModels(asked.session()))
    assert models.get("ft").version == "10"
    asked.on("ModelVersions_Get", version("9"))
    assert models.get("ft", "9").version == "9"
    asked.on("ModelVersions_List", refusal(404))
    with pytest.raises(NotFoundError, match="no model named 'ft'"):
        models.get("ft")


def test_all_models_and_the_catalog():
    asked = world().on("ModelContainers_List", {"value": [{"name": "a"}, {"name": "b"}]})
    asked.on("ModelVersions_List", {"value": [version("1"), version("2")]}, refusal(404))
    models = Models(AsyncModels(asked.session()))
    assert [(found.name, found.version) for found in models.list()] == [("a", "1"), ("a", "2")]
    assert "Phi-4-mini-instruct" in {known.id for known in models.catalog()}


# Chat


def asked_with(*steps: Any, operation: str) -> World:
    keys = [{"primaryKey": "old-key"}, {"primaryKey": "new-key"}]
    return (
        world()
        .on("ServerlessEndpoints_Get", endpoint())
        .on("ServerlessEndpoints_ListKeys", *keys)
        .on(operation, *steps)
    )


def chat(asked: World) -> Chat:
    return Chat(AsyncChat(asked.session()))


ANSWER = {"choices": [{"message": {"content": "yes"}}]}


def chunks(*texts: str, done: bool = True) -> Stream:
    lines = [b"data: " + encode({"choices": [{"delta": {"content": text}}]}) + b"\n\n" for text in texts]
    return Stream(200, {}, [*lines, *([b"data: [DONE]\n\n"] if done else [])])


def test_a_key_that_was_changed_is_asked_for_once():
    asked = asked_with(refusal(401), ANSWER, operation="Chat_Complete")
    client = chat(asked)
    assert client.create("bot", messages=MESSAGES).text == "yes"
    assert [bearer for bearer in asked.bearers if "key" in bearer] == ["Bearer old-key", "Bearer new-key"]
    assert client.create("bot", messages=MESSAGES).text == "yes"
    assert asked.operations().count("ServerlessEndpoints_ListKeys") == 2


def test_a_key_that_is_refused_again_is_an_error():
    asked = asked_with(refusal(401), operation="Chat_Complete")
    with pytest.raises(AuthenticationError):
        chat(asked).create("bot", messages=MESSAGES)
    assert asked.operations().count("Chat_Complete") == 2


def test_a_stream():
    asked = asked_with(chunks("a", "b"), operation="Chat_Stream")
    assert [chunk.text for chunk in chat(asked).stream("bot", messages=MESSAGES, max_tokens=3)] == ["a", "b"]


async def test_a_stream_with_a_key_that_was_changed():
    asked = asked_with(Stream(401, {}, []), chunks("a", "b"), operation="Chat_Stream")
    deployment = deployments(asked).get("bot")
    texts = [chunk.text async for chunk in AsyncChat(asked.session()).stream(deployment, messages=MESSAGES)]
    assert texts == ["a", "b"]
    assert [bearer for bearer in asked.bearers if "key" in bearer] == ["Bearer old-key", "Bearer new-key"]


def test_a_stream_that_is_refused_twice_is_an_error():
    asked = asked_with(Stream(401, {}, []), operation="Chat_Stream")
    with pytest.raises(AuthenticationError):
        list(chat(asked).stream("bot", messages=MESSAGES))


@pytest.mark.parametrize(
    "broken",
    [chunks("a", done=False), Stream(200, {}, [*chunks("a", done=False).pieces, BrokenResponseError("cut")])],
)
def test_a_stream_that_breaks_off_says_so_after_what_came(broken):
    seen: list[str] = []
    with pytest.raises(BrokenResponseError):
        seen.extend(
            chunk.text for chunk in chat(asked_with(broken, operation="Chat_Stream")).stream("bot", messages=MESSAGES)
        )
    asked = asked_with(broken, operation="Chat_Stream")
    stream = chat(asked).stream("bot", messages=MESSAGES)
    assert next(stream).text == "a"
    with pytest.raises(BrokenResponseError):
        next(stream)
    assert seen == ["a"]
    assert asked.operations().count("Chat_Stream") == 1


def test_a_stream_that_is_refused_for_another_reason():
    with pytest.raises(PermissionDeniedError):
        list(chat(asked_with(Stream(403, {}, [b"{}"]), operation="Chat_Stream")).stream("bot", messages=MESSAGES))


def test_a_stream_may_be_left():
    asked = asked_with(chunks("a", "b"), operation="Chat_Stream")
    stream = chat(asked).stream("bot", messages=MESSAGES)
    assert next(stream).text == "a"
    stream.close()


def test_a_deployment_that_is_not_ready_is_not_asked():
    asked = asked_with(ANSWER, operation="Chat_Complete").on("ServerlessEndpoints_Get", endpoint("Creating", None))
    with pytest.raises(ConflictError, match="'bot' is not ready: Creating"):
        chat(asked).create("bot", messages=MESSAGES)


def test_a_key_goes_to_the_host_of_a_deployment_only():
    asked = asked_with(ANSWER, operation="Chat_Complete").on(
        "ServerlessEndpoints_Get", endpoint(uri="https://evil.example")
    )
    with pytest.raises(ResponseError, match="sends nothing"):
        chat(asked).create("bot", messages=MESSAGES)
    assert "Chat_Complete" not in asked.operations()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"extra_parameters": "ignore"}, "extra_parameters cannot be 'ignore'"),
        ({"extra_body": {"stream": True, "top_p": 1}}, "a parameter of its own: stream, top_p"),
    ],
)
def test_extra_parameters_that_cannot_be(options, words):
    asked = asked_with(ANSWER, operation="Chat_Complete")
    with pytest.raises(ConfigurationError, match=words):
        chat(asked).create("bot", messages=MESSAGES, **options)
    with pytest.raises(ConfigurationError, match=words):
        list(chat(asked).stream("bot", messages=MESSAGES, **options))
    assert asked.sent == []


def test_the_model_behind_a_deployment():
    asked = asked_with({"model_name": "phi"}, operation="Chat_GetModelInfo")
    assert chat(asked).info("bot").name == "phi"
    with pytest.raises(AuthenticationError) as caught:
        chat(asked.on("Chat_GetModelInfo", refusal(401))).info("bot")
    assert "az login" not in (caught.value.hint or "")
    asked.on("Chat_GetModelInfo", {"model_type": "chat"})
    with pytest.raises(ResponseError, match=r"without \$\.model_name"):
        chat(asked).info("bot")
