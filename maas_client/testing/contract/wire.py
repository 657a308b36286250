"""Raw HTTP for the contract suite: requests as they are written here, answers as they come.

It stands on the client's transport, settings and rules of trust, and on nothing that knows the wire: what the client's
dialect misreads is not misread here too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from maas_client.core import stepping
from maas_client.core.io import Request, Response
from maas_client.core.redact import redact_text
from maas_client.errors import ConnectError, MaaSError, TransportError
from maas_client.resources._session import Session
from maas_client.testing.contract.statement import Violation

T = TypeVar("T")
TIMEOUT_SECONDS = 60.0
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and what it answers.

    Attributes:
        asked: The request in a few words, for people; without query.
        status: HTTP status.
        headers: By lower-case names.
        body: Its bytes.
    """

    asked: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def expect(self, *statuses: int) -> "Answer":
        """Return it if its status is one of these.

        Raises:
            Violation: It is not.
        """
        if self.status not in statuses:
            raise Violation(f"{self} instead of {' or '.join(map(str, statuses))}")
        return self

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Return its JSON.

        Raises:
            Violation: It has none, or does not say that it is JSON.
        """
        kind = self.headers.get("content-type", "")
        if "json" not in kind:
            raise Violation(f"{self} with content type {kind!r} instead of JSON")
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Violation(f"{self} with a body that is not JSON") from error

    def at(self, *path: str | int, kind: type[T] = object) -> T:  # type: ignore[assignment] # object is any type
        """Return the value at a place of its JSON.

        Raises:
            Violation: There is none, or it is of another type.
        """
        value: Any = self.json()
        for done, step in enumerate(path, 1):
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                raise Violation(f"{self} without {_dotted(path[:done])}") from None
        if not isinstance(value, kind):
            raise Violation(f"{self} with {_dotted(path)} {value!r} instead of a value of type {kind.__name__}")
        return value

    def header(self, name: str) -> str:
        """Return a header.

        Raises:
            Violation: It is missing or empty.
        """
        value = self.headers.get(name.lower(), "")
        if not value:
            raise Violation(f"{self} without the header {name}")
        return value

    def refusal(self, *statuses: int) -> Mapping[str, Any]:
        """Return the `error` of a refusal in the form of Azure Resource Manager.

        Raises:
            Violation: It is no refusal with one of these statuses, or not of that form.
        """
        self.expect(*statuses)
        error: dict[str, Any] = self.at("error", kind=dict)
        for name in ("code", "message"):
            if not (isinstance(error.get(name), str) and error[name]):
                raise Violation(f"{self} with error.{name} {error.get(name)!r} instead of a text")
        return error

    def __str__(self) -> str:
        said = f"{self.asked} answered {self.status}"
        if self.status < 400:
            return said
        try:
            error = json.loads(self.body)["error"]
            return redact_text(f"{said} ({error['code']}: {error['message']})"[: _SHOWN + len(said)])
        except (ValueError, KeyError, TypeError):
            code = self.headers.get("x-ms-error-code")
            return f"{said} ({code})" if code else said


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


class Wire:
    """Sends requests for one client's settings, each once: what is answered is what is told."""

    def __init__(self, session: Session) -> None:
        """Send by the transport, credential and rules of trust of a client."""
        self._session = session
        self.target = session.dialect.target
        self.last: Answer | None = None

    def send(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        scope: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Send one request.

        Args:
            method: HTTP method.
            url: Absolute URL.
            body: bytes, or a JSON value, or None.
            headers: Beside those that every request has.
            scope: Sign in with a token for it.
            key: Say, by the rules of trust, that a deployment's key is among the headers.

        Raises:
            Violation: There was no usable answer, or the URL, which an answer gave, leads elsewhere.
        """
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"accept": "application/json", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("content-type", "application/json")
        request = Request("contract", method, url, body=content, scope=scope, key=key)
        self.last = None
        asked = f"{method} {urlsplit(url).path}"
        try:
            self._session.caller.trust.check(request)
            if scope is not None:
                token = stepping.run(self._session.io.token(scope, None))
                sent["authorization"] = f"Bearer {token.value}"
            answer = stepping.run(self._session.io.send(request, headers=sent, timeout=TIMEOUT_SECONDS))
        except TransportError as error:
            raise Violation(f"{asked} had no usable answer: {error}") from error
        except MaaSError as error:
            raise Violation(f"{asked} was not sent: {error}") from error
        self.last = _answer(asked, answer)
        return self.last

    def reach(self) -> None:
        """Knock at the base URL, without a credential; any answer will do.

        Raises:
            ConnectError: Nobody answers there.
        """
        request = Request("contract", "GET", self.target.arm)
        try:
            stepping.run(self._session.io.send(request, headers={}, timeout=TIMEOUT_SECONDS))
        except ConnectError:
            raise
        except TransportError:
            return  # somebody is there; the statements will tell

    def last_request_id(self) -> str:
        """Return the `x-ms-request-id` of the last answer, or nothing."""
        return "" if self.last is None else self.last.headers.get("x-ms-request-id", "")

    def pause(self, seconds: float) -> None:
        """Wait in real time."""
        stepping.run(self._session.io.sleep(seconds))

    def monotonic(self) -> float:
        """Return the seconds of a clock that only moves forward."""
        return stepping.run(self._session.io.monotonic())

    def close(self) -> None:
        """Close its connections."""
        stepping.run(self._session.io.close())


def _answer(asked: str, response: Response) -> Answer:
    return Answer(asked, response.status, response.headers, response.body)
