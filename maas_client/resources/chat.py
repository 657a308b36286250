"""`client.chat`."""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, TypedDict, Unpack, get_args

from maas_client.backends.azureml.chat import parse_chunk
from maas_client.core import sse, stepping
from maas_client.core.io import Request
from maas_client.errors import AuthenticationError, BrokenResponseError, ConfigurationError, TransportError
from maas_client.resources._names import check_deployment_name
from maas_client.resources._session import Session, mirrors
from maas_client.types import ChatChunk, ChatCompletion, Deployment, MessageInput, ModelInfo

ExtraParameters = Literal["error", "drop", "pass-through"]


class ChatParameters(TypedDict, total=False):
    """What may be said of the answer. What is left out is the model's choice."""

    max_tokens: int
    """Length of the answer at most, in tokens, at least 1."""
    temperature: float
    """0 (always the likeliest token) to 2."""
    top_p: float
    """Share of probability to draw from, above 0 to 1."""
    stop: str | Sequence[str]
    """Texts that end the answer."""
    seed: int
    """Makes repeats alike, as far as the model can."""
    frequency_penalty: float
    """-2 to 2."""
    presence_penalty: float
    """-2 to 2."""
    tools: Sequence[Mapping[str, Any]]
    """Functions that the model may want called."""
    tool_choice: str | Mapping[str, Any]
    """`auto`, `none`, `required`, or one function."""
    response_format: Mapping[str, Any]
    """`{"type": "text"}` or `{"type": "json_object"}`."""
    extra_parameters: ExtraParameters
    """What becomes of fields that the service's specification does not name: refused, left out, or given to the model.
    The service refuses them, unless `extra_body` is given: then they are passed through."""
    extra_body: Mapping[str, Any]
    """Fields that the model takes and the specification does not name, such as `{"top_k": 40}`."""


class AsyncChat:
    """Ask a deployment."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(
        self, deployment: Deployment | str, *, messages: Sequence[MessageInput], **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion:
        """Ask for a whole answer; return when it is complete.

        Args:
            deployment: From `deployments.get`, or its name.
            messages: The conversation so far, the last one by the user as a rule.
            parameters: See `ChatParameters`, such as `max_tokens=200, temperature=0`.

        Raises:
            ConfigurationError: That is no name of a deployment, or `extra_*` is not what it can be.
            ConflictError: The deployment is not ready.
            UnprocessableError: The model does not support a parameter; `target` names it.
            ContentFilterError: The content filter stopped the prompt or the answer.
            BadRequestError: Something else in the request was refused.
            StatusError: The service said no.
        """
        _check(deployment, parameters)
        return await self._session.run(self._session.dialect.chat.complete(deployment, messages, parameters))

    async def stream(
        self, deployment: Deployment | str, *, messages: Sequence[MessageInput], **parameters: Unpack[ChatParameters]
    ) -> AsyncGenerator[ChatChunk, None]:
        """Ask for an answer piece by piece; iterate over the chunks as they come. Arguments as of `create`.

        Raises:
            BrokenResponseError: The stream broke off before its end.
            StatusError: The service said no.
        """
        _check(deployment, parameters)
        chat = self._session.dialect.chat
        for is_last_try in (False, True):
            request = await self._session.run(chat.request(deployment, messages, parameters, stream=True))
            try:
                async with aclosing(self._chunks(request)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except AuthenticationError:  # comes before the first chunk: the key was changed meanwhile
                if is_last_try:
                    raise
                chat.forget_key(deployment)
            else:
                return

    async def info(self, deployment: Deployment | str) -> ModelInfo:
        """Ask a deployment which model is behind it.

        Args:
            deployment: From `deployments.get`, or its name.

        Raises:
            ConflictError: The deployment is not ready.
            NotFoundError: There is none of this name, or its model does not tell.
        """
        _check(deployment, {})
        return await self._session.run(self._session.dialect.chat.info(deployment))

    async def _chunks(self, request: Request) -> AsyncGenerator[ChatChunk, None]:
        ended = False
        try:
            async with (
                self._session.caller.stream(request) as response,
                aclosing(sse.data_events(response.iter_bytes())) as events,
            ):
                async for data in events:
                    chunk = None if ended else parse_chunk(data)
                    ended = chunk is None  # what follows is read to its end, so that the connection can be used again
                    if chunk is not None:
                        yield chunk
        except TransportError:
            if not ended:
                raise
        if not ended:
            raise BrokenResponseError("The answer broke off before its end.", operation=request.operation)


def _check(deployment: Deployment | str, parameters: ChatParameters) -> None:
    if isinstance(deployment, str):
        check_deployment_name(deployment)
    mode = parameters.get("extra_parameters")
    if mode is not None and mode not in get_args(ExtraParameters):
        words = ", ".join(get_args(ExtraParameters))
        raise ConfigurationError(f"extra_parameters cannot be {mode!r}.", hint=f"One of: {words}.")
    if clash := {"messages", "stream", *ChatParameters.__annotations__} & {*(parameters.get("extra_body") or {})}:
        raise ConfigurationError(
            f"extra_body holds what has a parameter of its own: {', '.join(sorted(clash))}.",
            hint="Give it as that parameter; `chat.stream` streams.",
        )


@mirrors(AsyncChat)
class Chat:
    def __init__(self, chat: AsyncChat) -> None:
        self._chat = chat

    def create(
        self, deployment: Deployment | str, *, messages: Sequence[MessageInput], **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion:
        return stepping.run(self._chat.create(deployment, messages=messages, **parameters))

    def stream(
        self, deployment: Deployment | str, *, messages: Sequence[MessageInput], **parameters: Unpack[ChatParameters]
    ) -> Generator[ChatChunk, None, None]:
        return stepping.iterate(self._chat.stream(deployment, messages=messages, **parameters))

    def info(self, deployment: Deployment | str) -> ModelInfo:
        return stepping.run(self._chat.info(deployment))
