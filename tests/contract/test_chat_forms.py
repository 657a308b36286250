"""What may be asked of a deployment besides an answer, and the ways in which it refuses."""

from typing import Any

import pytest

from maas_client.errors import BadRequestError, ContentFilterError, NotFoundError, UnprocessableError

BASE = "Phi-4-mini-instruct"
MESSAGES = [{"role": "user", "content": "question 3 about topic3"}]


@pytest.fixture
async def deployed(both: Any, unique: Any) -> Any:
    poller = await both.call(both.client.deployments.begin_create(unique("forms"), model=BASE))
    return await both.call(poller.result(timeout=30))


async def test_a_deployment_tells_its_model(both, deployed, unique):
    info = await both.call(both.client.chat.info(deployed))
    assert (info.type, info.provider, info.simulated) == ("chat-completion", "Microsoft", True)
    assert await both.call(both.client.chat.info(deployed.name)) == info
    with pytest.raises(NotFoundError):
        await both.call(both.client.chat.info(unique("nobody")))


async def test_every_documented_parameter_is_taken(both, deployed):
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    answer = await both.call(
        both.client.chat.create(
            deployed, messages=MESSAGES, max_tokens=50, temperature=0.0, top_p=1.0, stop=["END"], seed=7,
            frequency_penalty=0.5, presence_penalty=-0.5, tools=[tool], tool_choice="none",
            response_format={"type": "text"},
        )
    )  # fmt: skip
    assert answer.text


async def test_fields_that_are_not_specified(both, deployed):
    chat, extra = both.client.chat, {"top_k": 40}
    assert (await both.call(chat.create(deployed, messages=MESSAGES, extra_body=extra))).text
    dropped = chat.create(deployed, messages=MESSAGES, extra_body=extra, extra_parameters="drop")
    assert (await both.call(dropped)).text
    assert await both.collect(chat.stream(deployed, messages=MESSAGES, extra_body=extra))
    with pytest.raises(BadRequestError, match="top_k"):
        await both.call(chat.create(deployed, messages=MESSAGES, extra_body=extra, extra_parameters="error"))
    with pytest.raises(BadRequestError, match="top_k"):
        await both.collect(chat.stream(deployed, messages=MESSAGES, extra_body=extra, extra_parameters="error"))


async def test_a_parameter_that_the_model_does_not_support(both, deployed):
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]
    with pytest.raises(UnprocessableError) as refused:
        await both.call(both.client.chat.create(deployed, messages=image))
    assert refused.value.code == "parameter_not_supported"
    assert (refused.value.target or "").startswith("body.messages")
    assert "Leave the parameter out" in (refused.value.hint or "")


@pytest.mark.parametrize("mark", ["maas-simulated-violence", "maas-simulated-violence-nested"])
async def test_the_content_filter_stops_a_prompt_in_both_forms_unless_it_is_off(both, deployed, unique, mark):
    chat, flagged = both.client.chat, [{"role": "user", "content": f"Say {mark}"}]
    with pytest.raises(ContentFilterError) as refused:
        await both.call(chat.create(deployed, messages=flagged))
    assert (refused.value.status, refused.value.code) == (400, "content_filter")
    with pytest.raises(ContentFilterError):
        await both.collect(chat.stream(deployed, messages=flagged))
    open_to_all = both.client.deployments.begin_create(unique("open"), model=BASE, content_safety=False)
    unfiltered = await both.call((await both.call(open_to_all)).result(timeout=30))
    assert (deployed.content_safety, unfiltered.content_safety) == (True, False)
    assert (await both.call(chat.create(unfiltered, messages=flagged))).text
