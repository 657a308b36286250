"""Make the answer to a chat request: the text, why it ended, and what it is said to have cost."""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass

from maas_client.server.engine.text import estimate_tokens
from maas_client.server.inference.endpoint import EndpointView
from maas_client.server.inference.index import AnswerShelf
from maas_client.server.inference.problems import refused, unprocessable
from maas_client.server.inference.request import ChatRequest
from maas_client.server.inference.safety import before_mark, check_prompt

MESSAGE_TOKENS = 4
"""Estimated tokens of a message's frame."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; token counts are estimates."""

    content: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int

    @property
    def usage(self) -> dict[str, int]:
        """The `usage` object of the wire."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }

    def pieces(self) -> list[str]:
        """Return the content cut into words with the space after them; together they are the content."""
        return re.findall(r"\S+\s*|\s+", self.content)


def make_reply(view: EndpointView, request: ChatRequest, shelf: AnswerShelf) -> Reply:
    """Answer with the nearest training row; say so when there is none. Reads the answer file on first use.

    Raises:
        InferenceError: The content filter flags the prompt (400), the answers cannot be read (500), or a JSON object or
            a tool call was asked for, which the simulated model cannot give (422).
    """
    if view.filtered:
        check_prompt(request.texts)
    if request.must_call:
        message = "the simulated model calls no tools; leave the choice to it with auto"
        raise unprocessable("tool_choice", request.must_call, message, "parameter_not_supported")
    text = _text(view, request, shelf)
    if request.json_object and not _is_object(text):
        message = "the nearest training answer is not a JSON object, and the simulated model cannot make one"
        raise unprocessable("response_format", "json_object", message, "parameter_not_supported")
    text = _before_stop(text, request.stop)
    safe = before_mark(text) if view.filtered else None
    whole = text if safe is None else safe
    content = whole if request.max_tokens is None else cut(whole, request.max_tokens)
    return Reply(
        content=content,
        finish_reason=_reason(content, whole, filtered=safe is not None),
        prompt_tokens=sum(MESSAGE_TOKENS + estimate_tokens(part) for part in request.texts),
        completion_tokens=estimate_tokens(content),
    )


def _text(view: EndpointView, request: ChatRequest, shelf: AnswerShelf) -> str:
    if view.base_model or view.answers is None:
        return (
            f'[simulated] {view.model_name} was asked: "{request.question[:200]}". '
            "The maas_client reference server runs no model, so a model that was not tuned here has no answer to give."
        )
    try:
        answer = shelf.get(view.answers).nearest(request.question)
    except (OSError, ValueError):
        message = f"The simulated answers of endpoint {view.name} cannot be read; deploy its model again."
        raise refused(500, "InternalServerError", message) from None
    if answer is not None:
        return answer
    return (
        f"[simulated] Sorry, no row of the data that {view.model_name} was tuned on shares a word with this question. "
        "The maas_client reference server runs no model: it answers with the nearest training row."
    )


def _reason(content: str, whole: str, *, filtered: bool) -> str:
    if content != whole:
        return "length"
    return "content_filter" if filtered else "stop"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _before_stop(text: str, stop: tuple[str, ...]) -> str:
    found = [at for at in (text.find(end) for end in stop) if at >= 0]
    return text[: min(found)] if found else text


def cut(text: str, max_tokens: int) -> str:
    """Return as much of a text as `max_tokens` estimated tokens hold, whole words if at least one fits."""
    fits = bisect_right(range(1, len(text) + 1), max_tokens, key=lambda size: estimate_tokens(text[:size]))
    if fits == len(text):
        return text
    kept = text[:fits]
    if text[fits].isspace():
        return kept.rstrip()
    whole = re.match(r"(.*\S)\s+\S*$", kept, re.DOTALL)
    return whole[1] if whole else kept
