"""Techniques for a training program of one's own: what each takes of a GPU, and which to try first.

The rules, in full. Priorities rule out what the corrected matrix says "No" to, unless it is combined with what has a
"Yes". Memory rules out what cannot fit: at least the bytes a parameter that `techniques.toml` names must fit on each
GPU, parted among them by ZeRO-3; where they do not fit twice, it is tight. Of what is left, what fits well comes before
what is tight, and then LoRA before QLoRA and one GPU before several; who wants to save memory is told QLoRA first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from maas_client.catalog.matrix import Need, Statement, limits, techniques
from maas_client.catalog.models import CatalogModel

Fit = Literal["yes", "tight", "no", "unknown"]

# The first gives up nothing; the others speed, for what GPUs tell each other, or precision.
_ORDER = ("LoRA", "LoRA with ZeRO-3", "QLoRA", "QLoRA with ZeRO-3")
_ORDER_FOR_MEMORY = ("QLoRA", "QLoRA with ZeRO-3", "LoRA", "LoRA with ZeRO-3")


@dataclass(frozen=True, slots=True)
class TrainingMethod:
    """A technique, or two together, on machines of one's own.

    Attributes:
        name: Such as `QLoRA` or `LoRA with ZeRO-3`.
        techniques: The columns of the matrix that it is made of; none if all parameters are trained.
        gigabytes: The least that each GPU must hold, in GB of 10^9 bytes, activations not counted; `None` if unknown.
        fit: Whether that goes into the GPUs that were named; `tight` if activations may not.
        recommended: True for the one to try first.
        reasons: Why, or why not.
    """

    name: str
    techniques: tuple[str, ...]
    gigabytes: float | None
    fit: Fit
    recommended: bool
    reasons: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What advice is asked for."""

    model: CatalogModel
    goal: Need
    priorities: tuple[Need, ...]
    rows: int | None
    gpus: int
    gpu_gigabytes: float | None
    today: date

    def has(self, priority: str) -> bool:
        """Tell whether a priority was named."""
        return any(need.key == priority for need in self.priorities)


def training_methods(asked: Asked) -> Iterator[TrainingMethod]:
    """Yield every technique with what it takes and how it fits."""
    drafts = list(_drafts(asked))
    order = _ORDER_FOR_MEMORY if asked.has("memory") else _ORDER
    fits = {
        name: fit
        for name, parts, gigabytes in drafts
        if (fit := _fit(asked, gigabytes)) != "no" and all(need.corrected & {*parts} for need in asked.priorities)
    }
    best = next((name for wanted in ("yes", "unknown", "tight") for name in order if fits.get(name) == wanted), None)
    for name, parts, gigabytes in drafts:
        reasons = tuple(_reasons(asked, name, parts, gigabytes))
        yield TrainingMethod(name, parts, gigabytes, _fit(asked, gigabytes), bool(asked.gpus) and name == best, reasons)


def _drafts(asked: Asked) -> Iterator[tuple[str, tuple[str, ...], float | None]]:
    billions = asked.model.parameters_billion

    def need(bytes_per_parameter: float | None, parted: int = 1) -> float | None:
        if billions is None or bytes_per_parameter is None:
            return None
        return round(billions * bytes_per_parameter / parted, 1)

    for technique in techniques().values():
        if technique.kind == "adapter":
            yield technique.name, (technique.name,), need(technique.bytes_per_parameter)
            if asked.gpus > 1 and technique.name != "DoRA":
                parts = (technique.name, "ZeRO", "DeepSpeed")
                yield f"{technique.name} with ZeRO-3", parts, need(technique.bytes_per_parameter, asked.gpus)
    everything = limits()["all-parameters"].value
    yield "all parameters", (), need(everything)
    if asked.gpus > 1:
        yield "all parameters with ZeRO-3", ("ZeRO", "DeepSpeed"), need(everything, asked.gpus)


def _fit(asked: Asked, gigabytes: float | None) -> Fit:
    if not asked.gpus or asked.gpu_gigabytes is None or gigabytes is None:
        return "unknown"
    if gigabytes > asked.gpu_gigabytes:
        return "no"
    return "yes" if gigabytes * limits()["activations"].value <= asked.gpu_gigabytes else "tight"


def _reasons(asked: Asked, name: str, parts: tuple[str, ...], gigabytes: float | None) -> Iterator[Statement]:
    if gigabytes is not None and asked.gpu_gigabytes is not None and asked.gpus:
        fit = _fit(asked, gigabytes)
        held = f"{asked.gpu_gigabytes:g} GB"
        words = {
            "no": f"more than {held}",
            "tight": f"what is left of {held} may not hold the activations",
            "yes": f"well within {held}",
        }[fit]
        yield Statement(f"It takes at least {gigabytes:g} GB on each GPU: {words}.")
    if not parts or name.startswith("all"):
        yield limits()["all-parameters"].says
    for need in asked.priorities:
        if not need.corrected & {*parts}:
            yield Statement(f"The matrix does not name it for: {need.scenario.lower()}.", "matrix-corrected")
        for part in parts:
            if part in need.documented:
                yield need.documented[part]
    for part in parts:
        yield from techniques()[part].says
