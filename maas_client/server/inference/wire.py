"""Replies in the words of the wire: one document, or server-sent events.

Source: Microsoft Learn, "Model inference API: Chat completions", 2024-05-01-preview; azure-ai-inference 1.0.0b9,
recorded (events `data: {...}`, the last one `data: [DONE]`).
"""

import json
from collections.abc import Iterator, Mapping

from maas_client.server.inference.reply import Reply


def dump(document: Mapping[str, object]) -> bytes:
    """Write JSON in ASCII, which holds any text."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def completion(reply: Reply, identity: str, created: int, model: str) -> dict[str, object]:
    """Return the document of an answer that is not streamed."""
    message = {"role": "assistant", "content": reply.content, "tool_calls": None}
    return {
        "id": identity,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "finish_reason": reply.finish_reason, "message": message}],
        "usage": reply.usage,
        "maas_simulated": True,
    }


def events(reply: Reply, identity: str, created: int, model: str, include_usage: bool) -> Iterator[bytes]:
    """Yield the events of a streamed answer: the role, the words, why it ended, the usage if asked for, the end."""
    head = {"id": identity, "object": "chat.completion.chunk", "created": created, "model": model}

    def event(choices: list[dict[str, object]], **more: object) -> bytes:
        return b"data: " + dump({**head, "choices": choices, **more, "maas_simulated": True}) + b"\n\n"

    def delta(change: dict[str, str], finish_reason: str | None = None) -> bytes:
        return event([{"index": 0, "delta": change, "finish_reason": finish_reason}])

    yield delta({"role": "assistant", "content": ""})
    for piece in reply.pieces():
        yield delta({"content": piece})
    yield delta({}, reply.finish_reason)
    if include_usage:
        yield event([], usage=reply.usage)
    yield b"data: [DONE]\n\n"
