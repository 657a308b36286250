"""A plan as people see it, on stderr."""

import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from maas_client import catalog
from maas_client.cli._findings import many, near, size
from maas_client.cli._output import complain, is_terminal, talk
from maas_client.cli._target import Target
from maas_client.types import (
    CheckStatus,
    Plan,
    PlannedCost,
    PlannedData,
    PlannedFile,
    PlannedPrice,
    PlannedRequest,
    PreflightReport,
)

_INDENT = "  "
_NAME_WIDTH = 13
_NARROWEST = 30
"""Columns for a value; a terminal that has fewer breaks lines by itself."""


def show(plan: Plan, target: Target, *, asked_for: bool) -> None:
    """Say on stderr what was found, what it costs, and what will be done; with `--quiet` only if it was asked for."""
    say = complain if asked_for else talk
    for name, value in _lines(plan, target):
        for index, line in enumerate(_wrapped(value)):
            say(f"{_INDENT}{'' if index else name:<{_NAME_WIDTH}} {line}")


def _wrapped(value: str) -> list[str]:
    if not is_terminal(sys.stderr):
        return [value]
    import shutil

    width = max(shutil.get_terminal_size((80, 24)).columns - len(_INDENT) - _NAME_WIDTH - 1, _NARROWEST)
    return textwrap.wrap(value, width, break_long_words=False, break_on_hyphens=False) or [""]


def _lines(plan: Plan, target: Target) -> Iterator[tuple[str, str]]:
    yield "model", plan.model
    yield from _data(plan)
    yield from _compute(plan)
    yield "epochs", _epochs(plan)
    chosen = plan.hyperparameters
    if chosen is not None and chosen.batch_size is not None:
        yield "batch size", str(chosen.batch_size)
    if chosen is not None and chosen.learning_rate is not None:
        yield "learning rate", f"{chosen.learning_rate:g}"
    yield from _cost(plan)
    yield "name", plan.name
    if plan.deployment is not None:
        yield "deployment", f"{plan.deployment.name} (billed by the hour, besides)"
        if plan.deployment.content_safety is False:
            yield "filter", "off"
    yield "target", target.label
    yield from _preflight(plan.preflight)
    yield "requests", _requests(plan.requests)


def _data(plan: Plan) -> Iterator[tuple[str, str]]:
    local = {file.part: file for file in plan.files}
    for part, remote, without in (
        ("training", plan.training_file, ""),
        ("validation", plan.validation_file, "a fifth of the training rows"),
    ):
        file = local.get(part)  # type: ignore[call-overload] # the two parts of a plan
        elsewhere = f"{remote} (at the service; not checked here)" if remote else without
        yield part, elsewhere if file is None else _file(file, plan)
    if plan.data is not None:
        yield "findings", _findings(plan.data)


def _findings(data: PlannedData) -> str:
    counts = {"warning": data.warnings, "note": sum(data.rules.values()) - data.warnings}
    rules = ", ".join(f"{rule} x{count}" for rule, count in data.rules.items())
    said = ", ".join(many(count, noun) for noun, count in counts.items() if count)
    return f"{said}: {rules}" if said else "none"


def _file(file: PlannedFile, plan: Plan) -> str:
    rows = plan.data.rows.get(file.part) if plan.data is not None else None
    counted = f"{many(rows, 'row')}  " if rows is not None else ""
    return f"{near(file.path)}  {counted}{size(file.bytes)}  sha256 {file.sha256[:12]}"


def _compute(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.compute is not None:
        yield "compute", ", ".join(plan.compute.instance_types)
        if plan.compute.tier is not None:
            yield "tier", plan.compute.tier


def _epochs(plan: Plan) -> str:
    chosen = plan.hyperparameters.n_epochs if plan.hyperparameters is not None else None
    if chosen is not None:
        return str(chosen)
    default = catalog.get(plan.model).hyperparameters["n_epochs"].default
    return f"the service's choice (its pipeline's default: {default:g})"


def _cost(plan: Plan) -> Iterator[tuple[str, str]]:
    cost = plan.cost
    if cost is None:
        yield "tokens", "not counted"
        yield "cost", "unknown: the tokens were not counted"
    else:
        yield "tokens", _tokens(cost)
        yield "counted with", f"{cost.tokenizer}, template {cost.template}"
        yield "cost", _amount(cost)
    if plan.max_cost is not None:
        yield "limit", f"{plan.max_cost:,.2f}" + _currency(cost.price if cost else None)


def _tokens(cost: PlannedCost) -> str:
    pass_ = f"{cost.training_tokens:,}" + (f" + {cost.validation_tokens:,}" if cost.validation_tokens else "")
    pass_ = f"({pass_})" if cost.validation_tokens else pass_
    worth = "exact" if cost.precision == "exact" else f"estimate: {cost.least_tokens:,} to {cost.most_tokens:,}"
    epochs = many(cost.epochs, "epoch") + ("" if cost.epochs_chosen else " by default")
    return f"{pass_} x {epochs} = {cost.billed_tokens:,} ({worth})"


def _amount(cost: PlannedCost) -> str:
    price, low, high = cost.price, cost.least_amount, cost.most_amount
    if price is None or low is None or high is None:
        return "price unknown: give a list of prices with --prices"
    money = f"{low:,.2f}" if f"{low:,.2f}" == f"{high:,.2f}" else f"{low:,.2f} to {high:,.2f}"
    said = f"{price.per_1k_tokens:g}{_currency(price)} per 1,000 tokens"
    said += f", as of {price.dated}" if price.dated else ""
    said += f"; {price.source}" if price.source else ""
    return f"{money}{_currency(price)} ({said})"


def _currency(price: PlannedPrice | None) -> str:
    return f" {price.currency}" if price is not None and price.currency else ""


def _preflight(report: PreflightReport | None) -> Iterator[tuple[str, str]]:
    if report is None:
        yield "preflight", "not done"
        return
    counts = {status: sum(check.status is status for check in report.checks) for status in CheckStatus}
    yield "preflight", ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    for check in (*report.failed, *report.warnings):
        fix = f" Fix: {check.hint}" if check.hint else ""
        yield f"  {check.status.value}", f"{check.name.replace('_', '-')}: {check.message}{fix}"


def _requests(requests: Iterable[PlannedRequest]) -> str:
    writes, asks = Counter[str](), 0
    for request in requests:
        if request.method == "PUT":
            writes[request.operation] += request.times
        else:
            asks += request.times
    said = ", ".join(f"{name} x{count}" if count > 1 else name for name, count in writes.items())
    return said + (f", and {asks} that only ask" if asks else "")
