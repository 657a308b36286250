"""ASGI middleware that checks what goes by.

JSON and XML answers are held back until they are whole and checked, so that nothing was acknowledged that is not on
record, and so that a strict server can put an error in the place of a wrong answer. Other answers pass at once.
"""

import json
import logging
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maas_client.server.conformance.examine import Examiner, Finding
from maas_client.server.conformance.exchange import Exchange, media_type
from maas_client.server.conformance.record import Record

MAX_KEPT_BYTES = 4 * 1024 * 1024
"""Of a body; a longer one is checked by its headers alone."""

_HELD = frozenset({"application/json", "application/xml"})
_KEPT = _HELD | {"text/xml", "text/event-stream", "application/x-www-form-urlencoded"}
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Body:
    """A body as far as it is kept."""

    keep: bool = True
    data: bytearray = field(default_factory=bytearray)

    def add(self, piece: bytes) -> None:
        if self.keep and len(self.data) + len(piece) <= MAX_KEPT_BYTES:
            self.data += piece
        else:
            self.keep = self.keep and not piece

    def whole(self) -> bytes | None:
        return bytes(self.data) if self.keep else None


class Conformance:
    """Checks every exchange but those of the control routes."""

    def __init__(self, app: ASGIApp, examiner: Examiner, record: Record, *, strict: bool) -> None:
        """Watch an app.

        Args:
            app: What answers.
            examiner: What checks.
            record: Where the findings go.
            strict: An answer that deviates becomes a 500, if it is not on its way already.
        """
        self._app = app
        self._examiner = examiner
        self._record = record
        self._strict = strict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one event of the server's life."""
        if scope["type"] != "http" or scope["path"].startswith("/_maas/"):
            await self._app(scope, receive, send)
            return
        watch = _Watch(scope, receive, send)
        await self._app(scope, watch.receive, watch.send)
        if watch.exchange is None:
            return  # the client went away: there is no answer to check
        finding = self._examiner.examine(watch.exchange)
        self._record.write(finding.line())
        wrong = _complain(finding)
        if wrong and self._strict and watch.held:
            await _refuse(send, wrong)
        else:
            await watch.release()


class _Watch:
    """One exchange as it goes by."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._headers = dict(Headers(scope=scope).items())
        kind = media_type(self._headers)
        self._request = _Body(keep=not kind or kind in _KEPT)
        self._answer = _Body()
        self._start: Message = {}
        self.held: list[Message] = []
        self.exchange: Exchange | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._request.add(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            kind = media_type(dict(Headers(raw=message["headers"])))
            self._answer.keep = not kind or kind in _KEPT
            if kind in _HELD:
                self.held.append(message)
                return
        elif message["type"] == "http.response.body":
            self._answer.add(message.get("body", b""))
            last = not message.get("more_body", False)
            if last:
                self.exchange = self._whole()
            if self.held:
                self.held.append(message)
                if not self._answer.keep:
                    await self.release()
                return
        await self._send(message)

    async def release(self) -> None:
        """Send what was held back."""
        held, self.held = self.held, []
        for message in held:
            await self._send(message)

    def _whole(self) -> Exchange:
        return Exchange(
            method=self._scope["method"],
            path=self._scope["path"],
            query=self._scope["query_string"].decode("latin-1"),
            headers=self._headers,
            body=self._request.whole(),
            status=self._start["status"],
            answer_headers=dict(Headers(raw=self._start["headers"])),
            answer=self._answer.whole(),
        )


def _complain(finding: Finding) -> list[str]:
    """Log what nothing explains; return what is wrong with the answer."""
    for each in finding.unexplained():
        where = f"{finding.operation or finding.exchange.path} {finding.exchange.status}"
        _LOG.error("%s, %s: %s", where, each.document, _words(each.deviation.where, each.deviation.message))
    return [_words(each.deviation.where, each.deviation.message) for each in finding.unexplained("response")]


def _words(where: str, message: str) -> str:
    return f"{where} {message}"


async def _refuse(send: Send, wrong: list[str]) -> None:
    message = f"The server's answer deviates from the contract: {'; '.join(wrong)}."
    body = json.dumps({"error": {"code": "ConformanceViolation", "message": message}}).encode("ascii")
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
