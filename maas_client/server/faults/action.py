"""What every action of a fault program is: fields that a program gives, and what it does to an exchange."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from maas_client.server.faults.exchange import Exchange


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    """An action. The docstring of a class is what the documentation says of it.

    Attributes:
        served: Whether the service has done what it was asked for when the fault is over, in a word or two.
        operations: Names of the operations that it is for; none: it is for any.
    """

    served: ClassVar[str] = "no"
    operations: ClassVar[tuple[str, ...]] = ()

    times: Annotated[int, Meta(ge=1, le=1_000_000, description="So many occurrences in a row.")] = 1

    @classmethod
    def name(cls) -> str:
        """Return what a program calls it."""
        return str(cls.__struct_config__.tag)

    async def run(self, exchange: Exchange) -> None:
        """Do it: answer, or end the connection, or let the service answer."""
        raise NotImplementedError
