"""What a plan says of its data and its cost; a price is only ever what somebody gave."""

import os
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from maas_client.errors import ConfigurationError, CostLimitError
from maas_client.types import Plan, PlannedCost, PlannedData, PlannedPrice

if TYPE_CHECKING:
    from maas_client.catalog import CatalogModel
    from maas_client.dataset import Price, Report


def price_of(prices: "str | os.PathLike[str] | Price | None", model: "CatalogModel") -> "Price | None":
    """Read the price of a model from a list, or take it as it was given.

    Raises:
        ConfigurationError: The list cannot be read, is not dated, or a price in it is no number.
    """
    from maas_client.dataset.cost import Price, read_prices

    if prices is None or not isinstance(prices, Price):
        return None if prices is None else read_prices(Path(prices), model)
    if not 0 <= prices.per_1k_tokens < inf:
        raise ConfigurationError(f"{prices.per_1k_tokens} is no price.", hint="Give a number, 0 or more.")
    return prices


def data_of(report: "Report") -> PlannedData:
    """Sum up a check."""
    return PlannedData(
        rows={file.part: file.rows for file in report.files},
        warnings=report.warnings,
        rules=dict(report.counts),
    )


def cost_of(
    report: "Report | None", model: "CatalogModel", *, n_epochs: int | None, price: "Price | None"
) -> PlannedCost | None:
    """Work out the cost from the tokens that a check counted; `None` if it counted none."""
    from maas_client.dataset.cost import Counted, bill
    from maas_client.dataset.tokens import precision_of
    from maas_client.dataset.tokens.version import template_version, tokenizer_version

    measures = {file.part: file.measure for file in report.files} if report is not None else {}
    if not measures or not all(measures.values()) or report is None or report.model != model.id:
        return None
    counted = {part: Counted(each.kept_tokens, each.band) for part, each in measures.items() if each is not None}
    found = bill(
        model,
        epochs=n_epochs or int(model.hyperparameters["n_epochs"].default),
        training=counted["training"],
        validation=counted.get("validation", Counted()),
        precision=precision_of(model),
        price=price,
    )
    least, most = found.amount or (None, None)
    return PlannedCost(
        tokenizer=tokenizer_version(model),
        template=template_version(model),
        training_tokens=found.training_tokens,
        validation_tokens=found.validation_tokens,
        epochs=found.epochs,
        epochs_chosen=n_epochs is not None,
        billed_tokens=found.billed_tokens,
        least_tokens=found.least_tokens,
        most_tokens=found.most_tokens,
        precision=found.precision,
        price=None if price is None else _planned(price),
        least_amount=least,
        most_amount=most,
    )


def _planned(price: "Price") -> PlannedPrice:
    return PlannedPrice(
        per_1k_tokens=price.per_1k_tokens, currency=price.currency, dated=price.dated, source=price.source
    )


def check_limit(plan: Plan, limit: float | None) -> None:
    """Refuse a plan that may cost more than a limit, or whose cost nobody can tell; `None` is no limit.

    Raises:
        CostLimitError: It is so.
        ConfigurationError: The limit is no amount.
    """
    if limit is None:
        return
    if not 0 <= limit < inf:
        raise ConfigurationError(f"{limit} is no limit of cost.", hint="Give an amount, 0 or more.")
    cost = plan.cost
    if cost is None:
        raise _unknown(
            limit,
            "the tokens of its data were not counted",
            "Give files of this machine, and let them be checked; what the service has already is not counted.",
        )
    if cost.price is None or cost.most_amount is None:
        raise _unknown(
            limit, f"there is no price for {plan.model}", "Give a list that has one: --prices prices.toml (prices=...)."
        )
    if not cost.epochs_chosen:
        raise _unknown(limit, "the number of epochs is left to the service", "Give it: --epochs N (n_epochs=N).")
    if cost.most_amount > limit:
        currency = f" {cost.price.currency}".rstrip()
        raise CostLimitError(
            f"Training may cost {cost.most_amount:,.2f}{currency}, which is more than the limit of "
            f"{limit:,.2f}{currency}; nothing was sent.",
            hint="Train on less data or for fewer epochs, or raise the limit.",
        )


def _unknown(limit: float, why: str, hint: str) -> CostLimitError:
    return CostLimitError(
        f"What training costs is unknown, so the limit of {limit:,.2f} cannot be kept: {why}. Nothing was sent.",
        hint=hint,
    )
