"""The progress of a job: what changed between two looks, how far it has come, and when to look again. Pure.

Names are loaded when they are first used: every client has a cadence, few watch.
"""

from maas_client.base.lazy import loads

TYPE_CHECKING = False  # what typing calls so; importing typing would cost more

if TYPE_CHECKING:
    from maas_client.watch.cadence import Cadence, next_delay
    from maas_client.watch.causes import advice
    from maas_client.watch.overfitting import Overfitting, overfit
    from maas_client.watch.picture import JobPicture
    from maas_client.watch.progress import Track, advance, progress_of
    from maas_client.watch.reducer import Reducer, Snapshot
    from maas_client.watch.stages import Stage, stage_of
    from maas_client.watch.stall import Stall
    from maas_client.watch.turns import Turns

__all__ = [
    "Cadence",
    "JobPicture",
    "Overfitting",
    "Reducer",
    "Snapshot",
    "Stage",
    "Stall",
    "Track",
    "Turns",
    "advance",
    "advice",
    "next_delay",
    "overfit",
    "progress_of",
    "stage_of",
]

_HOMES = {
    "Cadence": "maas_client.watch.cadence",
    "JobPicture": "maas_client.watch.picture",
    "Overfitting": "maas_client.watch.overfitting",
    "Reducer": "maas_client.watch.reducer",
    "Snapshot": "maas_client.watch.reducer",
    "Stage": "maas_client.watch.stages",
    "Stall": "maas_client.watch.stall",
    "Track": "maas_client.watch.progress",
    "Turns": "maas_client.watch.turns",
    "advance": "maas_client.watch.progress",
    "advice": "maas_client.watch.causes",
    "next_delay": "maas_client.watch.cadence",
    "overfit": "maas_client.watch.overfitting",
    "progress_of": "maas_client.watch.progress",
    "stage_of": "maas_client.watch.stages",
}

if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there
    __getattr__ = loads(__name__, _HOMES)
