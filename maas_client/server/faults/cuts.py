"""Actions that end the connection or leave it hanging, and say or do not say what was done: the lost answers."""

from contextlib import suppress
from typing import Annotated, Literal

from msgspec import Meta
from starlette.requests import ClientDisconnect
from starlette.types import Message

from maas_client.server.faults.action import Action
from maas_client.server.faults.answers import Status
from maas_client.server.faults.exchange import Exchange

ByReset = Annotated[bool, Meta(description="End the connection by RST instead of FIN.")]


class CommitThenDrop(Action, frozen=True, kw_only=True, tag="commit-then-drop"):
    """Lets the service do its work and ends the connection without a byte of the answer."""

    served = "yes"

    reset: ByReset = False

    async def run(self, exchange: Exchange) -> None:
        """Work and hang up."""
        if await exchange.serve() is not None:
            await (exchange.reset() if self.reset else exchange.close())


class CommitThenStall(Action, frozen=True, kw_only=True, tag="commit-then-stall"):
    """Lets the service do its work and answers nothing until the client goes."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Work and say nothing."""
        if await exchange.serve() is not None:
            await exchange.gone()


class CommitThenStatus(Status, frozen=True, kw_only=True, tag="commit-then-status"):
    """Lets the service do its work and answers with another status; `commit-then-500` for short."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Work and answer with something else."""
        if await exchange.serve() is not None:
            await exchange.reply(self.answer(exchange))


class DropBeforeCommit(Action, frozen=True, kw_only=True, tag="drop-before-commit"):
    """Reads the whole request and ends the connection; the service never sees it."""

    reset: ByReset = False

    async def run(self, exchange: Exchange) -> None:
        """Read and hang up."""
        await exchange.read()
        await (exchange.reset() if self.reset else exchange.close())


class Stall(Action, frozen=True, kw_only=True, tag="stall"):
    """Reads the request and answers nothing until the client goes; the service never sees it."""

    async def run(self, exchange: Exchange) -> None:
        """Read and say nothing."""
        await exchange.read()
        await exchange.gone()


class Reset(Action, frozen=True, kw_only=True, tag="reset"):
    """Ends the connection by RST: before the body is read, in it, before the answer, or in that."""

    served = "at answer, down"

    at: Annotated[
        Literal["request", "up", "answer", "down"],
        Meta(description="`up` and `down`: after `bytes` of the request's or the answer's body."),
    ] = "answer"
    bytes: Annotated[int, Meta(ge=0, description="Of the body; a shorter one ends the connection at its end.")] = 0

    async def run(self, exchange: Exchange) -> None:
        """Work as far as it goes, and cut."""
        if self.at == "request":
            await exchange.reset()
        elif self.at == "up":
            await self._up(exchange)
        else:
            answer = await exchange.serve()
            if answer is not None and self.at == "down":
                await exchange.begin(answer)
                await exchange.piece(answer.body[: self.bytes])
                await exchange.flushed()
            if answer is not None:
                await exchange.reset()

    async def _up(self, exchange: Exchange) -> None:
        """Let the service begin, as it does when the line breaks: what it has of the body must leave no trace."""
        left = self.bytes

        async def some() -> Message:
            nonlocal left
            message = await exchange.receive() if left > 0 else {"type": ""}
            body = message.get("body", b"")[:left]
            left -= len(body)
            if message["type"] == "http.request" and message.get("more_body", False) and body:
                return {"type": "http.request", "body": body, "more_body": True}
            await exchange.reset()
            return {"type": "http.disconnect"}

        with suppress(ClientDisconnect):
            if await exchange.serve(some) is not None:
                await exchange.reset()  # it did not ask for the body


ACTIONS: tuple[type[Action], ...] = (
    CommitThenDrop,
    CommitThenStall,
    CommitThenStatus,
    DropBeforeCommit,
    Stall,
    Reset,
)
