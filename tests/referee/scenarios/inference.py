"""azure-ai-inference: a chat with what was deployed."""

from typing import Any

from tests.referee.scenarios.azure_sdk import Session
from tests.referee.scenarios.operations import Scenario, raising

scenario = Scenario()
operation = scenario.operation

QUESTION = "How do I reset device number 4?"
ANSWER = "Hold the button of device 4 for 7 seconds."


def chat(session: Session, key: str | None = None, **options: Any) -> Any:
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    credential = AzureKeyCredential(session.state["key"] if key is None else key)
    return ChatCompletionsClient(endpoint=session.state["uri"], credential=credential, **options)


def messages() -> list[Any]:
    from azure.ai.inference.models import SystemMessage, UserMessage

    return [SystemMessage(content="You help with devices."), UserMessage(content=QUESTION)]


@operation("ChatCompletionsClient.complete")
def complete(session: Session) -> None:
    answer = chat(session).complete(messages=messages(), temperature=0.0, max_tokens=100)
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


@operation("ChatCompletionsClient.complete: cut at max_tokens")
def complete_short(session: Session) -> None:
    assert chat(session).complete(messages=messages(), max_tokens=3).choices[0].finish_reason == "length"


@operation("ChatCompletionsClient.complete, streamed")
def complete_streamed(session: Session) -> None:
    pieces = list(chat(session).complete(messages=messages(), stream=True))
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert text == ANSWER
    assert len(pieces) > 2


@operation("ChatCompletionsClient.get_model_info")
def model_info(session: Session) -> None:
    info = chat(session).get_model_info()
    assert info.model_provider_name
    assert "chat" in info.model_type


@operation("ChatCompletionsClient.complete: ClientAuthenticationError with another key")
def complete_with_other_key(session: Session) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    with raising(ClientAuthenticationError) as caught:
        chat(session, "not-the-key").complete(messages=messages())
    assert caught[0].status_code == 401


def body(**more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": QUESTION}], **more}


@operation("ChatCompletionsClient.complete: an unknown parameter is an error by default")
def complete_with_unknown(session: Session) -> None:
    from azure.core.exceptions import HttpResponseError

    with raising(HttpResponseError, "top_k") as caught:
        chat(session).complete(body=body(top_k=3))
    assert caught[0].status_code in {400, 422}


@operation("ChatCompletionsClient.complete with model_extras: an unknown parameter passes through")
def complete_with_extras(session: Session) -> None:
    answer = chat(session).complete(messages=messages(), model_extras={"top_k": 3})
    assert answer.choices[0].message.content == ANSWER


@operation("ChatCompletionsClient.complete: a response format that the model does not support is 422")
def complete_with_schema(session: Session) -> None:
    from azure.core.exceptions import HttpResponseError

    with raising(HttpResponseError) as caught:
        chat(session).complete(body=body(response_format={"type": "moon"}))
    assert caught[0].status_code in {400, 422}


@operation("ChatCompletionsClient.complete: a prompt that the content filter stops is 400")
def complete_filtered(session: Session) -> None:
    from azure.core.exceptions import HttpResponseError

    # The second mark asks for the other of the two documented forms.
    for mark in ("maas-simulated-violence", "maas-simulated-violence-nested"):
        with raising(HttpResponseError, "content_filter") as caught:
            chat(session).complete(body={"messages": [{"role": "user", "content": mark}]})
        assert caught[0].status_code == 400


@operation("EmbeddingsClient.embed: ResourceNotFoundError, a chat model has no such route")
def embed(session: Session) -> None:
    from azure.ai.inference import EmbeddingsClient
    from azure.core.credentials import AzureKeyCredential
    from azure.core.exceptions import ResourceNotFoundError

    credential = AzureKeyCredential(session.state["key"])
    with raising(ResourceNotFoundError) as caught:
        EmbeddingsClient(endpoint=session.state["uri"], credential=credential).embed(input=["x"])
    assert caught[0].status_code == 404


@operation("ChatCompletionsClient.complete: no messages")
def complete_nothing(session: Session) -> None:
    from azure.core.exceptions import HttpResponseError

    with raising(HttpResponseError) as caught:
        chat(session).complete(messages=[])
    assert caught[0].status_code in {400, 422}
