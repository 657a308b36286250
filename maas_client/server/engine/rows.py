"""One line of a training file: which are taken, which are skipped, and what a taken one is worth."""

import json
from typing import Any

from maas_client.server.engine.text import encodable, estimate_tokens, plain_text

Messages = list[dict[str, Any]]

TURN_TOKENS = 4
"""Estimated tokens of a turn's frame, such as `<|user|>`, `<|end|>` and newlines."""


class RowError(ValueError):
    """The line is skipped; the message says why, without the line's text."""


def read_row(line: str) -> tuple[Messages, object]:
    """Read a line as the service's import step does; return its messages, null-valued keys removed, and its `tools`.

    Other columns are dropped.

    Raises:
        RowError: The line is empty, not JSON, or its messages are not as the service wants them.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, `data_import_utils.filter_invalid_data_rows_for_jsonl` and
    `task_specific_example_validation`.
    """
    if not line.strip():
        raise RowError("the line is empty")
    try:
        example = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RowError(f"not JSON ({type(error).__name__})") from None
    if not isinstance(example, dict) or "messages" not in example:
        raise RowError("the example lacks 'messages'")
    if not isinstance(example["messages"], list):
        raise RowError("'messages' is not a list")
    return [_read_message(message) for message in example["messages"]], example.get("tools")


def _read_message(message: object) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise RowError("a message is not an object")
    kept = {key: value for key, value in message.items() if value is not None}
    if "role" not in kept:
        raise RowError("a message lacks 'role'")
    if "content" not in kept and "tool_calls" not in kept:
        raise RowError("a message lacks 'content' or 'tool_calls'")
    if not isinstance(kept["role"], str):
        raise RowError("the 'role' of a message is not a string")
    # The service looks at the type of values that are true only: 0, false and {} pass.
    content, calls = kept.get("content"), kept.get("tool_calls")
    if content and not isinstance(content, str | list):
        raise RowError("the 'content' of a message is neither string nor list")
    if calls and not isinstance(calls, list):
        raise RowError("the 'tool_calls' of a message is not a list")
    return kept


def measure(messages: Messages, tools: object, limit: int) -> tuple[int, int]:
    """Estimate the tokens of a row and of its assistant turns, cut at `limit` tokens.

    Loss is on assistant tokens only, so a row whose answer is cut off has none.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, `ChatCompletionDataset.encode_dataset`.
    """
    total = estimate_tokens(json.dumps(tools)) if tools else 0
    assistant = 0
    for message in messages:
        size = estimate_tokens(plain_text(message.get("content")))
        if message.get("tool_calls"):
            size += estimate_tokens(json.dumps(message["tool_calls"]))
        room = max(0, limit - total - TURN_TOKENS)
        total = min(limit, total + TURN_TOKENS + size)
        if message["role"] == "assistant":
            assistant += min(size, room)
    return total, assistant


def pairs(messages: Messages) -> list[tuple[str, str]]:
    """Return (user text, assistant answer) of every turn that has both."""
    found = []
    asked = ""
    for message in messages:
        text = encodable(plain_text(message.get("content")))
        if message["role"] == "user":
            asked = text
        elif message["role"] == "assistant" and asked and text:
            found.append((asked, text))
            asked = ""
    return found
