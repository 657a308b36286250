"""Actions that answer in the service's place: what was asked for is not done."""

import json
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field
from starlette.datastructures import MutableHeaders

from maas_client.server.faults.action import Action
from maas_client.server.faults.exchange import BODILESS, Answer, Exchange
from maas_client.server.faults.hints import RetryAfter, RetryAfterMs, check_headers, check_retry_after, say_when
from maas_client.server.faults.refusals import refuse, refuse_token

Headers = Annotated[dict[str, str], Meta(description="Headers of the answer.")]
_PAGES = {
    "captive-portal": (
        200,
        "<h1>Welcome to the guest network</h1><form action='/login'><button>Accept</button></form>",
    ),
    "gateway": (502, "<h1>502 Bad Gateway</h1><hr><center>Microsoft-Azure-Application-Gateway/v2</center>"),
}


class Pass(Action, frozen=True, kw_only=True, tag="pass"):
    """Lets the request through as if there were no program."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Let the service answer."""
        await exchange.let_through()


class Status(Action, frozen=True, kw_only=True, tag="status"):
    """Answers with a status. Without `body`, an error has the shape of the interface that was called."""

    status: Annotated[int, Meta(ge=200, le=599, description="HTTP status.")]
    body: Annotated[Any, Meta(description="JSON value, or text that is sent as it is.")] = UNSET
    code: Annotated[str, Meta(description="`error.code`.")] = ""
    message: Annotated[str, Meta(description="`error.message`.")] = ""
    headers: Headers = field(default_factory=dict)
    retry_after: RetryAfter | UnsetType = UNSET
    retry_after_ms: RetryAfterMs | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check what is sent as it is."""
        check_headers([*self.headers.items(), ("x-ms-error-code", self.code)])
        check_retry_after(self.retry_after)
        check_headers([("retry-after-ms", str(self.retry_after_ms))])
        if self.status in BODILESS and self.body is not UNSET:
            raise ValueError(f"an answer of {self.status} has no body")

    async def run(self, exchange: Exchange) -> None:
        """Read the request and answer."""
        await exchange.read()
        await exchange.reply(self.answer(exchange))

    def answer(self, exchange: Exchange) -> Answer:
        """Return the answer."""
        if self.status < 400:
            answer = Answer(self.status)
            if self.status not in BODILESS:
                answer.replace(b"")
        else:
            answer = refuse(exchange, self.status, self.code, self.message)
        if self.body is not UNSET:
            text = isinstance(self.body, str)
            answer.headers["content-type"] = "text/plain; charset=utf-8" if text else "application/json"
            answer.replace(self.body.encode() if text else json.dumps(self.body).encode())
        say_when(exchange, answer, self.retry_after, self.retry_after_ms)
        for name, value in self.headers.items():
            answer.headers[name] = value
        return answer


class Html(Action, frozen=True, kw_only=True, tag="html"):
    """Answers with a page of something in between: a captive portal with 200, or a gateway with 502."""

    page: Annotated[Literal["captive-portal", "gateway"], Meta(description="Whose page.")] = "gateway"
    headers: Headers = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what is sent as it is."""
        check_headers(self.headers.items())

    async def run(self, exchange: Exchange) -> None:
        """Read the request and answer."""
        status, inside = _PAGES[self.page]
        answer = Answer(status, MutableHeaders({"content-type": "text/html; charset=utf-8", **self.headers}))
        answer.replace(f"<!DOCTYPE html><html><body>{inside}</body></html>\n".encode())
        await exchange.read()
        await exchange.reply(answer)


class ExpiredToken(Action, frozen=True, kw_only=True, tag="expired-token"):
    """Answers 401 as if the token had expired; to storage, as its own errors say it."""

    async def run(self, exchange: Exchange) -> None:
        """Read the request and answer."""
        await exchange.read()
        await exchange.reply(refuse_token(exchange, claims=False))


class ClaimsChallenge(Action, frozen=True, kw_only=True, tag="claims-challenge"):
    """Answers 401 and asks, with `claims`, for a token that is newer than now: continuous access evaluation."""

    async def run(self, exchange: Exchange) -> None:
        """Read the request and answer."""
        await exchange.read()
        await exchange.reply(refuse_token(exchange, claims=True))


class ExpiredSas(Action, frozen=True, kw_only=True, tag="expired-sas"):
    """Answers 403 as storage does to a signature whose time is over."""

    async def run(self, exchange: Exchange) -> None:
        """Read the request and answer."""
        message = (
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
            "correctly including the signature."
        )
        await exchange.read()
        await exchange.reply(refuse(exchange, 403, "AuthenticationFailed", message))


ACTIONS: tuple[type[Action], ...] = (Pass, Status, Html, ExpiredToken, ClaimsChallenge, ExpiredSas)
