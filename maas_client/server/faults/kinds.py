"""Every action by the name that programs give it. A new action is a class in one of the lists."""

from collections.abc import Mapping

from maas_client.server.faults import answers, changes, crash, cuts, service, throttle
from maas_client.server.faults.action import Action

_MODULES = (answers, throttle, changes, cuts, service, crash)

KINDS: Mapping[str, type[Action]] = {kind.name(): kind for module in _MODULES for kind in module.ACTIONS}
"""Every action by the name that programs give it. A new action is a class in one of the lists."""
