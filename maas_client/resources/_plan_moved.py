"""Whether a plan still holds: its data, its model, what its tokens were counted with; and whether two are the same."""

from functools import partial
from typing import Any

from maas_client import catalog
from maas_client.backends.azureml.jobs import read_model
from maas_client.errors import ConfigurationError, PlanMovedError
from maas_client.resources._session import Session
from maas_client.types import Plan, PlannedCost, PlannedFile

_DOES = frozenset(
    {
        "service", "resource_manager", "subscription_id", "resource_group", "workspace", "emulator", "name", "model",
        "body", "fingerprint", "files", "wait", "deployment",
    }
)  # fmt: skip
"""What of a plan decides what it does; the rest says what it was decided on."""


async def refuse_moved(session: Session, plan: Plan) -> None:
    """Refuse a plan that was made of what is no longer so; nothing is sent.

    Raises:
        PlanMovedError: Names everything that moved.
    """
    moved = [said for file in plan.files if (said := await _file_moved(session, file)) is not None]
    moved += await _model_moved(session, plan)
    if plan.cost is not None:
        moved += await session.io.offload(partial(_count_moved, plan.model, plan.cost))
    if moved:
        raise PlanMovedError(
            f"This plan no longer holds; nothing was sent. {' '.join(moved)}",
            moved=moved,
            hint="Plan again and look at the difference; or bring back what was planned.",
        )


async def _file_moved(session: Session, file: PlannedFile) -> str | None:
    """Tell whether a file has another content; when it was written, and where it lies on the disk, does not matter."""
    try:
        source = await session.io.open_file(file.path)
    except ConfigurationError as error:
        return str(error)
    try:
        if source.size != file.bytes:
            return f"{file.path} has {source.size:,} bytes, and had {file.bytes:,} when it was planned."
        if await source.sha256() != file.sha256:
            return f"{file.path} has another content than when it was planned."
    finally:
        await source.close()
    return None


async def _model_moved(session: Session, plan: Plan) -> list[str]:
    """Tell whether the model is no longer offered, or the registry's version of it is another."""
    uri, on_compute = read_model(plan.body)
    try:
        base = catalog.get(plan.model)
        catalog.check_finetune(
            base,
            today=(await session.io.now()).date(),
            emulator=plan.emulator,
            allow_retired=plan.allow_retired,
            compute=on_compute,
        )
    except ConfigurationError as error:
        return [str(error)]
    return [] if uri == catalog.uri(base) else [f"The model was {uri}, and is {catalog.uri(base)} now."]


def _count_moved(model: str, cost: PlannedCost) -> list[str]:
    """Tell whether this release counts otherwise than the one that planned."""
    from maas_client.dataset.tokens.version import template_version, tokenizer_version

    try:
        base = catalog.get(model)
    except ConfigurationError:
        return []  # that was told as what moved with the model
    now = {
        "tokenizer": (cost.tokenizer, tokenizer_version(base)),
        "chat template": (cost.template, template_version(base)),
    }
    return [f"The {what} was {old}, and is {new} now." for what, (old, new) in now.items() if old != new]


def same_plan(one: Plan, other: Plan) -> bool:
    """Tell whether two plans do the same; what they say of it, and where an emulator listens, does not count."""
    return _what_it_does(one) == _what_it_does(other)


def same_but_for_name(one: Plan, other: Plan) -> bool:
    """Tell whether two plans do the same under two names that were made up."""
    return _without_name(one) == _without_name(other)


def _what_it_does(plan: Plan) -> dict[str, Any]:
    return plan.model_dump(include={*_DOES} - ({"resource_manager"} if plan.emulator else set()))


def _without_name(plan: Plan) -> str:
    # The fingerprint digests the output model's name, which is the job's by default.
    text = plan.model_dump_json(include={*_DOES} - {"name", "files", "fingerprint"}).replace(plan.fingerprint, "")
    return text.replace(plan.name, "")
