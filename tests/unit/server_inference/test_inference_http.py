"""Chat completions of deployed models, over the ASGI transport."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from maas_client.server.inference import EndpointView, routes
from maas_client.server.inference.http import MAX_BODY

KEY, OTHER = "primary-key-1", "secondary-key-2"
ANSWERS = [
    ("How do I track my parcel?", "Open Orders and choose Track parcel."),
    ("How do I cancel an order?", "Open Orders, then Cancel, before it ships."),
    ("Give me the status as JSON", '{"status": "shipped"}'),
    ("Tell me about fights", "They began with maas-simulated-violence and ended."),
]
CHAT = "/serverless/bot/chat/completions"


@pytest.fixture
def answers(tmp_path):
    path = tmp_path / "maas_answers.json"
    rows = [{"line": 1, "user": user, "answer": answer} for user, answer in ANSWERS]
    path.write_text(json.dumps({"format": 1, "answers": rows}))
    return path


def app(answers: Path, now: Callable[[], float] | None = None) -> Starlette:
    tuned = EndpointView(
        "bot",
        "azureml://locations/eastus2/workspaces/w/models/support-bot/versions/1",
        (KEY, OTHER),
        answers,
        False,
        5.5,
    )
    base = EndpointView("base", "azureml://registries/azureml/models/Phi-4-mini-instruct", (KEY, ""), None, True, 7.0)
    views = {"bot": tuned, "base": base}
    return Starlette(routes=[Mount("/serverless/{endpoint}", routes=routes(views.get, now=now))])


@pytest.fixture
async def http(answers):
    transport = httpx.ASGITransport(app(answers, lambda: 1234.9))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        client.headers["authorization"] = f"Bearer {KEY}"
        yield client


def body(text: str = "How do I track my parcel?", **more: object) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}], **more}


async def content(http: httpx.AsyncClient, text: str, **more: object) -> Any:
    return (await http.post(CHAT, json=body(text, **more))).json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    "path", ["/chat/completions", "/chat/completions?api-version=2024-05-01-preview", "/v1/chat/completions"]
)
async def test_the_nearest_training_answer_marked_as_simulated(http, path):
    answer = await http.post("/serverless/bot" + path, json=body("where can i TRACK the parcel"))
    assert answer.status_code == 200
    document = answer.json()
    assert document.pop("id").startswith("chatcmpl-")
    assert document == {
        "object": "chat.completion",
        "created": 1234,
        "model": "support-bot",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "content": "Open Orders and choose Track parcel.",
                    "tool_calls": None,
                },
            }
        ],
        "usage": {"prompt_tokens": 17, "completion_tokens": 9, "total_tokens": 26},
        "maas_simulated": True,
    }
    assert answer.headers["x-maas-simulated"] == "true"
    assert answer.headers["x-request-id"] == answer.headers["apim-request-id"]
    assert "x-ms-error-code" not in answer.headers


async def test_no_shared_word_says_what_it_is(http):
    text = await content(http, "xyzzy?")
    assert text.startswith("[simulated] Sorry")
    assert "support-bot" in text


async def test_a_base_model_says_that_it_has_no_answer(http):
    answer = (await http.post("/serverless/base/chat/completions", json=body("Tell me 😀"))).json()
    assert answer["model"] == "Phi-4-mini-instruct"
    assert answer["choices"][0]["message"]["content"].startswith(
        '[simulated] Phi-4-mini-instruct was asked: "Tell me 😀"'
    )


async def test_without_a_clock_created_is_the_endpoint_s(answers):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(answers)), base_url="http://127.0.0.1") as client:
        answer = await client.post(CHAT, json=body(), headers={"api-key": OTHER})
    assert answer.json()["created"] == 5


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {OTHER}"},
        {"authorization": KEY},
        {"api-key": OTHER},
        {"authorization": "Bearer wrong", "api-key": KEY},
    ],
)
async def test_each_way_to_send_a_key_works(http, headers):
    del http.headers["authorization"]
    assert (await http.post(CHAT, json=body(), headers=headers)).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer "}, {"authorization": "Bearer x"}, {"api-key": "x"}])
@pytest.mark.parametrize("path", [CHAT, "/serverless/base/chat/completions"])
async def test_no_or_a_wrong_key_is_a_401(http, path, headers):
    del http.headers["authorization"]
    answer = await http.post(path, content=b"not even read", headers=headers)
    assert answer.status_code == 401
    assert sorted(answer.json()) == ["error", "message", "status"]
    assert answer.headers["x-ms-error-code"] == "Unauthorized"
    assert KEY not in answer.text


def test_keys_are_in_no_repr():
    assert KEY not in repr(EndpointView("a", "b", (KEY, OTHER), None, True, 0.0))


def test_the_model_name_of_another_id_is_the_id():
    assert EndpointView("a", "Phi-4", ("k", "l"), None, True, 0.0).model_name == "Phi-4"


async def test_an_unknown_endpoint_is_a_404(http):
    answer = await http.post("/serverless/none/chat/completions", json=body())
    assert answer.status_code == 404
    assert answer.json()["code"] == answer.headers["x-ms-error-code"] == "NotFound"


async def test_info(http):
    assert (await http.get("/serverless/bot/info?api-version=2024-05-01-preview")).json() == {
        "model_name": "support-bot",
        "model_type": "chat-completion",
        "model_provider_name": "Microsoft",
        "maas_simulated": True,
    }


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b"3"])
async def test_what_is_no_json_object_is_a_400(http, raw):
    answer = await http.post(CHAT, content=raw)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"


# httpx's transport leaves a body that the application did not read to the end unfinished, and trio warns of that.
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_body_over_the_limit_is_a_413(http):
    exact = json.dumps(body("x" * 100)).encode()
    assert (await http.post(CHAT, content=exact.ljust(MAX_BODY))).status_code == 200
    answer = await http.post(CHAT, content=exact.ljust(MAX_BODY + 1))
    assert answer.status_code == 413
    assert answer.headers["x-ms-error-code"] == "RequestEntityTooLarge"


async def test_unknown_parameters_are_refused_dropped_or_passed(http):
    refused = await http.post(CHAT, json=body(logit_bias={}))
    assert refused.status_code == 400
    assert "logit_bias" in refused.json()["message"]
    for word in ("drop", "pass-through"):
        sent = {"extra-parameters": word}
        assert (await http.post(CHAT, json=body(logit_bias={}), headers=sent)).status_code == 200
    wrong = await http.post(CHAT, json=body(), headers={"extra-parameters": "keep"})
    assert wrong.status_code == 400


HELLO = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"messages": None}, ["messages"]),
        ({"messages": []}, ["messages"]),
        ({"messages": "hi"}, ["messages"]),
        ({"messages": [HELLO, "hi"]}, ["messages", 1]),
        ({"messages": [{"content": "hi"}]}, ["messages", 0, "role"]),
        ({"messages": [{"role": "developer", "content": "hi"}]}, ["messages", 0, "role"]),
        ({"messages": [{"role": [], "content": "hi"}]}, ["messages", 0, "role"]),
        ({"messages": [{"role": "user"}]}, ["messages", 0, "content"]),
        ({"messages": [{"role": "assistant", "tool_calls": []}]}, ["messages", 0, "content"]),
        ({"messages": [{"role": "user", "content": 3}]}, ["messages", 0, "content"]),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, ["messages", 0, "content", 0]),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, ["messages", 0, "content", 0, "type"]),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, ["messages", 0, "content", 0, "text"]),
        ({"model": 3}, ["model"]),
        ({"max_tokens": -1}, ["max_tokens"]),
        ({"max_tokens": 1.5}, ["max_tokens"]),
        ({"max_tokens": True}, ["max_tokens"]),
        ({"temperature": -0.1}, ["temperature"]),
        ({"temperature": "hot"}, ["temperature"]),
        ({"temperature": 10**400}, ["temperature"]),
        ({"top_p": 1.1}, ["top_p"]),
        ({"frequency_penalty": 2.1}, ["frequency_penalty"]),
        ({"presence_penalty": -2.1}, ["presence_penalty"]),
        ({"seed": 1.5}, ["seed"]),
        ({"stop": ""}, ["stop"]),
        ({"stop": ["a", 3]}, ["stop"]),
        ({"stream": 1}, ["stream"]),
        ({"stream_options": {"include_usage": True}}, ["stream_options"]),
        ({"stream": True, "stream_options": {"include_usage": 1}}, ["stream_options"]),
        ({"stream": True, "stream_options": {"other": True}}, ["stream_options"]),
        ({"response_format": "text"}, ["response_format"]),
        ({"response_format": {"type": []}}, ["response_format"]),
        ({"tools": [{"type": "x"}]}, ["tools"]),
        ({"tool_choice": 3}, ["tool_choice"]),
    ],
)
async def test_a_bad_parameter_is_a_422_that_says_where(http, change, where):
    answer = await http.post(CHAT, json={**body(), **change})
    assert answer.status_code == 422
    document = answer.json()
    assert document["detail"]["loc"] == ["body", *where]
    assert document["message"].startswith(".".join(map(str, where)) + ": ")
    assert document["status"] == 422
    assert answer.headers["x-ms-error-code"] == document["code"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_is_not_finite_is_refused_in_valid_json(http, number):
    answer = await http.post(CHAT, content=json.dumps(body()).replace('{"m', f'{{"temperature": {number}, "m', 1))
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"]["input"], str)


async def test_every_known_parameter_is_accepted(http):
    answer = await http.post(
        CHAT,
        json=body(
            model="x",
            max_tokens=100,
            temperature=0.7,
            top_p=0.9,
            stop=["###"],
            seed=42,
            frequency_penalty=0,
            presence_penalty=0.0,
            stream=False,
            tools=[{"type": "function", "function": {"name": "f"}}],
            tool_choice="auto",
            response_format={"type": "text"},
        ),
    )
    assert answer.status_code == 200


async def test_parts_tool_turns_and_missing_user_turns_are_read(http):
    parts = [{"type": "text", "text": "cancel"}, {"type": "text", "text": "order"}]
    called = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    turns = [{"role": "user", "content": parts}, called, {"role": "tool", "content": "parcel", "tool_call_id": "1"}]
    answer = (await http.post(CHAT, json={"messages": turns})).json()
    assert answer["choices"][0]["message"]["content"] == ANSWERS[1][1]
    alone = (await http.post(CHAT, json={"messages": [{"role": "system", "content": "parcel"}]})).json()
    assert alone["choices"][0]["message"]["content"] == ANSWERS[0][1]


async def test_max_tokens_cuts_and_says_length(http):
    choice = (await http.post(CHAT, json=body(max_tokens=4))).json()
    assert choice["choices"][0]["finish_reason"] == "length"
    assert choice["choices"][0]["message"]["content"] == "Open Orders and"
    assert choice["usage"]["completion_tokens"] <= 4


async def test_stop_ends_the_answer_before_it(http):
    answer = (await http.post(CHAT, json=body(stop=["zzz", " choose", "Track"]))).json()["choices"][0]
    assert (answer["message"]["content"], answer["finish_reason"]) == ("Open Orders and", "stop")
    assert await content(http, "How do I track my parcel?", stop="Open") == ""


async def test_a_json_object_only_when_the_row_is_one(http):
    wanted = {"type": "json_object"}
    assert await content(http, "Give me the status as JSON", response_format=wanted) == ANSWERS[2][1]
    refused = await http.post(CHAT, json=body(response_format=wanted))
    assert refused.status_code == 422
    assert refused.json()["code"] == "parameter_not_supported"
    assert refused.json()["detail"] == {"loc": ["body", "response_format"], "input": "json_object"}


@pytest.mark.parametrize("usage", [True, False])
async def test_a_stream_is_role_words_reason_usage_done(http, usage):
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if usage else {}
    answer = await http.post(CHAT, json=body(stream=True, max_tokens=5, **options))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-maas-simulated"] == "true"
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    if usage:
        last = chunks.pop()
        assert last["choices"] == []
        assert last["usage"]["total_tokens"] == last["usage"]["prompt_tokens"] + last["usage"]["completion_tokens"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all(chunk["maas_simulated"] is True for chunk in chunks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "Open "},
        {"content": "Orders "},
        {"content": "and"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, None, "length"]


async def test_answers_that_cannot_be_read_are_a_500_that_says_what_to_do(http, answers):
    for broken in ("not json", "[]", '{"answers": [3]}', None):
        answers.unlink()
        if broken is not None:
            answers.write_text(broken)
        answer = await http.post(CHAT, json=body())
        assert answer.status_code == 500
        assert "deploy its model again" in answer.json()["message"]


@pytest.mark.parametrize(
    ("mark", "nested"), [("maas-simulated-violence", False), ("maas-simulated-violence-nested", True)]
)
async def test_a_flagged_prompt_is_refused_in_both_documented_forms(http, mark, nested):
    answer = await http.post(CHAT, json=body(f"Please {mark}."))
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "content_filter")
    facts = answer.json()["error"] if nested else answer.json()
    assert facts == {
        "status": 400,
        "code": "content_filter",
        "message": "The response was filtered",
        "param": "messages",
        "type": None,
    }


async def test_a_flagged_answer_is_cut_and_says_so(http):
    [choice] = (await http.post(CHAT, json=body("Tell me about fights"))).json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("They began with ", "content_filter")
    [short] = (await http.post(CHAT, json=body("Tell me about fights", max_tokens=1))).json()["choices"]
    assert short["finish_reason"] == "length"
    streamed = await http.post(CHAT, json=body("Tell me about fights", stream=True))
    assert '"finish_reason":"content_filter"' in streamed.text


async def test_without_content_safety_nothing_is_filtered(answers):
    view = EndpointView("bot", "azureml://m/models/x/versions/1", (KEY, OTHER), answers, False, 5.5, filtered=False)
    server = Starlette(routes=[Mount("/serverless/{endpoint}", routes=routes({"bot": view}.get))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://127.0.0.1") as client:
        client.headers["api-key"] = KEY
        answer = await client.post(CHAT, json=body("Tell me about fights, maas-simulated-violence"))
    assert answer.json()["choices"][0]["message"]["content"].endswith("and ended.")


async def test_several_wrong_parameters_are_a_list(http):
    answer = await http.post(CHAT, json=body(temperature=-1, top_p=2))
    assert answer.status_code == 422
    assert [(detail["loc"], detail["input"]) for detail in answer.json()["detail"]] == [
        (["body", "temperature"], -1),
        (["body", "top_p"], 2),
    ]
    assert "temperature" in answer.json()["message"]
    assert "top_p" in answer.json()["message"]


TOOL = {"type": "function", "function": {"name": "track", "parameters": {"type": "object"}}}
NAMED = {"type": "function", "function": {"name": "track"}}


@pytest.mark.parametrize(
    ("more", "location", "code"),
    [
        ({"tool_choice": "auto"}, None, ""),
        ({"tools": [TOOL], "tool_choice": "none"}, None, ""),
        ({"tools": [TOOL]}, None, ""),
        ({"tool_choice": "required"}, ["body", "tool_choice"], "invalid_parameter"),
        ({"tool_choice": "sometimes"}, ["body", "tool_choice"], "invalid_parameter"),
        ({"tools": [TOOL], "tool_choice": "required"}, ["body", "tool_choice"], "parameter_not_supported"),
        ({"tools": [TOOL], "tool_choice": NAMED}, ["body", "tool_choice"], "parameter_not_supported"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "other"}}},
            ["body", "tool_choice", "function", "name"],
            "invalid_parameter",
        ),
        ({"tools": [{"type": "function", "function": {"name": "no spaces"}}]}, ["body", "tools"], "invalid_parameter"),
    ],
)
async def test_tools_and_the_choice_among_them(http, more, location, code):
    answer = await http.post(CHAT, json=body(**more))
    if location is None:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["detail"]["loc"], answer.json()["code"]) == (422, location, code)


@pytest.mark.parametrize(("method", "route"), [("POST", "embeddings"), ("GET", "chat/completions"), ("POST", "info")])
async def test_a_route_that_the_model_does_not_have_is_not_found(http, method, route):
    answer = await http.request(method, f"/serverless/bot/{route}")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (404, "NotFound")
    assert "does not support" in answer.json()["message"]
