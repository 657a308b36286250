"""One row as its rules see it: its conversations, messages and texts, each with its path."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from maas_client.dataset.profile import DEFAULT, Profile
from maas_client.dataset.rule import Key

ROLES = ("system", "user", "assistant", "tool")
OUTPUTS = ("preferred_output", "non_preferred_output")

Path = tuple[Key, ...]


class Conversation(NamedTuple):
    """One list of messages.

    Attributes:
        path: Where it stands.
        messages: Its elements, whatever they are.
    """

    path: Path
    messages: list[Any]

    def each(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the messages that are objects."""
        for index, message in enumerate(self.messages):
            if isinstance(message, dict):
                yield (*self.path, index), message

    @property
    def roles(self) -> list[str] | None:
        """The roles if every message has one that is known; else `None`: a rule of its own says what is wrong."""
        roles = [message.get("role") if isinstance(message, dict) else None for message in self.messages]
        known = all(isinstance(role, str) and role in ROLES for role in roles)
        return roles if known else None  # type: ignore[return-value] # all are strings


class Text(NamedTuple):
    """One string that the model would read.

    Attributes:
        path: Where it stands.
        role: Of its message, if that is a string.
        text: The string.
    """

    path: Path
    role: str | None
    text: str


class Texts(Protocol):
    """What rules about texts see of a row."""

    @property
    def texts(self) -> Sequence[Text]:
        """The strings to be read; none of them depends on the others."""

    @property
    def profile(self) -> Profile:
        """What the row is for."""


class SomeTexts(NamedTuple):
    """Those texts of a row that a rule has to read; the attributes are those of `Texts`."""

    texts: Sequence[Text]
    profile: Profile


@dataclass(frozen=True)
class Row:
    """One decoded line.

    Attributes:
        value: Any JSON value.
        profile: What it is for.
    """

    value: object
    profile: Profile = DEFAULT

    @cached_property
    def fields(self) -> dict[str, Any] | None:
        """The row if it is an object."""
        return self.value if isinstance(self.value, dict) else None

    @cached_property
    def conversations(self) -> tuple[Conversation, ...]:
        """The lists of messages: one, or of a preference row the input and the two outputs."""
        return tuple(_conversations(self.fields or {}))

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """Every string that the model would read: contents, text parts and arguments of tool calls."""
        return tuple(text for path, message in self.messages() for text in _texts(path, message))

    def messages(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield every message that is an object."""
        for conversation in self.conversations:
            yield from conversation.each()


def _conversations(row: dict[str, Any]) -> Iterator[Conversation]:
    if isinstance(row.get("messages"), list):
        yield Conversation(("messages",), row["messages"])
    wrapped = row.get("input")
    if isinstance(wrapped, dict) and isinstance(wrapped.get("messages"), list):
        yield Conversation(("input", "messages"), wrapped["messages"])
    for key in OUTPUTS:
        if isinstance(row.get(key), list):
            yield Conversation((key,), row[key])


def _texts(path: Path, message: dict[str, Any]) -> Iterator[Text]:
    role = message.get("role")
    role = role if isinstance(role, str) else None
    content = message.get("content")
    if isinstance(content, str):
        yield Text((*path, "content"), role, content)
    elif isinstance(content, list):
        for index, part in enumerate(content):
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield Text((*path, "content", index, "text"), role, part["text"])
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if isinstance(calls, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            yield Text((*path, "tool_calls", index, "function", "arguments"), role, function["arguments"])


def type_name(value: object) -> str:
    """Name the JSON type of a value with its article."""
    names = ((bool, "a boolean"), (dict, "an object"), (list, "a list"), (str, "a string"), ((int, float), "a number"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def wrapped(value: object, kind: type) -> bool:
    """Tell whether a value is a string that holds JSON of the wanted kind."""
    if not isinstance(value, str) or not value.lstrip().startswith("{" if kind is dict else "["):
        return False
    try:
        return isinstance(json.loads(value), kind)
    except (ValueError, RecursionError):
        return False


def count_messages(row: Row) -> int:
    """Return how many messages the row has, lists of them taken together."""
    return sum(len(conversation.messages) for conversation in row.conversations)
