"""Rates: a bucket of tokens for each operation, each workspace, or all that a program matches.

Source: Microsoft Learn, "Understand how Azure Resource Manager throttles requests": token buckets with a capacity and
a refill rate, 429 with Retry-After, and the headers that tell what is left.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta
from starlette.datastructures import MutableHeaders

from maas_client.server.faults.action import Action
from maas_client.server.faults.exchange import Exchange
from maas_client.server.faults.refusals import refuse

_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float

    def refill(self, now: float, capacity: int, per_second: float) -> None:
        self.tokens = min(capacity, self.tokens + max(0.0, now - self.at) * per_second)
        self.at = max(self.at, now)


class Throttle(Action, frozen=True, kw_only=True, tag="throttle"):
    """Counts requests in a bucket that fills up again; answers 429 when it is empty, tells what is left otherwise."""

    served = "unless 429"

    capacity: Annotated[int, Meta(ge=1, description="Requests that a full bucket holds.")]
    per_second: Annotated[float, Meta(gt=0, description="How fast it fills up; by a manual clock where there is one.")]
    by: Annotated[
        Literal["program", "operation", "workspace"], Meta(description="One bucket for all, or one for each.")
    ] = "program"

    async def run(self, exchange: Exchange) -> None:
        """Let the service answer, or refuse."""
        key = {"program": None, "operation": exchange.named.operation, "workspace": exchange.workspace}[self.by]
        bucket = exchange.state.setdefault((self, key), _Bucket(self.capacity, exchange.rate_seconds))
        bucket.refill(exchange.rate_seconds, self.capacity, self.per_second)
        name = f"x-ms-ratelimit-remaining-subscription-{_KINDS.get(exchange.scope['method'], 'writes')}"
        # Less than a millionth is what is lost in counting.
        if bucket.tokens > 1 - 1e-6:
            bucket.tokens -= 1
            left = str(int(bucket.tokens + 1e-6))

            def tell(headers: MutableHeaders) -> None:
                headers[name] = left

            await exchange.let_through(tell)
            return
        await exchange.read()
        answer = refuse(exchange, 429, message="The request is being throttled as the limit has been reached.")
        answer.headers["retry-after"] = str(math.ceil((1 - bucket.tokens) / self.per_second - 1e-6))
        answer.headers[name] = "0"
        await exchange.reply(answer)


ACTIONS: tuple[type[Action], ...] = (Throttle,)
