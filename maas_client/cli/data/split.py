"""`maas-ft data split`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import file_names
from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.dataset.split import Together


@click.command(epilog=examples("maas-ft data split all.jsonl --validation 0.1 --seed 7"))
@click.argument("file", metavar="F", shell_complete=file_names)
@click.option(
    "--validation", type=float, required=True, metavar="SHARE", help="Share of the rows to validate with, such as 0.1."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another number takes other rows.")
@click.option("--train-out", metavar="F1", help="Where to write; F.train.jsonl if left out.")
@click.option("--validation-out", metavar="F2", help="Where to write; F.validation.jsonl if left out.")
@click.option(
    "--together",
    type=click.Choice(["prompt", "row"]),
    default="prompt",
    show_default=True,
    help="Keep rows with the same question on one side, or only rows that are the same.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@output_option
def split(
    *,
    file: str,
    output: "Output",
    validation: float,
    seed: int,
    train_out: str | None,
    validation_out: str | None,
    together: "Together",
    force: bool,
) -> None:
    """Part a file into rows to train on and rows to validate with.

    The same file and seed give the same parts on every machine. Rows are copied as they are.
    """
    from maas_client.dataset.split import split as part

    done = part(
        file,
        validation=validation,
        seed=seed,
        training_out=train_out,
        validation_out=validation_out,
        together=together,
        force=force,
    )
    if output.is_json:
        output.document(done)
        return
    output.text(f"{done.training}  {done.training_rows:,} rows")
    output.text(f"{done.validation}  {done.validation_rows:,} rows")
