"""`maas-ft plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maas_client.cli._job_options import job_options, wish_options
from maas_client.cli._options import Choice, examples, takes_choice_and_file

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.types import Plan


@click.command(
    short_help="Decide on a job and show it; send nothing.",
    epilog=examples(
        "maas-ft plan --model Phi-4 --train F --epochs 3 -o run.plan",
        "maas-ft plan -f job.yaml --offline --prices prices.toml --max-cost 25",
    ),
)
@job_options
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the plan there, to apply it.")
@click.option("--watch/--no-watch", default=True, show_default=True, help="Applied, watch the job to its end.")
@click.option("--offline", is_flag=True, help="Do not look if it could be sent from here: no sign-in, no network.")
@wish_options
@takes_choice_and_file
def plan(
    choice: Choice,
    output: "Output",
    *,
    job_file: str | None,
    out: Path | None,
    watch: bool,
    offline: bool,
    **typed: Any,  # noqa: ANN401 - what click read
) -> None:
    """Decide on a job and show it: its data, tokens and cost, whether it could be sent, and every request of it.

    Nothing is uploaded, created or spent. With -o it is kept, to be looked at, agreed on, and applied by `maas-ft
    apply`, which does just that or nothing. If something would stop it, the exit code is what the job would end with.
    """
    from maas_client.cli._carry_out import labels_of
    from maas_client.cli._output import talk
    from maas_client.cli._plan import check_job, made, read_wish
    from maas_client.cli._target import find_target

    terms = {name: typed.pop(name) for name in ("prices", "max_cost", "allow_retired")}
    spec = read_wish(job_file, typed)
    if spec.deploy and not watch:
        raise click.UsageError("--deploy needs the job's end: leave out --no-watch, or deploy later.")
    target = find_target(choice)
    if out is not None or not offline:
        target.check()
    wish = check_job(spec, target, terms)
    decided = made(wish, wait=watch, labels=labels_of(target), preflight=not offline)
    if out is not None:
        decided.save(out)
        talk(f"Plan {out} written. Nothing was sent, and nothing was spent.")
    else:
        talk("Nothing was sent, and nothing was spent. To keep the plan, name a file with -o.")
    if output.is_json:
        output.document({"file": out, **wish.document(decided)})
    _end(decided, out)


def _end(decided: "Plan", out: Path | None) -> None:
    import shlex

    from maas_client.cli._errors import exit_code
    from maas_client.cli._output import talk
    from maas_client.errors import PreflightError

    report = decided.preflight
    if report is not None and not report.ok:
        talk("Its preflight failed: mend what is named above, then plan again.")
        raise click.exceptions.Exit(exit_code(PreflightError("", report=report)))
    if out is not None:
        talk(f"Do it: maas-ft apply {shlex.quote(str(out))}")
