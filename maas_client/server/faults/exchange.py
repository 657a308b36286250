"""One request and the answer to it, as an action finds them."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maas_client.server.naming import Named
from maas_client.server.service.world import World

_WINDOWS = os.name == "nt"
_NO_LINGER = struct.pack("hh" if _WINDOWS else "ii", 1, 0)
"""The system's `struct linger`: on, for no time."""
_FLUSH_SECONDS = 0.02
BODILESS = frozenset({204, 304})
"""Statuses whose answers have no body. Source: RFC 9110, section 6.4.1."""


@dataclass(slots=True)
class Answer:
    """A whole answer.

    Attributes:
        status: HTTP status.
        headers: Headers.
        body: Body.
    """

    status: int
    headers: MutableHeaders = field(default_factory=MutableHeaders)
    body: bytes = b""

    def replace(self, body: bytes) -> None:
        """Put another body in the place of the one that is there; the length follows."""
        self.body = body
        del self.headers["transfer-encoding"]
        self.headers["content-length"] = str(len(body))


@dataclass(slots=True)
class Exchange:
    """One request, picked by a fault program.

    Attributes:
        app: What answers when it is let through.
        scope: Of the request.
        receive: Where its body comes from.
        send: Where the answer goes.
        named: What it is called.
        world: The service.
        workspace: `subscription/group/workspace` in lower case, or None.
        now: Virtual seconds since the epoch.
        wall: Wall time in seconds since the epoch, by which clients go.
        rate_seconds: Seconds by which rates are counted.
        state: What the program keeps between its requests.
        answered: Told the status of the answer, before it leaves.
    """

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    named: Named
    world: World
    workspace: str | None
    now: float
    wall: float
    rate_seconds: float
    state: dict[Any, Any]
    answered: Callable[[int], None]

    @property
    def headers(self) -> Headers:
        """Headers of the request."""
        return Headers(scope=self.scope)

    async def let_through(self, change: Callable[[MutableHeaders], None] | None = None) -> None:
        """Let the service answer; `change` is given the headers of the answer."""

        async def changed(message: Message) -> None:
            if change is not None and message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                change(headers)
                message = {**message, "headers": headers.raw}
            await self._send(message)

        await self.app(self.scope, self.receive, changed)

    async def serve(self, receive: Receive | None = None) -> Answer | None:
        """Let the service do its work and keep its answer; None: it broke off, because the client went away.

        Args:
            receive: Where it gets the body from, if not from the client as it is.
        """
        answer: Answer | None = None
        pieces: list[bytes] = []
        whole = False

        async def keep(message: Message) -> None:
            nonlocal answer, whole
            if message["type"] == "http.response.start":
                answer = Answer(message["status"], MutableHeaders(raw=list(message["headers"])))
            else:
                pieces.append(message.get("body", b""))
                whole = not message.get("more_body", False)

        await self.app(self.scope, receive or self.receive, keep)
        if answer is None or not whole:
            return None
        answer.body = b"".join(pieces)
        return answer

    async def reply(self, answer: Answer) -> None:
        """Send an answer."""
        await self.begin(answer)
        await self.piece(answer.body, last=True)

    async def begin(self, answer: Answer) -> None:
        """Send the head of an answer."""
        await self._send({"type": "http.response.start", "status": answer.status, "headers": answer.headers.raw})

    async def piece(self, body: bytes, *, last: bool = False) -> None:
        """Send a part of its body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the request's body as it comes."""
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                return
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return

    async def read(self) -> None:
        """Read the request to its end, so that the client reads our answer and not a reset connection."""
        if "expect" not in self.headers:
            async for _ in self.body():
                pass

    async def gone(self) -> None:
        """Wait until the client has gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def gone_within(self, seconds: float) -> bool:
        """Wait so long, in real seconds; True, and at once, when the client goes."""
        try:
            await asyncio.wait_for(self.gone(), seconds)
        except TimeoutError:
            return False
        return True

    async def flushed(self) -> None:
        """Wait until what was sent is on its way."""
        # Loops and TLS write some turns later what was given to them, and tell nobody when they have.
        await asyncio.sleep(_FLUSH_SECONDS)

    async def close(self) -> None:
        """End the connection; what was sent arrives."""
        self._transport().close()
        await self.gone()

    async def reset(self) -> None:
        """End the connection by RST; what was not on its way does not arrive."""
        transport = self._transport()
        connection = transport.get_extra_info("socket")
        if _WINDOWS:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        else:
            # By a copy of the descriptor, for loops need not give the socket itself away.
            with socket.socket(fileno=os.dup(connection.fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        await self.gone()

    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport | None = self.scope.get("maas.transport")
        if transport is None:
            raise LookupError("there is no connection to end: the app is not served by uvicorn")
        return transport

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answered(message["status"])
        await self.send(message)
