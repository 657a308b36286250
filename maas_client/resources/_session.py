"""What the nouns of one client share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from maas_client.backends.azureml import AzureML
from maas_client.core.call import Caller
from maas_client.core.flow import Flow
from maas_client.core.io import IO
from maas_client.core.retry import Patience
from maas_client.watch import Cadence, Turns

T = TypeVar("T")
C = TypeVar("C", bound=type)


@dataclass(frozen=True, slots=True)
class Session:
    """One client's caller, dialect and habits.

    Attributes:
        caller: Makes the calls.
        dialect: Knows the wire.
        emulator: True if the service is a local reference server.
        cadence: How often to look while watching.
        turns: When whoever follows something may look.
    """

    caller: Caller
    dialect: AzureML
    emulator: bool
    cadence: Cadence
    turns: Turns

    @property
    def io(self) -> IO:
        """The port."""
        return self.caller.io

    async def run(self, flow: Flow[T], patience: Patience | None = None) -> T:
        """Drive a flow to its value; `patience` is what its calls share with others."""
        return await self.caller.run(flow, patience)


def mirrors(asynchronous: type) -> Callable[[C], C]:
    """Give a synchronous class and its methods the docstrings of the asynchronous one, unless they have their own."""

    def decorate(cls: C) -> C:
        cls.__doc__ = cls.__doc__ or asynchronous.__doc__
        for name, member in vars(cls).items():
            twin = getattr(asynchronous, name, None)
            if callable(member) and not name.startswith("_") and twin is not None:
                member.__doc__ = member.__doc__ or twin.__doc__
        return cls

    return decorate
