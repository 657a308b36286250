"""For people who write tests: the reference server for as long as a test lasts, pytest fixtures, the contract suite.

Names are loaded when they are first used: the pytest plugin of this package passes here in every run of pytest.
"""

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
    "Clock": "workspace",
    "ControlError": "control",
    "Fault": "faults",
    "FaultProxy": "proxy.proxy",
    "Faults": "faults",
    "Requests": "requests",
    "Server": "server",
    "Workspace": "workspace",
    "serving": "server",
}


if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
