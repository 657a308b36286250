"""Every action by the name that programs give it. A new action is a class in one of the lists."""

from collections.abc import Mapping

from maas_client.server.faults import answers, changes, crash, cuts, throttle
from maas_client.server.faults.action import Action

KINDS: Mapping[str, type[Action]] = {
    kind.name(): kind for kind in (*answers.ACTIONS, *throttle.ACTIONS, *changes.ACTIONS, *cuts.ACTIONS, *crash.ACTIONS)
}
