"""ASGI middleware that notes every request and what became of it; between the guard and the faults."""

import hashlib
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maas_client.server.clock import monotonic
from maas_client.server.naming import CONTROL
from maas_client.server.requests import redact
from maas_client.server.requests.entry import ANSWERED, CUT, OPEN, UNANSWERED, Entry
from maas_client.server.requests.journal import RequestJournal

MAX_READ_BYTES: Final = 64 * 1024
"""Larger bodies are not looked into."""


class RequestLine:
    """Every request but those of the control routes passes here."""

    def __init__(self, app: ASGIApp, journal: RequestJournal) -> None:
        """Stand before an app and write to a journal."""
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one event of the server's life."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        entry = self._journal.begin(scope)
        body: _Body | None = None
        start = monotonic()

        async def receiving() -> Message:
            nonlocal body
            message = await receive()
            # Most requests have no body.
            if message["type"] == "http.request" and (body is not None or message.get("body")):
                body = body or _Body(entry, scope)
                body.take(message.get("body", b""), last=not message.get("more_body", False))
            return message

        async def sending(message: Message) -> None:
            # Noted before it leaves: whoever has the answer may ask at once what was noted.
            entry.fault = scope.get("maas.fault")
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            elif message["type"] == "http.response.body":
                entry.answer_size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    entry.outcome, entry.seconds = ANSWERED, monotonic() - start
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            entry.fault = scope.get("maas.fault")
            if entry.outcome == OPEN:
                entry.outcome = UNANSWERED if entry.status is None else CUT
                entry.seconds = monotonic() - start


class _Body:
    """The body of a request as it passes: counted, hashed, and looked into when it is small and JSON.

    What carries a credential that somebody may have made up, such as a password in a form, has no digest: it could be
    guessed from that.
    """

    def __init__(self, entry: Entry, scope: Scope) -> None:
        self._entry = entry
        content_type = dict(scope["headers"]).get(b"content-type", b"").lower()
        self._form = content_type.startswith(b"application/x-www-form-urlencoded")
        self._hash = hashlib.sha256()
        self._text = bytearray()

    def take(self, data: bytes, *, last: bool) -> None:
        entry = self._entry
        entry.size += len(data)
        self._hash.update(data)
        if entry.size <= MAX_READ_BYTES:
            self._text += data
        if last and not self._form:
            body = _json(bytes(self._text)) if entry.size <= MAX_READ_BYTES else {}
            entry.fields = redact.fields(body)
            entry.sha256 = None if "keyValue" in body else self._hash.hexdigest()


def _json(text: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
