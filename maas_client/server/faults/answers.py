"""Actions that answer in the service's place: what was asked for is not done."""

import json
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from maas_client.server.clock import http_date
from maas_client.server.faults.action import Action
from maas_client.server.faults.exchange import Answer, Exchange
from maas_client.server.faults.refusals import refuse

RetryAfter = Annotated[
    int | float | str,
    Meta(description="`Retry-After`: seconds; `date:+30` for the date in 30 seconds; any other text as it is."),
]
RetryAfterMs = Annotated[int | float | str, Meta(description="`retry-after-ms`.")]
_DATE = "date:"


class Pass(Action, frozen=True, kw_only=True, tag="pass"):
    """Let the request through as if there were no program."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Let the service answer."""
        await exchange.let_through()


class Status(Action, frozen=True, kw_only=True, tag="status"):
    """Answer with a status. Without `body`, the error has the shape of the interface that was called."""

    status: Annotated[int, Meta(ge=200, le=599, description="HTTP status.")]
    body: Annotated[Any, Meta(description="JSON value, or text that is sent as it is.")] = UNSET
    code: Annotated[str, Meta(description="`error.code`.")] = ""
    message: Annotated[str, Meta(description="`error.message`.")] = ""
    headers: Annotated[dict[str, str], Meta(description="Headers of the answer.")] = field(default_factory=dict)
    retry_after: RetryAfter | UnsetType = UNSET
    retry_after_ms: RetryAfterMs | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check what belongs together."""
        check_retry_after(self.retry_after)

    async def run(self, exchange: Exchange) -> None:
        """Read the request and answer."""
        await exchange.read()
        await exchange.reply(self.answer(exchange))

    def answer(self, exchange: Exchange) -> Answer:
        """Return the answer."""
        answer = refuse(exchange, self.status, self.code, self.message)
        if self.body is not UNSET:
            text = isinstance(self.body, str)
            answer.headers["content-type"] = "text/plain; charset=utf-8" if text else "application/json"
            answer.replace(self.body.encode() if text else json.dumps(self.body).encode())
        hint(exchange, answer, self.retry_after, self.retry_after_ms)
        for name, value in self.headers.items():
            answer.headers[name] = value
        return answer


def check_retry_after(value: float | str | UnsetType) -> None:
    """Check the form of a date.

    Raises:
        ValueError: It begins as one and is none.
    """
    if isinstance(value, str) and value.startswith(_DATE):
        try:
            float(value.removeprefix(_DATE))
        except ValueError:
            raise ValueError(f"retry_after {value!r} is no date: date:+30 is the one in 30 seconds") from None


def hint(
    exchange: Exchange,
    answer: Answer,
    retry_after: float | str | UnsetType,
    retry_after_ms: float | str | UnsetType = UNSET,
) -> None:
    """Say when to come again."""
    if isinstance(retry_after, str) and retry_after.startswith(_DATE):
        answer.headers["retry-after"] = http_date(exchange.wall + float(retry_after.removeprefix(_DATE)))
    elif not isinstance(retry_after, UnsetType):
        answer.headers["retry-after"] = str(retry_after)
    if not isinstance(retry_after_ms, UnsetType):
        answer.headers["retry-after-ms"] = str(retry_after_ms)


ACTIONS: tuple[type[Action], ...] = (Pass, Status)
