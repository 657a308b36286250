"""For people who write tests: the reference server for as long as a test lasts, pytest fixtures, the contract suite.

Names are loaded when they are first used: the pytest plugin of this package passes here in every run of pytest.
"""

from maas_client.base.lazy import loads

TYPE_CHECKING = False  # what typing calls so; importing typing would cost more than everything else here

if TYPE_CHECKING:
    from maas_client.testing.control import ControlError
    from maas_client.testing.faults import Fault, Faults
    from maas_client.testing.proxy.proxy import FaultProxy
    from maas_client.testing.requests import Requests
    from maas_client.testing.server import Server, serving
    from maas_client.testing.workspace import Clock, Workspace

__all__ = ["Clock", "ControlError", "Fault", "FaultProxy", "Faults", "Requests", "Server", "Workspace", "serving"]

_HOMES = {
    "Clock": "maas_client.testing.workspace",
    "ControlError": "maas_client.testing.control",
    "Fault": "maas_client.testing.faults",
    "FaultProxy": "maas_client.testing.proxy.proxy",
    "Faults": "maas_client.testing.faults",
    "Requests": "maas_client.testing.requests",
    "Server": "maas_client.testing.server",
    "Workspace": "maas_client.testing.workspace",
    "serving": "maas_client.testing.server",
}


if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there
    __getattr__ = loads(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
