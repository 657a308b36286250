"""Hyperparameters that no training could use, and those outside of what the model's card names."""

import sys
from typing import TYPE_CHECKING

from maas_client.errors import ConfigurationError

if TYPE_CHECKING:
    from maas_client.catalog.models import CatalogModel


def check_hyperparameters(
    model: "CatalogModel",
    *,
    n_epochs: object = None,
    batch_size: object = None,
    learning_rate: object = None,
) -> list[str]:
    """Refuse impossible values; warn of unusual ones. `None` is the service's default and always passes.

    Args:
        model: The base model.
        n_epochs: Passes over the training file; an integer of at least 1.
        batch_size: Rows a step and device; an integer of at least 1.
        learning_rate: A positive finite number; the card's own range is only a warning, since it is not known what the
            service does outside it.

    Returns:
        Warnings, each a sentence.

    Raises:
        ConfigurationError: A value is impossible. All impossible values are named at once.
    """
    wrong = [*_whole("n_epochs", n_epochs), *_whole("batch_size", batch_size), *_rate(learning_rate)]
    if wrong:
        defaults = ", ".join(f"{name} {bounds.default:g}" for name, bounds in model.hyperparameters.items())
        raise ConfigurationError(" ".join(wrong), hint=f"Defaults of {model.id}: {defaults}.")
    return _outside(model, learning_rate)


def _whole(name: str, value: object) -> list[str]:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return []
    return [f"{name} must be a whole number of at least 1, not {value!r}."]


def _rate(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Compared, not converted: NaN fails every comparison, and an integer may be too large for a float.
        if 0 < value <= sys.float_info.max:
            return []
        if value > sys.float_info.max:
            return ["learning_rate is too large."]
    return [f"learning_rate must be a number above 0, not {value!r}."]


def _outside(model: "CatalogModel", value: object) -> list[str]:
    card = model.hyperparameters["learning_rate"]
    if not isinstance(value, (int, float)) or card.min is None or card.max is None or card.min <= value <= card.max:
        return []
    return [f"learning_rate {value:g} is outside {card.min:g} to {card.max:g}, the range on the card of {model.id}."]
