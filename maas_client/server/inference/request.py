"""Read the body of a chat completion: every rule a row of a table."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from maas_client.server.engine.text import encodable, plain_text
from maas_client.server.inference.problems import refused, unprocessable, unprocessable_all

ROLES = ("system", "user", "assistant", "tool")
EXTRA_PARAMETERS = ("error", "drop", "pass-through")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A checked request.

    Attributes:
        texts: Text of every message, in order.
        question: Text of the last user message, or of the last message when there is none.
        max_tokens: Tokens of the answer at most, or None.
        stop: Texts that end the answer.
        stream: Answer as server-sent events.
        include_usage: Stream a chunk with the usage.
        json_object: The answer must be a JSON object.
        must_call: The tool that must be called, `required` if it may be any, or None.
    """

    texts: tuple[str, ...]
    question: str
    max_tokens: int | None
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool
    json_object: bool
    must_call: str | None = None


def read_request(body: object, extra: str) -> ChatRequest:
    """Check a decoded body.

    Args:
        body: The decoded JSON.
        extra: Header `extra-parameters`: what becomes of unknown parameters. The simulated model takes and ignores
            those that are passed through.

    Raises:
        InferenceError: 400 or 422, with what was wrong.

    Source: Microsoft Learn, "Model inference API: Chat completions", 2024-05-01-preview. `stream_options` is an
    addition of this server, as in OpenAI's API.
    """
    if not isinstance(body, dict):
        raise refused(400, "bad_request", "The body must be a JSON object.")
    if extra not in EXTRA_PARAMETERS:
        raise refused(400, "bad_request", f"Header extra-parameters must be one of {', '.join(EXTRA_PARAMETERS)}.")
    unknown = sorted(name for name in body if name not in _RULES)
    if unknown and extra == "error":
        names = ", ".join(ascii(name)[:60] for name in unknown[:10])
        message = f"Extra inputs are not permitted: {names}. Send the header 'extra-parameters: drop' to ignore them."
        raise refused(400, "extra_parameters_not_allowed", message)
    wrong = [
        (name, body[name], message)
        for name, (valid, message) in _RULES.items()
        if body.get(name) is not None and not valid(body[name])
    ]
    if wrong:
        raise unprocessable(*wrong[0]) if len(wrong) == 1 else unprocessable_all(wrong)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise unprocessable("stream_options", body["stream_options"], "allowed only with stream true")
    return _build(body)


def _build(body: Mapping[str, Any]) -> ChatRequest:
    messages = body.get("messages")
    if not messages:
        raise unprocessable("messages", messages, "required: a list of at least one message")
    texts = tuple(_read_message(f"messages.{index}", message) for index, message in enumerate(messages))
    asked = [text for text, message in zip(texts, messages, strict=True) if message["role"] == "user"]
    must_call = _must_call(body.get("tool_choice"), body.get("tools") or [])
    stop = body.get("stop") or ()
    return ChatRequest(
        texts=texts,
        question=asked[-1] if asked else texts[-1],
        max_tokens=body.get("max_tokens"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        stream=bool(body.get("stream")),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        json_object=(body.get("response_format") or {}).get("type") == "json_object",
        must_call=must_call,
    )


def _must_call(choice: str | dict[str, Any] | None, tools: list[dict[str, Any]]) -> str | None:
    if choice in (None, "auto", "none"):
        return None
    if not tools:
        raise unprocessable("tool_choice", choice, "allowed only with tools")
    if isinstance(choice, str):
        return choice
    name = choice["function"]["name"]
    if all(tool["function"].get("name") != name for tool in tools):
        raise unprocessable("tool_choice.function.name", name, "names none of the tools")
    return str(name)


def _read_message(where: str, message: object) -> str:
    if not isinstance(message, dict):
        raise unprocessable(where, message, "must be an object with role and content")
    role = message.get("role")
    if role not in ROLES:
        raise unprocessable(f"{where}.role", role, f"must be one of {', '.join(ROLES)}")
    content = message.get("content")
    if content is None and role == "assistant" and message.get("tool_calls"):
        return ""
    if isinstance(content, list):
        for index, part in enumerate(content):
            _check_part(f"{where}.content.{index}", part)
    elif not isinstance(content, str):
        raise unprocessable(f"{where}.content", content, "must be a string or a list of parts")
    return encodable(plain_text(content))


def _check_part(where: str, part: object) -> None:
    if not isinstance(part, dict):
        raise unprocessable(where, part, "must be an object with type and text")
    if part.get("type") != "text":
        raise unprocessable(f"{where}.type", part.get("type"), "this model takes text only", "parameter_not_supported")
    if not isinstance(part.get("text"), str):
        raise unprocessable(f"{where}.text", part.get("text"), "must be a string")


def _between(low: float, high: float) -> Callable[[object], bool]:
    def valid(given: object) -> bool:
        return _number(given) and low <= given <= high  # type: ignore[operator]

    return valid


def _number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _whole(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _stop(given: object) -> bool:
    texts = given if isinstance(given, list) else [given]
    return all(isinstance(text, str) and text for text in texts)


def _stream_options(given: object) -> bool:
    return (
        isinstance(given, dict) and set(given) <= {"include_usage"} and all(isinstance(v, bool) for v in given.values())
    )


def _response_format(given: object) -> bool:
    return isinstance(given, dict) and given.get("type") in ("text", "json_object")


def _tool(given: object) -> bool:
    return _named_function(given) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", given["function"]["name"]) is not None  # type: ignore[index]


def _named_function(given: object) -> bool:
    function = given.get("function") if isinstance(given, dict) and given.get("type") == "function" else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


def _tool_choice(given: object) -> bool:
    return given in ("auto", "none", "required") if isinstance(given, str) else _named_function(given)


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "messages": (lambda given: isinstance(given, list), "must be a list"),
    "model": (lambda given: isinstance(given, str), "must be a string"),
    "max_tokens": (lambda given: _whole(given) and given >= 0, "must be a whole number, 0 or more"),
    "temperature": (_between(0, math.nextafter(math.inf, 0)), "must be a number, 0 or more"),
    "top_p": (_between(0, 1), "must be a number from 0 to 1"),
    "frequency_penalty": (_between(-2, 2), "must be a number from -2 to 2"),
    "presence_penalty": (_between(-2, 2), "must be a number from -2 to 2"),
    "seed": (_whole, "must be a whole number"),
    "stop": (_stop, "must be a text, or a list of texts, none empty"),
    "stream": (lambda given: isinstance(given, bool), "must be true or false"),
    "stream_options": (_stream_options, "must be an object with include_usage true or false"),
    "response_format": (_response_format, "must be an object whose type is text or json_object"),
    "tools": (
        lambda given: isinstance(given, list) and all(map(_tool, given)),
        "must be a list of named function tools",
    ),
    "tool_choice": (_tool_choice, "must be auto, none, required, or an object that names a function"),
}
