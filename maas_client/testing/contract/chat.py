"""Chat completions of a deployed model."""

import json
from collections.abc import Mapping
from typing import Any

from maas_client.testing.contract.bench import INFERENCE, SERVERLESS, Bench
from maas_client.testing.contract.statement import Group, Makes, Violation, holds, same
from maas_client.testing.contract.wire import Answer
from maas_client.testing.contract.work import Deployed, deployment, key, keys

CHAT = Group("chat")
_REST = "Microsoft Learn, Model inference API reference"
_SDK = "azure-ai-inference 1.0.0b9, recorded"
_NOTEBOOK = "azureml-examples, fine-tuning notebook"
_QUESTION = [{"role": "user", "content": "How do I reset device number 7?"}]


def ask(
    bench: Bench,
    headers: Mapping[str, str],
    *,
    of: Deployed | None = None,
    path: str = f"/chat/completions?api-version={INFERENCE}",
    **body: Any,  # noqa: ANN401 - JSON
) -> Answer:
    """Ask a deployment, the shared one by default; `headers` hold the key, if there is one."""
    sent = {"messages": _QUESTION, "max_tokens": 60, **body}
    # The rules of trust are those for a key, whichever header holds it.
    return bench.wire.send("POST", f"{(of or deployment(bench)).uri}{path}", sent, headers=headers, key="in a header")


def bearer(bench: Bench) -> dict[str, str]:
    """Return the header that opens the deployment."""
    return {"authorization": f"Bearer {key(bench)}"}


@CHAT.states(
    "An answer has one choice with the assistant's text, a reason, and what it used.", Makes.DEPLOYMENTS, source=_REST
)
def answer(bench: Bench) -> None:
    said = ask(bench, bearer(bench)).expect(200)
    same(said.at("object"), "chat.completion", "object")
    same(said.at("choices", 0, "message", "role"), "assistant", "role")
    holds(said.at("choices", 0, "message", "content", kind=str), "the content is empty")
    reason = said.at("choices", 0, "finish_reason", kind=str)
    holds(reason in {"stop", "length", "content_filter", "tool_calls"}, f"finish_reason is {reason}")
    prompt, completion, total = (
        said.at("usage", name, kind=int) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    same(total, prompt + completion, "total_tokens")


@CHAT.states("The key opens it as Bearer, as api-key, and bare.", Makes.DEPLOYMENTS, source=f"{_SDK}; {_NOTEBOOK}")
def ways_of_the_key(bench: Bench) -> None:
    secret = key(bench)
    for headers in ({"authorization": f"Bearer {secret}"}, {"api-key": secret}, {"authorization": secret}):
        ask(bench, headers).expect(200)


@CHAT.states("Without a key, or with a wrong one, it answers 401.", Makes.DEPLOYMENTS, source=_REST)
def wrong_key(bench: Bench) -> None:
    ask(bench, {}).expect(401)
    ask(bench, {"authorization": "Bearer wrong"}).expect(401)


@CHAT.states("The route /v1/chat/completions answers the same way.", Makes.DEPLOYMENTS, source=_NOTEBOOK)
def v1(bench: Bench) -> None:
    same(ask(bench, bearer(bench), path="/v1/chat/completions").expect(200).at("object"), "chat.completion", "object")


@CHAT.states("A stream is events of chunks, and ends with [DONE].", Makes.DEPLOYMENTS, source=_REST)
def stream(bench: Bench) -> None:
    said = ask(bench, {**bearer(bench), "accept": "text/event-stream"}, stream=True).expect(200)
    kind = said.header("Content-Type")
    holds(kind.startswith("text/event-stream"), f"{said} with content type {kind}")
    lines = [line.removeprefix("data:").strip() for line in said.body.decode().splitlines() if line.startswith("data:")]
    holds(lines and lines[-1] == "[DONE]", f"{said} with a stream that does not end with [DONE]")
    try:
        chunks = [json.loads(line) for line in lines[:-1]]
    except ValueError as error:
        raise Violation(f"{said} with an event that is not JSON") from error
    same({chunk["object"] for chunk in chunks}, {"chat.completion.chunk"}, "object of the chunks")
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    holds(text, "the chunks have no text")


@CHAT.states("It says which model answers.", Makes.DEPLOYMENTS, source=f"{_REST}, Get Model Info")
def info(bench: Bench) -> None:
    url = f"{deployment(bench).uri}/info?api-version={INFERENCE}"
    said = bench.wire.send("GET", url, headers=bearer(bench), key="in a header").expect(200)
    for name in ("model_name", "model_type", "model_provider_name"):
        holds(said.at(name, kind=str), f"{name} is empty")


@CHAT.states(
    "A field that nobody knows is refused, unless extra-parameters says to drop it.", Makes.DEPLOYMENTS, source=_REST
)
def extra_parameters(bench: Bench) -> None:
    headers = bearer(bench)
    ask(bench, headers, no_such_field=1).expect(400, 422)
    ask(bench, {**headers, "extra-parameters": "error"}, no_such_field=1).expect(400, 422)
    ask(bench, {**headers, "extra-parameters": "drop"}, no_such_field=1).expect(200)


@CHAT.states("Messages that are none are refused.", Makes.DEPLOYMENTS, source=_REST)
def no_messages(bench: Bench) -> None:
    for messages in ([], None, [{"role": "wizard", "content": "x"}]):
        ask(bench, bearer(bench), messages=messages).expect(400, 422)


@CHAT.states("A refusal names itself in x-ms-error-code.", Makes.DEPLOYMENTS, source=_REST)
def error_code(bench: Bench) -> None:
    ask(bench, {"authorization": "Bearer wrong"}).expect(401).header("x-ms-error-code")


@CHAT.states(
    "A key that was replaced opens nothing any more; the other one still does.", Makes.DEPLOYMENTS, source=_REST
)
def replaced_key(bench: Bench) -> None:
    made, before = deployment(bench), keys(bench)
    old = {name: before.at(name, kind=str) for name in ("primaryKey", "secondaryKey")}
    bench.finish(
        bench.arm("POST", f"{made.path}/regenerateKeys", {"keyType": "Primary"}, api=SERVERLESS).expect(200, 202)
    )
    after = keys(bench)
    holds(after.at("primaryKey") != old["primaryKey"], "the primary key is still the same")
    holds(after.at("secondaryKey") == old["secondaryKey"], "the secondary key changed too")
    ask(bench, {"api-key": old["primaryKey"]}).expect(401)
    ask(bench, {"api-key": old["secondaryKey"]}).expect(200)
