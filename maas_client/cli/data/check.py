"""`maas-ft data check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from maas_client.cli._complete import file_names
from maas_client.cli._options import OUTPUT_KEY, examples
from maas_client.cli.data._options import profile_options, selection_options, token_options

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.dataset import Report

Form = Literal["text", "json", "sarif", "github"]

_SHOWN = 50
_KEPT = 1000


@click.command(
    epilog=examples(
        "maas-ft data check train.jsonl --validation held-out.jsonl --model Phi-4",
        "maas-ft data check train.jsonl --ignore DUP --output sarif > data.sarif",
    )
)
@click.argument("files", nargs=-1, required=True, shell_complete=file_names)
@click.option("--validation", multiple=True, metavar="F", help="A validation file that belongs to it.")
@profile_options
@selection_options
@token_options
@click.option("--baseline", type=click.Path(path_type=Path), metavar="B", help="Leave out the findings in this file.")
@click.option(
    "--write-baseline", type=click.Path(path_type=Path), metavar="B", help="Write what is found to this file, as known."
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="What ends with exit code 3.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Findings listed; 50 as text, else 1000.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes; one a core for large files. Findings are the same.",
)
@click.option(
    "--output",
    "-o",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="json and sarif: one document; github: annotations.",
)
@click.pass_context
def check(
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    validation: tuple[str, ...],
    model_id: str | None,
    service: Literal["azureml", "foundry"],
    method: Literal["supervised", "dpo"],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    tokenizer_json: str | None,
    no_tokens: bool,
    baseline: Path | None,
    write_baseline: Path | None,
    fail_on: str,
    limit: int | None,
    jobs: int | None,
    form: Form,
) -> None:
    """Find what the service would refuse, skip or misread. Exit code 3 if there is an error.

    Several files are one set of rows. What is named .gz is unpacked on the way; - is standard input.
    """
    from maas_client import catalog
    from maas_client.cli._findings import counts_line, file_line, many, refuse_bad_paths, tokens_line
    from maas_client.cli._output import Output, talk
    from maas_client.cli.data._rate import Rate
    from maas_client.dataset import baseline as known
    from maas_client.dataset import check as check_files
    from maas_client.dataset.tokens.conversation import counter

    ctx.meta[OUTPUT_KEY] = output = Output(form)
    shown = limit or (_SHOWN if form == "text" else _KEPT)
    model = catalog.get(model_id) if model_id else None
    rate = Rate()
    try:
        report = check_files(
            files,
            validation=validation or None,
            model=model,
            service=service,
            method=method,
            select=select,
            ignore=ignore,
            jobs=jobs,
            progress=rate,
            tokens=None if no_tokens else counter(model, tokenizer_json),
            limit=known.MAX_FINDINGS if baseline or write_baseline else max(shown, _KEPT),
        )
    finally:
        rate.close()
    refuse_bad_paths(report)
    if write_baseline:
        written = known.write_baseline(write_baseline, report)
        talk(f"{many(written, 'finding')} {'is' if written == 1 else 'are'} known now: {write_baseline}")
        return
    if baseline:
        report = known.read_baseline(baseline).new_in(report)
    failed = report.errors > 0 or (fail_on == "warning" and report.warnings > 0)
    _write(report, form, output, shown, ok=not failed)
    for summary in report.files:
        talk(f"{file_line(summary)}, {summary.valid_rows:,} usable{tokens_line(summary, model, tokenizer_json)}")
    talk(counts_line(report))
    if failed:
        raise click.exceptions.Exit(3)


def _write(report: "Report", form: Form, output: "Output", limit: int, *, ok: bool) -> None:
    if form == "text":
        from maas_client.cli._findings import finding_lines

        for line in finding_lines(report, limit):
            output.text(line)
        return
    report = report.limited(limit)
    if form == "json":
        output.document(report.to_dict() | {"ok": ok})
    elif form == "sarif":
        from maas_client import __version__
        from maas_client.dataset import RULES
        from maas_client.dataset.sarif import to_sarif

        output.document(to_sarif(report, RULES, version=__version__))
    else:
        from maas_client.dataset.github import to_github

        for line in to_github(report):
            output.text(line)
