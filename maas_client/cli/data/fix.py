"""`maas-ft data fix`."""

from typing import TYPE_CHECKING, Literal

import click

from maas_client.cli._complete import file_names
from maas_client.cli._options import examples, long_output_option
from maas_client.cli.data._options import profile_options, selection_options

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.dataset.mend import Mended
    from maas_client.dataset.selection import Selection


@click.command(
    epilog=examples(
        "maas-ft data fix train.jsonl --dry-run",
        "maas-ft data fix train.jsonl -o clean.jsonl --ignore SCH005",
    )
)
@click.argument("file", metavar="F", shell_complete=file_names)
@click.option("-o", "--out", metavar="F2", help="Where to write the mended copy.")
@click.option("--in-place", is_flag=True, help="Replace F; what it was is kept as F.bak.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would change.")
@profile_options
@selection_options
@click.option("--force", is_flag=True, help="Write over files that are there.")
@long_output_option
def fix(
    *,
    file: str,
    output: "Output",
    out: str | None,
    in_place: bool,
    dry_run: bool,
    model_id: str | None,
    service: Literal["azureml", "foundry"],
    method: Literal["supervised", "dpo"],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    force: bool,
) -> None:
    """Mend what a program can mend without guessing.

    Every finding that `data check` calls fixable: encoding, line ends, blank lines, stray commas, spelling of roles and
    keys, values in strings, keys without effect, characters that nobody sees. Rows that need no mending are copied to
    the byte. F2.map.json says from which line of F each line of F2 came, and why.
    """
    from maas_client import catalog
    from maas_client.dataset.mend import mend, mend_in_place
    from maas_client.dataset.profile import Profile
    from maas_client.dataset.selection import Selection

    if sum((out is not None, in_place, dry_run)) != 1:
        raise click.UsageError("Give one of -o F2, --in-place and --dry-run.")
    profile = Profile(service, catalog.get(model_id) if model_id else None, method)
    selection = Selection(profile, select, ignore)
    if dry_run:
        _show(file, selection, output)
        return
    if out is not None:
        done = mend(file, out, selection=selection, force=force)
    else:
        done = mend_in_place(file, selection=selection, force=force)
    if output.is_json:
        output.document(done)
    else:
        _tell(done)


def _tell(done: "Mended") -> None:
    from maas_client.cli._output import talk
    from maas_client.dataset import RULES

    for rule, count in done.rules.items():
        talk(f"  {rule}  {RULES[rule].name}  {count:,} {'line' if count == 1 else 'lines'}")
    talk(f"{done.out}: of {done.lines:,} lines {done.changed:,} changed, {done.removed:,} removed.")
    talk(f"Where each line came from: {done.map}")
    if done.backup:
        talk(f"As it was before: {done.backup}")


def _show(file: str, selection: "Selection", output: "Output") -> None:
    import sys

    from maas_client.cli._output import is_terminal, talk
    from maas_client.dataset.mend import diff

    if output.is_json:
        lines = list(diff(file, selection))
        output.document({"changes": sum(line.startswith("@@") for line in lines), "diff": lines})
        return
    width, changes = 0, 0
    if is_terminal(sys.stdout):
        import shutil

        width = shutil.get_terminal_size((80, 24)).columns
    for line in diff(file, selection):
        changes += line.startswith("@@")
        output.text(line if not width or len(line) <= width else f"{line[: width - 1]}…")
    talk(f"{changes:,} {'line' if changes == 1 else 'lines'} would change. Nothing was written.")
