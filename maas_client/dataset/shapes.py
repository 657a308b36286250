"""Rows in the shapes that others use, as conversations: prompt and completion, Alpaca, ShareGPT.

Source: OpenAI fine-tuning guide of 2023 (prompt and completion; a completion begins with a space); tatsu-lab
stanford_alpaca, README (instruction, input, output); hiyouga LLaMA-Factory, data/README.md (system, history, ShareGPT's
conversations with from and value and its words for roles).
"""

from collections.abc import Mapping
from typing import Any

Messages = list[dict[str, Any]]

PROMPT_NAMES = ("prompt", "question", "query", "user", "input", "instruction")
COMPLETION_NAMES = ("completion", "answer", "response", "assistant", "output", "reply")

ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "tool": "tool",
    "observation": "tool",
}
"""What others call a role, in lower case, and its name here."""


class ShapeError(ValueError):
    """A row that is no conversation; the text says why, for people."""


def conversation(row: object, *, prompt: str | None = None, completion: str | None = None) -> dict[str, Any]:
    """Return a row as `{"messages": [...]}`, with `tools` if it has them.

    Args:
        row: One decoded row.
        prompt: The field that holds the prompt, where its name is not one of the usual.
        completion: The field that holds the answer.

    Raises:
        ShapeError: Nothing tells how to read it.
    """
    if not isinstance(row, dict):
        raise ShapeError("it is no object")
    if prompt is not None or completion is not None:
        return {"messages": _pair(row, prompt or _one(row, PROMPT_NAMES), completion or _one(row, COMPLETION_NAMES))}
    if isinstance(row.get("messages"), list):
        return row
    if isinstance(row.get("conversations"), list):
        return _with_tools(row, _leading_system(row) + _turns(row["conversations"]))
    if "instruction" in row and "output" in row:
        return {"messages": _leading_system(row) + _history(row) + _alpaca(row)}
    return {"messages": _leading_system(row) + _pair(row, _one(row, PROMPT_NAMES), _one(row, COMPLETION_NAMES))}


def name_of(row: Mapping[str, object]) -> str:
    """Name the shape of a row, for people."""
    if "messages" in row:
        return "chat"
    if "conversations" in row:
        return "ShareGPT"
    if "instruction" in row and "output" in row:
        return "Alpaca"
    return "prompt and completion"


def _pair(row: Mapping[str, Any], prompt: str, completion: str) -> Messages:
    asked, answered = _text(row, prompt), _text(row, completion)
    # The space that a completion began with belonged to the format, not to the answer.
    answer = answered.removeprefix(" ") if completion == "completion" else answered
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def _alpaca(row: Mapping[str, Any]) -> Messages:
    asked = _text(row, "instruction")
    if row.get("input"):
        asked += "\n\n" + _text(row, "input")
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": _text(row, "output")}]


def _history(row: Mapping[str, Any]) -> Messages:
    messages: Messages = []
    for turn in row.get("history") or ():
        if not (isinstance(turn, list) and len(turn) == 2 and all(isinstance(text, str) for text in turn)):
            raise ShapeError("its 'history' is not a list of question and answer")
        messages += [{"role": "user", "content": turn[0]}, {"role": "assistant", "content": turn[1]}]
    return messages


def _leading_system(row: Mapping[str, Any]) -> Messages:
    text = row.get("system")
    if not text:
        return []
    if not isinstance(text, str):
        raise ShapeError("its 'system' is no text")
    return [{"role": "system", "content": text}]


def _turns(turns: list[Any]) -> Messages:
    messages: Messages = []
    for number, turn in enumerate(turns, start=1):
        word = turn.get("from", turn.get("role")) if isinstance(turn, dict) else None
        role = ROLES.get(word.strip().lower()) if isinstance(word, str) else None
        if role is None:
            raise ShapeError(f"turn {number} is of {word!r}, which is no role that is known")
        text = turn.get("value", turn.get("content"))
        if not isinstance(text, str):
            raise ShapeError(f"turn {number} has no text")
        messages.append({"role": role, "content": text})
    return messages


def _with_tools(row: Mapping[str, Any], messages: Messages) -> dict[str, Any]:
    tools = row.get("tools")
    return {"messages": messages, "tools": tools} if isinstance(tools, list) and tools else {"messages": messages}


def _one(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    lowered = {str(key).strip().lower(): str(key) for key in row}
    found = next((lowered[name] for name in names if name in lowered), None)
    if found is None:
        keys = ", ".join(repr(str(key)) for key in list(row)[:8]) or "none"
        raise ShapeError(f"none of its fields ({keys}) is called {', '.join(names)}")
    return found


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise ShapeError(f"its {name!r} is {'missing' if name not in row else 'no text'}")
    if not value.strip():
        raise ShapeError(f"its {name!r} is empty")
    return value
