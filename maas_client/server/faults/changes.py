"""Actions that let the service do its work and change its answer, or how it comes.

The answer is held until it is whole, unless only its head is changed.
"""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field
from starlette.datastructures import MutableHeaders

from maas_client.server.clock import http_date
from maas_client.server.faults.action import Action
from maas_client.server.faults.exchange import BODILESS, Answer, Exchange
from maas_client.server.faults.hints import check_headers

_TICK_SECONDS = 0.05
"""Between two pieces of a slow body."""


class Delay(Action, frozen=True, kw_only=True, tag="delay"):
    """Waits, in real seconds: before the answer, when the work is done, or before the request is looked at."""

    served = "at request only for a client that waits"

    seconds: Annotated[float, Meta(gt=0, le=3600, description="How long.")]
    at: Annotated[Literal["answer", "request"], Meta(description="Before which of them.")] = "answer"

    async def run(self, exchange: Exchange) -> None:
        """Wait and answer."""
        if self.at == "request":
            await asyncio.sleep(self.seconds)
            await exchange.let_through()
            return
        answer = await exchange.serve()
        if answer is not None and not await exchange.gone_within(self.seconds):
            await exchange.reply(answer)


class Slow(Action, frozen=True, kw_only=True, tag="slow"):
    """Lets the body of the answer drip."""

    served = "yes"

    bytes_per_second: Annotated[int, Meta(ge=1, description="How fast.")]

    async def run(self, exchange: Exchange) -> None:
        """Answer piece by piece."""
        answer = await exchange.serve()
        if answer is None:
            return
        await exchange.begin(answer)
        for piece in self._pieces(answer.body):
            if await exchange.gone_within(len(piece) / self.bytes_per_second):
                return
            await exchange.piece(piece)
        await exchange.piece(b"", last=True)

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        size = max(1, int(self.bytes_per_second * _TICK_SECONDS))
        for start in range(0, len(body), size):
            yield body[start : start + size]


class Truncate(Action, frozen=True, kw_only=True, tag="truncate"):
    """Sends the head of the answer and so many bytes of its body, at most all but the last, and ends the connection."""

    served = "yes"

    bytes: Annotated[int, Meta(ge=0, description="What comes of the body.")] = 0

    async def run(self, exchange: Exchange) -> None:
        """Answer in part."""
        answer = await exchange.serve()
        if answer is None:
            return
        await exchange.begin(answer)
        await exchange.piece(answer.body[: min(self.bytes, max(0, len(answer.body) - 1))])
        await exchange.close()


class MalformedJson(Action, frozen=True, kw_only=True, tag="malformed-json"):
    """Cuts the body of the answer in half, with a length that says that this is all; HEAD is answered as it is."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Answer with half."""
        if exchange.scope["method"] == "HEAD":
            # Its length is that of another answer's body, which nobody has cut.
            await exchange.let_through()
            return
        answer = await exchange.serve()
        if answer is None:
            return
        answer.status = 200 if answer.status in BODILESS else answer.status
        answer.headers.setdefault("content-type", "application/json")
        answer.replace(answer.body[: len(answer.body) // 2] or b'{"value": [')
        await exchange.reply(answer)


class Empty200(Action, frozen=True, kw_only=True, tag="empty-200"):
    """Answers 200 without a body, whatever the service answered."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Answer with nothing."""
        if await exchange.serve() is not None:
            await exchange.reply(Answer(200, MutableHeaders({"content-length": "0"})))


class ContentType(Action, frozen=True, kw_only=True, tag="content-type"):
    """Names another content type than that of the answer."""

    served = "yes"

    content_type: Annotated[str, Meta(description="Which.")] = "text/plain"

    def __post_init__(self) -> None:
        """Check what is sent as it is."""
        check_headers([("content-type", self.content_type)])

    async def run(self, exchange: Exchange) -> None:
        """Answer."""

        def change(headers: MutableHeaders) -> None:
            headers["content-type"] = self.content_type

        await exchange.let_through(change)


class ChangeHeaders(Action, frozen=True, kw_only=True, tag="headers"):
    """Takes headers of the answer away, sets others, and adds further ones beside those that are there."""

    served = "yes"

    remove: Annotated[list[str], Meta(description="Names.")] = field(default_factory=list)
    set: Annotated[dict[str, str], Meta(description="In the place of those of the name.")] = field(default_factory=dict)
    add: Annotated[dict[str, str], Meta(description="Beside those of the name.")] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what is sent as it is."""
        check_headers([*self.set.items(), *self.add.items()])
        if not (self.remove or self.set or self.add):
            raise ValueError("one of remove, set and add is needed")

    async def run(self, exchange: Exchange) -> None:
        """Answer."""

        def change(headers: MutableHeaders) -> None:
            for name in self.remove:
                del headers[name]
            for name, value in self.set.items():
                headers[name] = value
            for name, value in self.add.items():
                headers.append(name, value)

        # Those that the guard writes are taken away by the guard.
        exchange.scope["maas.without"] = [name for name in self.remove if name not in {**self.set, **self.add}]
        await exchange.let_through(change)


class DateSkew(Action, frozen=True, kw_only=True, tag="date-skew"):
    """Sends a `Date` that is wrong."""

    served = "yes"

    seconds: Annotated[float, Meta(ge=-1e9, le=1e9, description="Ahead of the right one; negative: behind it.")]

    async def run(self, exchange: Exchange) -> None:
        """Answer."""

        def change(headers: MutableHeaders) -> None:
            headers["date"] = http_date(exchange.wall + self.seconds)

        await exchange.let_through(change)


ACTIONS: tuple[type[Action], ...] = (
    Delay,
    Slow,
    Truncate,
    MalformedJson,
    Empty200,
    ContentType,
    ChangeHeaders,
    DateSkew,
)
