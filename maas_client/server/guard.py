"""The first thing every request meets: where it may come from, how long its path may be, and the ids of its answer.

Binding to loopback does not keep a browser out: a page may point its own host name at 127.0.0.1 (DNS rebinding), so the
Host header must name this machine on every route, and requests that say they come from elsewhere are refused. The port
in it is not looked at: a page cannot choose it without its name, and a proxy or a forwarded port has another.
"""

import json
import re
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maas_client.server.clock import http_date, wall_seconds

MAX_PATH_BYTES = 8 * 1024
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE | re.ASCII)


class Guard:
    """ASGI middleware; outermost."""

    def __init__(self, app: ASGIApp, port: int, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Guard an app.

        Args:
            app: What answers the requests that may pass.
            port: The port of this server, the only one that an Origin header may name.
            begin: Called with every request.
            end: Called when it has been answered.
        """
        self._app = app
        self._begin, self._end = begin, end
        self._origins = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port in {80, 443} else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one event of the server's life."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._begin()
        try:
            await self._guarded(scope, receive, send)
        finally:
            self._end()

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        ids = {"request": str(uuid.uuid4()), "correlation": str(uuid.uuid4())}
        scope["maas.ids"] = ids
        # What uvicorn calls with a request belongs to it and knows its connection, which faults may have to end.
        scope["maas.transport"] = getattr(getattr(receive, "__self__", None), "transport", None)
        client_id = headers.get("x-ms-client-request-id", "")[:128]

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.setdefault("x-ms-request-id", ids["request"])
                answer.setdefault("x-ms-correlation-request-id", ids["correlation"])
                if client_id:
                    answer.setdefault("x-ms-client-request-id", client_id)
                answer.setdefault("date", http_date(wall_seconds()))
                for name in scope.get("maas.without", ()):  # of a fault
                    del answer[name]
            await send(message)

        problem = self._problem(scope, headers)
        if problem is None:
            await self._app(scope, receive, send_with_ids)
        else:
            await _refuse(send_with_ids, *problem)

    def _problem(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return 403, "HostNotAllowed", "The Host header does not name this server."
        origin = headers.get("origin")
        if origin is not None and origin.lower().removeprefix(f"{scope['scheme']}://") not in self._origins:
            return 403, "OriginNotAllowed", "Requests from other origins are refused."
        if headers.get("sec-fetch-site", "").lower() == "cross-site":
            return 403, "OriginNotAllowed", "Requests from other sites are refused."
        if len(scope.get("raw_path") or b"") > MAX_PATH_BYTES:
            return 414, "RequestUriTooLong", f"The path is longer than {MAX_PATH_BYTES} bytes."
        return None


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps(
        {"error": {"code": code, "message": message, "target": None, "details": [], "additionalInfo": []}}
    ).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
