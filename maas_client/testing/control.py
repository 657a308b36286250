"""The control routes of a server, `/_maas/...`: what moves its clock and tells of it."""

import json
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from maas_client.errors import ConfigurationError, MaaSError

TIMEOUT_SECONDS = 60.0
ADMIN_HEADER = "x-maas-admin-token"


class ControlError(MaaSError):
    """A control route of the reference server refused, or did not answer.

    Attributes:
        status: Of its answer; None when there was none.
    """

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Control:
    """Calls the control routes of one server; a connection of its own for each call, so that threads may share it."""

    def __init__(self, url: str, admin_token: str | None, ca_file: str | None = None) -> None:
        """Take the place of a server.

        Args:
            url: Its base URL.
            admin_token: Of its ready line; None asks only what needs none.
            ca_file: Authority of its certificate, if it speaks https.

        Raises:
            ConfigurationError: This is not the base URL of a server.
        """
        parts = urlsplit(url)
        try:
            self._address = parts.hostname or "", parts.port
        except ValueError:
            self._address = "", None
        if parts.scheme not in {"http", "https"} or not self._address[0]:
            raise ConfigurationError(
                f"{url!r} is not the URL of a server.", hint="It looks like http://127.0.0.1:8800."
            )
        self._secure = parts.scheme == "https"
        self._ca_file = ca_file
        self._headers = {} if admin_token is None else {ADMIN_HEADER: admin_token}

    def call(self, method: str, path: str, body: object = None, **query: str | None) -> Any:  # noqa: ANN401 - JSON
        """Call `/_maas/{path}`; return the JSON of its answer, or None if there is none.

        Args:
            method: HTTP method.
            path: Below `/_maas/`.
            body: A JSON value, or None.
            query: Parameters; those that are None are left out.

        Raises:
            ControlError: The server refused, or did not answer.
        """
        given = {name: value for name, value in query.items() if value is not None}
        target = f"/_maas/{path}" + (f"?{urlencode(given)}" if given else "")
        sent = dict(self._headers)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            with closing(self._connection()) as connection:
                connection.request(method, target, data, sent)
                answer = connection.getresponse()
                content = answer.read()
        except (OSError, HTTPException) as error:
            raise ControlError(f"{method} {target}: no answer: {error}", hint="Does the server still run?") from error
        if answer.status >= 300:
            raise ControlError(f"{method} {target}: {answer.status}: {_message(content)}", status=answer.status)
        try:
            return json.loads(content) if content else None
        except ValueError as error:
            raise ControlError(f"{method} {target}: the answer is not JSON", status=answer.status) from error

    def _connection(self) -> HTTPConnection:
        host, port = self._address
        if not self._secure:
            return HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        return HTTPSConnection(
            host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context(cafile=self._ca_file)
        )


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode("utf-8", "replace")
