"""The first thing every request meets: where it may come from, how long its path may be, and the ids of its answer.

Binding to loopback does not keep a browser out: a page may point its own host name at 127.0.0.1 (DNS rebinding), so the
Host header must name this machine on every route, and requests that say they come from elsewhere are refused. The port
in it is not looked at: a page cannot choose it without its name, and a proxy or a forwarded port has another.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maas_client.server.clock import http_date, wall_seconds

MAX_PATH_BYTES = 8 * 1024
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
"""Of all headers together, with their names."""


class Guard:
    """ASGI middleware; outermost."""

    def __init__(
        self, app: ASGIApp, names: Sequence[str], port: int, begin: Callable[[], None], end: Callable[[], None]
    ) -> None:
        """Guard an app.

        Args:
            app: What answers the requests that may pass.
            names: By which this server may be called, as they stand in URLs.
            port: The port of this server, the only one that an Origin header may name.
            begin: Called with every request.
            end: Called when it has been answered.
        """
        self._app = app
        self._begin, self._end = begin, end
        known = "|".join(map(re.escape, names))
        self._host = re.compile(rf"(?:{known})(?::\d{{1,5}})?".encode(), re.IGNORECASE)
        self._origins = {f"{name}:{port}" for name in names} | (set(names) if port in {80, 443} else set())

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
        headers = _named(scope)
        ids = {"request": _new_id(), "correlation": _new_id()}
        scope["maas.ids"] = ids
        # What uvicorn calls with a request belongs to it and knows its connection, which faults may have to end.
        scope["maas.transport"] = getattr(getattr(receive, "__self__", None), "transport", None)
        own = {
            b"x-ms-request-id": ids["request"].encode("ascii"),
            b"x-ms-correlation-request-id": ids["correlation"].encode("ascii"),
        }
        client_ids = headers.get(b"x-ms-client-request-id")
        if client_ids and client_ids[0]:
            own[b"x-ms-client-request-id"] = client_ids[0][:128]

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                own[b"date"] = http_date(wall_seconds()).encode("ascii")
                given = [(name.lower(), value) for name, value in message.get("headers", ())]
                names = {name for name, _ in given}
                added = [item for item in own.items() if item[0] not in names]
                without = {name.lower().encode("latin-1") for name in scope.get("maas.without", ())}  # of a fault
                message["headers"] = [item for item in (*given, *added) if item[0] not in without]
            await send(message)

        problem = self._problem(scope, headers)
        if problem is None:
            await self._app(scope, receive, send_with_ids)
        else:
            await _refuse(send_with_ids, *problem)

    def _problem(self, scope: Scope, headers: Mapping[bytes, list[bytes]]) -> tuple[int, str, str] | None:
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or not self._host.fullmatch(hosts[0]):
            return 403, "HostNotAllowed", "The Host header does not name this server."
        origins = {origin.decode("latin-1").lower() for origin in headers.get(b"origin", ())}
        if any(origin.removeprefix(f"{scope['scheme']}://") not in self._origins for origin in origins):
            return 403, "OriginNotAllowed", "Requests from other origins are refused."
        if b"cross-site" in {site.lower() for site in headers.get(b"sec-fetch-site", ())}:
            return 403, "OriginNotAllowed", "Requests from other sites are refused."
        if len(scope.get("raw_path") or b"") > MAX_PATH_BYTES:
            return 414, "RequestUriTooLong", f"The path is longer than {MAX_PATH_BYTES} bytes."
        if b"transfer-encoding" in headers and b"content-length" in headers:
            # Two readers could see two requests in it.
            return 400, "BadRequest", "A request has a Content-Length or a Transfer-Encoding, not both."
        if len(scope["headers"]) > MAX_HEADERS:
            return 431, "RequestHeaderFieldsTooLarge", f"There are more than {MAX_HEADERS} headers."
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            return 431, "RequestHeaderFieldsTooLarge", f"The headers are longer than {MAX_HEADER_BYTES} bytes."
        return None


def _named(scope: Scope) -> dict[bytes, list[bytes]]:
    """Return the values of every header of a request by its name, which a server gives in lower case."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name, []).append(value)
    return found


def _new_id() -> str:
    """Return a random UUID, as `uuid.uuid4` makes it in four times the time."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


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
