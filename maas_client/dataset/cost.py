"""What training would be billed for: tokens, and money only where somebody gave a price.

Source: the run property `__azureml_ft_training_tokens` is the number that is billed: tokens of training and validation
rows, times epochs (azureml-acft-contrib-hf-nlp 0.0.91, calculate_token_distribution). No public text states prices.
"""

import tomllib
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from maas_client.catalog import CatalogModel
from maas_client.dataset.paths import FilePaths
from maas_client.dataset.stats import stats
from maas_client.dataset.tokens import Precision
from maas_client.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Price:
    """What 1,000 tokens cost.

    Attributes:
        per_1k_tokens: The price.
        currency: Such as `USD`; empty if nobody said.
        dated: The day of the price list, if it says.
        source: Where whoever wrote the list has it from, in their words.
    """

    per_1k_tokens: float
    currency: str = ""
    dated: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """The bill of a job, as far as it can be told.

    Attributes:
        model: Id of the base model.
        epochs: Passes over the rows.
        training_tokens: Of one pass over the training rows, as far as they are kept.
        validation_tokens: The same of the validation rows.
        billed_tokens: Both, times epochs.
        least_tokens: Of an estimate, the least that `billed_tokens` may stand for; else the same number.
        most_tokens: The greatest.
        precision: What the numbers are worth.
        price: The price, if one was given.
        amount: Least and greatest amount; `None` if the price is unknown.
    """

    model: str
    epochs: int
    training_tokens: int
    validation_tokens: int
    billed_tokens: int
    least_tokens: int
    most_tokens: int
    precision: Precision
    price: Price | None
    amount: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-able values."""
        price = None
        if self.price is not None:
            price = {**asdict(self.price), "dated": self.price.dated.isoformat() if self.price.dated else None}
        return {**asdict(self), "price": price}


def cost(
    paths: FilePaths,
    *,
    model: CatalogModel,
    epochs: int,
    validation: FilePaths | None = None,
    price: Price | None = None,
    tokenizer_json: str | None = None,
) -> Cost:
    """Work out what a job would be billed for; return when the files were read to their ends.

    Args:
        paths: The training files, as `check` takes them.
        model: The base model.
        epochs: Passes over the rows, at least 1.
        validation: The validation files.
        price: What 1,000 tokens cost; without it no amount is stated.
        tokenizer_json: The model's own tokenizer.json, for exact numbers.

    Raises:
        ConfigurationError: The number of epochs is none, or the tokenizer.json cannot be used.
        OSError: A file can no longer be read.
    """
    if epochs < 1:
        raise ConfigurationError(f"{epochs} is no number of epochs.", hint="Give 1 or more.")
    training = stats(paths, model=model, tokenizer_json=tokenizer_json)
    held = stats(validation, model=model, tokenizer_json=tokenizer_json) if validation is not None else None
    return bill(
        model,
        epochs=epochs,
        training=Counted(training.kept_tokens, training.band),
        validation=Counted(held.kept_tokens, held.band) if held else Counted(),
        precision=training.precision or "estimate",
        price=price,
    )


class Counted(NamedTuple):
    """The tokens of one pass over the rows of a file, as far as they are kept.

    Attributes:
        tokens: How many.
        band: Of an estimate: the true number as a part of it, at least and at most.
    """

    tokens: int = 0
    band: tuple[float, float] | None = None


def bill(
    model: CatalogModel,
    *,
    epochs: int,
    training: Counted,
    validation: Counted,
    precision: Precision,
    price: Price | None,
) -> Cost:
    """Work out a bill from tokens that were counted.

    Args:
        model: The base model.
        epochs: Passes over the rows.
        training: Of the training rows.
        validation: Of the validation rows.
        precision: What the numbers are worth.
        price: What 1,000 tokens cost; without it no amount is stated.
    """
    parts = [(counted.tokens * epochs, counted.band or (1.0, 1.0)) for counted in (training, validation)]
    least = int(sum(tokens * low for tokens, (low, _) in parts))
    most = -int(-sum(tokens * high for tokens, (_, high) in parts) // 1)
    return Cost(
        model=model.id,
        epochs=epochs,
        training_tokens=training.tokens,
        validation_tokens=validation.tokens,
        billed_tokens=sum(tokens for tokens, _ in parts),
        least_tokens=least,
        most_tokens=most,
        precision=precision,
        price=price,
        amount=(least * price.per_1k_tokens / 1000, most * price.per_1k_tokens / 1000) if price else None,
    )


def read_prices(path: Path, model: CatalogModel) -> Price | None:
    """Read the price of a model from a list; `None` if it has none for it.

        dated = 2026-11-01
        currency = "USD"
        source = "our agreement of October"     # of your choice, shown beside the price
        [training_per_1k_tokens]
        "Phi-4-mini-instruct" = 0.003

    Raises:
        ConfigurationError: The list cannot be read, is not dated, or a price in it is no number.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}.", hint="Check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}.", hint="Correct the file.") from None
    dated, prices = document.get("dated"), document.get("training_per_1k_tokens")
    if not isinstance(dated, date) or not isinstance(prices, dict):
        raise ConfigurationError(
            f"{path} is no list of prices.", hint="It needs dated = 2026-11-01 and a table [training_per_1k_tokens]."
        )
    found = prices.get(model.id)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < float("inf"):
        raise ConfigurationError(f"{path}: the price of {model.id} is no number.", hint="Write a number, 0 or more.")
    return Price(float(found), str(document.get("currency", "")), dated, str(document.get("source", "")))
