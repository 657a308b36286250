"""What is to become of a job, a deployment or an operation, where a fault program has decided it at its beginning.

A fate is stored with the thing, so that it survives a restart, and everything that tells of the thing tells the same.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from maas_client.server.engine import LogLine, PlanError, TrainingPlan

OF_RUNS: Final = frozenset({"run-fails", "run-stuck", "run-silent"})
OF_DEPLOYMENTS: Final = frozenset({"deployment-fails", "deployment-not-online"})
OF_OPERATIONS: Final = frozenset({"operation-gone", "deployment-fails"})
STAGE_OF_FAILURE: Final[Mapping[str, str]] = {"data": "Preparing", "training": "Running", "registration": "Finalizing"}
"""In which status of a job a run fails, by what fails."""
NOT_RESPONDING: Final = "NotResponding"


@dataclass(frozen=True, slots=True)
class Fate:
    """What a fault program has decided.

    Attributes:
        do: Name of the action; empty: nothing is decided.
        fields: Its fields.
    """

    do: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    def stored(self, kinds: frozenset[str]) -> str | None:
        """Return what is stored with a thing that knows these fates."""
        return json.dumps({"do": self.do, **self.fields}) if self.do in kinds else None

    def done_at(self, instant: float) -> float:
        """Return when an operation is done that would be done at an instant."""
        return math.inf if self.do == "operation-stuck" else instant

    @property
    def error(self) -> dict[str, str]:
        """The error of something that fails: `code` and `message`."""
        return {"code": self.fields["code"], "message": self.fields["message"]}


NONE: Final = Fate()


def read(text: str | None) -> Fate:
    """Return a stored fate."""
    return NONE if text is None else of(json.loads(text))


def of(fields: Mapping[str, Any] | None) -> Fate:
    """Return the fate that an action gives, as JSON values."""
    given = dict(fields or {})
    return Fate(given.pop("do", ""), given)


def fated(plan: TrainingPlan, fate: Fate) -> TrainingPlan:
    """Return what happens in a run that has a fate; one that fails before by itself keeps its own."""
    if fate.do == "run-silent":
        return replace(plan, metrics=(), logs=())
    if fate.do == "run-fails":
        return _failing(plan, fate)
    return _held(plan, fate) if fate.do == "run-stuck" else plan


def _failing(plan: TrainingPlan, fate: Fate) -> TrainingPlan:
    middle = _middle(plan, STAGE_OF_FAILURE[fate.fields["stage"]])
    if middle is None:
        return plan
    error = PlanError(**fate.error)
    return replace(
        plan,
        stages=(*(stage for stage in plan.stages if stage[1] <= middle), ("Failed", middle)),
        metrics=tuple(point for point in plan.metrics if point.offset <= middle),
        logs=(
            *(line for line in plan.logs if line.offset <= middle),
            LogLine(middle, f"ERROR: {error.code}: {error.message}"),
        ),
        error=error,
        properties={},
        artifacts={},
    )


def _held(plan: TrainingPlan, fate: Fate) -> TrainingPlan:
    """Stop in the middle of a stage, for a while or for good, and go on from there."""
    status, seconds = fate.fields["status"], fate.fields["seconds"]
    middle = _middle(plan, "Running" if status == NOT_RESPONDING else status)
    if middle is None:
        return plan
    before = tuple(stage for stage in plan.stages if stage[1] <= middle)
    if status == NOT_RESPONDING:
        before = (*before, (NOT_RESPONDING, middle))
    if seconds is None:
        return replace(
            plan,
            stages=before,
            metrics=tuple(point for point in plan.metrics if point.offset <= middle),
            logs=tuple(line for line in plan.logs if line.offset <= middle),
        )
    going_on = (("Running", middle + seconds),) if status == NOT_RESPONDING else ()

    def moved(offset: float) -> float:
        return offset if offset <= middle else offset + seconds

    return replace(
        plan,
        stages=(*before, *going_on, *((word, at + seconds) for word, at in plan.stages if at > middle)),
        metrics=tuple(replace(point, offset=moved(point.offset)) for point in plan.metrics),
        logs=tuple(replace(line, offset=moved(line.offset)) for line in plan.logs),
    )


def _middle(plan: TrainingPlan, status: str) -> float | None:
    """Return the middle of a stage, or None when the plan does not come to it or ends in it by itself."""
    for (word, begin), (after, end) in zip(plan.stages, plan.stages[1:], strict=False):
        if word == status and after != "Failed":
            return round((begin + end) / 2, 3)
    return None
