"""The action that ends the server."""

from typing import Annotated

from msgspec import Meta

from maas_client.server.crash import POINTS
from maas_client.server.faults.action import Action
from maas_client.server.faults.exchange import Exchange


class Crash(Action, frozen=True, kw_only=True, tag="crash"):
    """Ends the server as kill -9 does when it next comes to a point, in this request or after it."""

    served = "by `at`"

    at: Annotated[
        str,
        Meta(description="The point; `GET /_maas/faults/points` lists them.", extra_json_schema={"enum": [*POINTS]}),
    ]

    def __post_init__(self) -> None:
        """Check that there is such a point."""
        if self.at not in POINTS:
            raise ValueError(f"no point {self.at!r}; GET /_maas/faults/points lists them")

    async def run(self, exchange: Exchange) -> None:
        """Arm the point and let the service answer, if it still can."""
        exchange.world.store.crash.arm(self.at)
        await exchange.let_through()


ACTIONS: tuple[type[Action], ...] = (Crash,)
