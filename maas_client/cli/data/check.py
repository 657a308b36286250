"""`maas-ft data check`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.command(epilog=examples("maas-ft data check train.jsonl --validation held-out.jsonl --model Phi-4"))
@click.argument("files", nargs=-1, required=True)
@click.option("--validation", metavar="F", help="The validation file that belongs to it.")
@click.option("--model", "model_id", metavar="M", help="Apply the rules of this base model too.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Findings shown.")
@output_option
def check(
    files: tuple[str, ...], *, output: "Output", validation: str | None, model_id: str | None, limit: int
) -> None:
    """Check training files for what the service would refuse, skip or misread. Exit code 3 if there is an error.

    Several files are one set of rows. What is named .gz is unpacked on the way; - is standard input.
    """
    from maas_client import catalog
    from maas_client.cli._findings import counts_line, file_line, finding_lines, refuse_bad_paths
    from maas_client.cli._output import talk
    from maas_client.dataset import check as check_files

    model = catalog.get(model_id) if model_id else None
    report = check_files(files, validation=validation, model=model)
    refuse_bad_paths(report)
    if output.is_json:
        output.document(report.to_dict())
    else:
        for line in finding_lines(report, limit):
            output.text(line)
    for summary in report.files:
        talk(f"{file_line(summary)}, {summary.valid_rows:,} usable")
    talk(counts_line(report))
    if not report.ok:
        raise click.exceptions.Exit(3)
