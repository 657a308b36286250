"""The progress of a job: what changed between two looks, how far it has come, and when to look again. Pure."""

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
