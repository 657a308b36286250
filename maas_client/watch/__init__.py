"""The progress of a job: what changed between two looks, how far it has come, and when to look again. Pure.

Names are loaded when they are first used: every client has a cadence, few watch.
"""

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
    "Cadence": "cadence",
    "JobPicture": "picture",
    "Overfitting": "overfitting",
    "Reducer": "reducer",
    "Snapshot": "reducer",
    "Stage": "stages",
    "Stall": "stall",
    "Track": "progress",
    "Turns": "turns",
    "advance": "progress",
    "advice": "causes",
    "next_delay": "cadence",
    "overfit": "overfitting",
    "progress_of": "progress",
    "stage_of": "stages",
}

if not TYPE_CHECKING:  # a checker that saw it would take a misspelt name for one that is there

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
