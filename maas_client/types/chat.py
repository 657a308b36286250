"""Chat completions, in the shape that OpenAI's and Azure's clients share."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from maas_client.types.base import Value


class Message(TypedDict):
    """One message of a conversation, as it is sent."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None
    name: NotRequired[str]
    tool_calls: NotRequired[list[dict[str, Any]]]
    tool_call_id: NotRequired[str]


MessageInput = Message | Mapping[str, Any]
"""A message as type checkers take it: spelled out, or any mapping of the same shape."""


class Usage(Value):
    """Tokens that the service counted."""

    prompt_tokens: int = 0
    """Tokens of the request."""
    completion_tokens: int = 0
    """Tokens of the answer."""
    total_tokens: int = 0
    """Both."""


class ChatMessage(Value):
    """What the model said."""

    role: str = "assistant"
    """Always `assistant` so far."""
    content: str | None = None
    """Its text; `None` if it called tools instead."""
    tool_calls: list[dict[str, Any]] | None = None
    """Tools it wants called."""


class Choice(Value):
    """One answer of possibly several."""

    index: int = 0
    """From 0."""
    message: ChatMessage
    """The answer."""
    finish_reason: str | None = None
    """`stop`, `length`, `content_filter` or `tool_calls`."""


class ChatCompletion(Value):
    """A whole answer."""

    id: str = ""
    """The service's id of this answer."""
    model: str = ""
    """The model that answered, as it names itself."""
    created: int = 0
    """Unix seconds."""
    choices: list[Choice]
    """At least one."""
    usage: Usage | None = None
    """Tokens, if the service said so."""
    simulated: bool = False
    """True if a reference server says that no model answered."""

    @property
    def text(self) -> str:
        """The first answer's text, `""` if it has none."""
        return (self.choices[0].message.content or "") if self.choices else ""


class Delta(Value):
    """What a chunk adds to the answer."""

    role: str | None = None
    """In the first chunk."""
    content: str | None = None
    """The next piece of text."""
    tool_calls: list[dict[str, Any]] | None = None
    """Pieces of tool calls."""


class ChunkChoice(Value):
    """A chunk's share in one answer."""

    index: int = 0
    """From 0."""
    delta: Delta = Delta()
    """What is new."""
    finish_reason: str | None = None
    """In the last chunk of this answer."""


class ChatChunk(Value):
    """One piece of a streamed answer."""

    id: str = ""
    """The same in all chunks of an answer."""
    model: str = ""
    """The model that answers."""
    choices: list[ChunkChoice] = []
    """Empty in a chunk that only reports `usage`."""
    usage: Usage | None = None
    """In the last chunk, if asked for."""
    simulated: bool = False
    """True if a reference server says that no model answered."""

    @property
    def text(self) -> str:
        """The piece of text of the first answer, `""` if this chunk has none."""
        return (self.choices[0].delta.content or "") if self.choices else ""


class ModelInfo(Value):
    """What a deployment says of the model behind it."""

    name: str
    """As the model names itself, such as `phi3-mini`."""
    type: str = ""
    """What it does, in the service's own word, such as `chat-completion`."""
    provider: str = ""
    """Who made it, such as `Microsoft`."""
    simulated: bool = False
    """True if a reference server says that there is no model."""
