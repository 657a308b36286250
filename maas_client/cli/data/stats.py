"""`maas-ft data stats`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import file_names, model_names
from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maas_client.cli._output import Output
    from maas_client.dataset.stats import Spread, Stats

_BAR = 40


@click.command(epilog=examples("maas-ft data stats train.jsonl --model Phi-3-mini-4k-instruct"))
@click.argument("files", nargs=-1, required=True, shell_complete=file_names)
@click.option(
    "--model", "model_id", metavar="M", shell_complete=model_names, help="Count the tokens of this base model."
)
@click.option("--tokenizer", "tokenizer_json", metavar="F", help="The model's own tokenizer.json, for exact counts.")
@output_option
def stats(files: tuple[str, ...], *, output: "Output", model_id: str | None, tokenizer_json: str | None) -> None:
    """Show rows, turns and tokens: by role, by length, trained on, cut off. Without a model, no tokens."""
    from maas_client import catalog
    from maas_client.cli.data._files import refuse_missing
    from maas_client.dataset.stats import stats as count
    from maas_client.errors import DatasetError

    if tokenizer_json is not None and model_id is None:
        raise click.UsageError("--tokenizer is that of a model: add --model.")
    refuse_missing(files)
    found = count(files, model=catalog.get(model_id) if model_id else None, tokenizer_json=tokenizer_json)
    if not found.rows:
        reason = f"none of {found.unread:,} rows is one" if found.unread else "there are no rows"
        raise DatasetError(f"There is no conversation to count: {reason}.", hint=f"See: maas-ft data check {files[0]}")
    if output.is_json:
        output.document(found.to_dict())
        return
    for line in _lines(found):
        output.text(line)


def _lines(found: "Stats") -> "Iterator[str]":
    yield f"rows      {found.rows:,}" + (f" ({found.unread:,} more hold no conversation)" if found.unread else "")
    yield f"messages  {found.messages:,}  ({_counts(found.role_messages)})"
    yield f"turns     {_counts({f'of {turns}': rows for turns, rows in found.turns.items()})}"
    if found.tokens is None:
        yield "tokens    not counted: name a model with --model"
        return
    yield f"tokens    {found.tokens.total:,} in all, {found.trained_tokens:,} trained on  ({_worth(found)})"
    yield f"cut off   {found.cut_tokens:,} tokens of {found.cut_rows:,} rows (training keeps {found.limit:,} of a row)"
    yield ""
    yield f"{'':10}{'total':>12}{'least':>9}{'median':>9}{'90 %':>9}{'most':>9}"
    yield _row("a row", found.tokens)
    for role, spread in found.roles.items():
        yield _row(role, spread)
    yield ""
    yield "tokens of a row"
    yield from _histogram(found.tokens)


def _counts(counts: "dict[str, int]") -> str:
    shown = sorted(counts.items(), key=lambda item: -item[1])[:4]
    more = len(counts) - len(shown)
    return ", ".join(f"{count:,} {name}" for name, count in shown) + (
        f", {more} {'other' if more == 1 else 'others'}" if more else ""
    )


def _worth(found: "Stats") -> str:
    if found.band is None:
        note = "" if found.confirmed else ", vocabulary as published, not confirmed"
        return f"exact, {found.tokenizer}{note}"
    low, high = found.band
    return f"estimate, {low - 1:+.0%} to {high - 1:+.0%}"


def _row(name: str, spread: "Spread") -> str:
    numbers = (spread.least, spread.median, spread.p90, spread.most)
    return f"{name[:9]:10}{spread.total:>12,}" + "".join(f"{number:>9,}" for number in numbers)


def _histogram(spread: "Spread") -> "Iterator[str]":
    most = max((count for _, _, count in spread.histogram), default=0)
    for start, end, count in spread.histogram:
        bar = "█" * round(_BAR * count / most) if most else ""
        yield f"{start:>8,} - {end:<8,}{count:>9,}  {bar or ('▏' if count else '')}".rstrip()
