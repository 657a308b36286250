"""`maas-ft data cost`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import file_names, model_names
from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.dataset.cost import Cost, Price


@click.command(epilog=examples("maas-ft data cost train.jsonl --model Phi-4 --epochs 3 \\\n    --prices prices.toml"))
@click.argument("files", nargs=-1, required=True, shell_complete=file_names)
@click.option("--validation", multiple=True, metavar="F", help="A validation file that belongs to it.")
@click.option("--model", "model_id", metavar="M", shell_complete=model_names, required=True, help="The base model.")
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Passes.")
@click.option("--price-per-1k-tokens", type=click.FloatRange(min=0), metavar="P", help="What 1,000 tokens cost.")
@click.option("--prices", type=click.Path(path_type=Path), metavar="F", help="Take the price from this list (TOML).")
@click.option("--tokenizer", "tokenizer_json", metavar="F", help="The model's own tokenizer.json, for exact counts.")
@output_option
def cost(
    files: tuple[str, ...],
    *,
    output: "Output",
    validation: tuple[str, ...],
    model_id: str,
    epochs: int,
    price_per_1k_tokens: float | None,
    prices: Path | None,
    tokenizer_json: str | None,
) -> None:
    """Work out the tokens that training is billed for, and the amount if a price is given.

    No public source states what fine-tuning these models costs, so no price is built in.
    """
    from maas_client import catalog
    from maas_client.cli.data._files import refuse_missing
    from maas_client.dataset.cost import Price, read_prices
    from maas_client.dataset.cost import cost as work_out
    from maas_client.errors import DatasetError

    if price_per_1k_tokens is not None and prices is not None:
        raise click.UsageError("Give a price or a list of prices, not both.")
    model = catalog.get(model_id)
    refuse_missing((*files, *validation))
    price: Price | None = None
    if price_per_1k_tokens is not None:
        price = Price(price_per_1k_tokens)
    elif prices is not None:
        price = read_prices(prices, model)
    found = work_out(
        files, model=model, epochs=epochs, validation=validation or None, price=price, tokenizer_json=tokenizer_json
    )
    if not found.training_tokens:
        raise DatasetError("No row to train on can be counted.", hint=f"See: maas-ft data check {files[0]}")
    if output.is_json:
        output.document(found.to_dict())
    else:
        output.pairs(_pairs(found, prices))


def _pairs(found: "Cost", prices: Path | None) -> dict[str, object]:
    exact = found.precision == "exact"
    held = f" + {found.validation_tokens:,} validation" if found.validation_tokens else ""
    billed = f"{found.billed_tokens:,} ({found.precision}"
    billed += ")" if exact else f": {found.least_tokens:,} to {found.most_tokens:,})"
    return {
        "model": found.model,
        "tokens": f"{found.training_tokens:,}{held}",
        "epochs": found.epochs,
        "billed tokens": billed,
        "price": _price(found.price, prices, found.model),
        "amount": _amount(found),
    }


def _price(price: "Price | None", prices: Path | None, model: str) -> str:
    if price is None:
        return (
            f"unknown: {prices} has none for {model}" if prices else "unknown: give --price-per-1k-tokens or --prices"
        )
    dated = f", as of {price.dated}" if price.dated else ""
    source = f" ({price.source})" if price.source else ""
    return f"{price.per_1k_tokens:g} {price.currency}".rstrip() + f" per 1,000 tokens{dated}{source}"


def _amount(found: "Cost") -> str | None:
    if found.amount is None:
        return None
    low, high = found.amount
    currency = f" {found.price.currency}" if found.price and found.price.currency else ""
    return f"{low:,.2f}{currency}" if low == high else f"{low:,.2f} to {high:,.2f}{currency}"
