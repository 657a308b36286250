"""Fine-tune Phi models as a service: check the data, submit, watch, deploy and chat.

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from maas_client.base.lazy import loads

TYPE_CHECKING = False  # what typing calls so; importing typing would cost more than everything else here

if TYPE_CHECKING:
    from maas_client import catalog as catalog
    from maas_client import dataset as dataset
    from maas_client import errors as errors
    from maas_client import testing as testing
    from maas_client import types as types
    from maas_client.client import AsyncMaaSClient, MaaSClient
    from maas_client.errors import MaaSError

__version__ = "0.1.0"

__all__ = ["AsyncMaaSClient", "MaaSClient", "MaaSError", "__version__"]

_HOMES = {
    "AsyncMaaSClient": "maas_client.client",
    "MaaSClient": "maas_client.client",
    "MaaSError": "maas_client.errors",
}
_PACKAGES = frozenset({"catalog", "dataset", "errors", "testing", "types"})


if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there
    __getattr__ = loads(__name__, _HOMES | {name: f"{__name__}.{name}" for name in _PACKAGES})


def __dir__() -> list[str]:
    return sorted({*__all__, *_PACKAGES})
