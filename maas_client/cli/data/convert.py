"""`maas-ft data convert`."""

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

import click

from maas_client.cli._complete import file_names
from maas_client.cli._options import examples, long_output_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.dataset.convert import Columns, Format

_SHOWN = 20


@click.command(
    epilog=examples(
        "maas-ft data convert faq.csv --to chat -o train.jsonl",
        "maas-ft data convert old.jsonl --system 'You are a clerk.' > train.jsonl",
    )
)
@click.argument("file", metavar="F", shell_complete=file_names)
@click.option("--to", type=click.Choice(["chat"]), default="chat", show_default=True, help="The format to write.")
@click.option(
    "--from",
    "source",
    type=click.Choice(["csv", "tsv", "jsonl", "json"]),
    help="The format of the file; told by its ending and beginning if left out.",
)
@click.option("-o", "--out", metavar="F2", help="Where to write; stdout if left out.")
@click.option("--prompt-column", "prompt", metavar="NAME", help="Column or field of the prompt.")
@click.option("--completion-column", "completion", metavar="NAME", help="Column or field of the answer.")
@click.option("--system", metavar="TEXT", help="Put this system message before conversations that have none.")
@click.option("--skip-invalid", is_flag=True, help="Leave out rows that cannot be converted.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@long_output_option
def convert(
    *,
    file: str,
    output: "Output",
    to: str,  # noqa: ARG001 - there is one format so far; naming it keeps scripts right when there are more
    source: "Format | None",
    out: str | None,
    prompt: str | None,
    completion: str | None,
    system: str | None,
    skip_invalid: bool,
    force: bool,
) -> None:
    """Turn a file of another format into conversations: CSV, TSV, prompt and completion, Alpaca, ShareGPT, JSON arrays.

    A row that cannot be converted is told with its line; then nothing is written, and the exit code is 3.
    """
    from maas_client.dataset.convert import Columns
    from maas_client.dataset.writing import writing

    if output.is_json and out is None:
        raise click.UsageError("With --output json, stdout is for the document: name the file with -o F2.")
    columns = Columns(prompt=prompt, completion=completion, system=system)
    if out is not None:
        with writing(Path(out), force=force) as target:
            done = _convert(file, source, columns, target, skip_invalid=skip_invalid)
        if output.is_json:
            output.document({"out": out, **done})
        else:
            _tell(**done)
        return
    from tempfile import SpooledTemporaryFile

    # Held back until every row is known to be good: what stdout feeds must not get half of a file.
    with SpooledTemporaryFile(64 * 1024 * 1024) as spool:
        done = _convert(file, source, columns, spool, skip_invalid=skip_invalid)
        spool.seek(0)
        stdout = sys.stdout.buffer
        while piece := spool.read(1024 * 1024):
            stdout.write(piece)
        stdout.flush()
    _tell(**done)


class _Done(TypedDict):
    """What became of the rows: how many were converted, were left out, and were of each shape."""

    rows: int
    left_out: int
    shapes: dict[str, int]


def _convert(file: str, source: "Format | None", columns: "Columns", target: IO[bytes], *, skip_invalid: bool) -> _Done:
    from collections import Counter

    from maas_client.cli._output import complain
    from maas_client.dataset.convert import convert as rows
    from maas_client.errors import DatasetError

    shapes: Counter[str] = Counter()
    bad = 0
    for row in rows(file, source=source, columns=columns):
        if row.text is None:
            bad += 1
            if bad <= _SHOWN:
                complain(f"{file}:{row.line}: not converted: {row.problem}.")
            continue
        shapes[row.shape] += 1
        target.write(row.text.encode() + b"\n")
    if bad > _SHOWN:
        complain(f"... and {bad - _SHOWN:,} more.")
    good = shapes.total()
    if not good or (bad and not skip_invalid):
        what = f"{bad:,} of {good + bad:,} rows cannot be converted" if bad else "There are no rows"
        hint = "Correct them, or leave them out: --skip-invalid." if bad else "Name a file that has rows."
        raise DatasetError(f"{what}; nothing was written.", hint=hint)
    return _Done(rows=good, left_out=bad, shapes=dict(shapes.most_common()))


def _tell(*, rows: int, left_out: int, shapes: dict[str, int]) -> None:
    from maas_client.cli._output import talk

    kinds = ", ".join(f"{count:,} {shape}" for shape, count in shapes.items())
    more = f" Left out {left_out:,}." if left_out else ""
    talk(f"Converted {rows:,} {'row' if rows == 1 else 'rows'} ({kinds}).{more}")
