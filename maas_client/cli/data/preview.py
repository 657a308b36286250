"""`maas-ft data preview`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import file_names, model_names
from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maas_client.cli._output import Output
    from maas_client.dataset.preview import Preview, ShownToken


@click.command(epilog=examples("maas-ft data preview train.jsonl --row 7 --model Phi-3-mini-4k-instruct"))
@click.argument("file", metavar="F", shell_complete=file_names)
@click.option("--row", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Which row.")
@click.option("--model", "model_id", metavar="M", shell_complete=model_names, required=True, help="The base model.")
@click.option("--tokenizer", "tokenizer_json", metavar="F", help="The model's own tokenizer.json.")
@output_option
def preview(file: str, *, output: "Output", row: int, model_id: str, tokenizer_json: str | None) -> None:
    """Show what the model sees of a row: template and tokens, what is trained on bright, what is masked dim."""
    from dataclasses import asdict

    from maas_client import catalog
    from maas_client.cli.data._files import refuse_missing
    from maas_client.dataset.preview import preview as show

    refuse_missing([file])
    found = show(file, model=catalog.get(model_id), row=row, tokenizer_json=tokenizer_json)
    if output.is_json:
        output.document(asdict(found))
        return
    import sys

    from maas_client.cli._output import is_terminal

    if is_terminal(sys.stdout):
        _draw(found)
    else:
        for line in _plain(found):
            output.text(line)
    _tell(found)


def _tell(found: "Preview") -> None:
    from maas_client.cli._output import talk

    trained = sum(token.trained and not token.cut for token in found.tokens)
    worth = "exact" if found.precision == "exact" else "estimate: the tokens shown are those of another vocabulary"
    talk(f"{found.file}:{found.line}: {len(found.tokens):,} tokens, {trained:,} trained on ({worth}).")
    cut = sum(token.cut for token in found.tokens)
    if cut:
        talk(f"{cut:,} tokens are beyond the {found.limit:,} that training keeps.")
    if found.left_out:
        talk(f"The template of {found.model} leaves out messages of: {', '.join(found.left_out)}.")


def _runs(found: "Preview") -> "Iterator[tuple[str, list[ShownToken]]]":
    """Give neighbours that are treated alike together."""
    from itertools import groupby

    def kind(token: "ShownToken") -> str:
        return "cut" if token.cut else "trained" if token.trained else "masked"

    for name, tokens in groupby(found.tokens, kind):
        yield name, list(tokens)


def _plain(found: "Preview") -> "Iterator[str]":
    """Give each run under a heading, its tokens parted by bars."""
    for name, tokens in _runs(found):
        yield f"--- {name}: {len(tokens):,} tokens"
        yield "|".join(token.text.replace("\n", "\\n") for token in tokens)


def _draw(found: "Preview") -> None:
    """Draw the tokens: two shades in turn, so that each can be told from the next."""
    from rich.console import Console
    from rich.text import Text

    from maas_client.base.shown import clean

    styles = {
        "trained": ("bold green", "bold bright_green"),
        "masked": ("dim", "dim underline"),
        "cut": ("strike red",) * 2,
    }
    text, count = Text(), 0
    for name, tokens in _runs(found):
        for token in tokens:
            style = "cyan" if token.special and name != "cut" else styles[name][count % 2]
            text.append(clean(token.text.replace("\n", "⏎\n")), style=style)
            count += 1
    console = Console(highlight=False)
    console.print(text)
    console.print(Text.assemble(("trained on", "bold green"), "  ", ("masked", "dim"), "  ", ("special", "cyan")))
