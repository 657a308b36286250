"""`maas-ft submit`."""

from typing import TYPE_CHECKING, Any

import click

from maas_client.cli._complete import run_names
from maas_client.cli._job_options import job_options, wish_options
from maas_client.cli._options import (
    Choice,
    examples,
    takes_choice,
    until_option,
    watch_timeout_option,
    yes_option,
)

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.cli._target import Target
    from maas_client.resources._job_watch import Until
    from maas_client.types import Plan

NEWEST = "@newest"
"""What `--resume` without a run stands for."""
_WITH_A_PLAN = ", or decide first (maas-ft plan ... -o run.plan) and then apply what you have looked at"


@click.command(
    epilog=examples(
        "maas-ft submit --local --model Phi-3-mini-4k-instruct --train F --deploy",
        "maas-ft submit -f job.yaml --prices prices.toml --max-cost 25 --yes",
    )
)
@job_options
@click.option("--watch/--no-watch", default=True, show_default=True, help="Watch the job to its end.")
@until_option
@watch_timeout_option
@click.option("--dry-run", is_flag=True, help="Check and show what would be done; send nothing.")
@click.option("--preflight", is_flag=True, help="Look first if it could be sent from here.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value=NEWEST,
    metavar="[RUN]",
    shell_complete=run_names,
    help="Go on with a run that was stopped.",
)
@wish_options
@yes_option
@takes_choice
def submit(
    choice: Choice,
    output: "Output",
    *,
    job_file: str | None,
    resume: str | None,
    watch: bool,
    until: "Until",
    timeout: float | None,
    dry_run: bool,
    preflight: bool,
    yes: bool,
    **typed: Any,  # noqa: ANN401 - what click read
) -> None:
    """Check data, upload it, fine-tune a model on it, and watch."""
    terms = {name: typed.pop(name) for name in ("prices", "max_cost", "allow_retired")}
    if resume is not None:
        _go_on(resume, choice, output, typed, job_file, timeout)
        return
    from maas_client.cli._carry_out import Stage, carry_out, labels_of, resumable
    from maas_client.cli._plan import check_job, made, read_wish
    from maas_client.cli._target import find_target

    spec = read_wish(job_file, typed)
    to_the_end = watch and until == "completed"
    if spec.deploy and not to_the_end:
        raise click.UsageError("--deploy needs the job's end: leave out --no-watch and --until, or deploy later.")
    target = find_target(choice)
    wish = check_job(spec, target, terms)
    plan = made(
        wish,
        wait=to_the_end,
        labels=labels_of(target),
        preflight=preflight and not dry_run,
        asked_for=dry_run or not (yes or target.is_emulator),
    )
    if dry_run:
        _say_dry(output, wish.document(plan))
        return
    target.check()
    _ask(target, plan, yes=yes)
    stage = Stage(target, output)
    with resumable(stage), target.client() as client:
        submission = client.apply(plan)
        carry_out(client, stage, submission, until_running=watch and not to_the_end, timeout=timeout)


def _ask(target: "Target", plan: "Plan", *, yes: bool) -> None:
    from maas_client.cli._target import confirm

    question = "Create this job? Azure bills fine-tuning."
    if plan.deployment is not None:
        question = "Create this job and deploy its model? Azure bills fine-tuning, and the deployment by the hour."
    confirm(target, question, yes=yes, or_else=_WITH_A_PLAN)


def _say_dry(output: "Output", document: dict[str, object]) -> None:
    from maas_client.cli._output import talk

    talk("Dry run: nothing was sent.")
    if output.is_json:
        output.document({"dry_run": True, **document})


def _go_on(
    resume: str,
    choice: Choice,
    output: "Output",
    typed: dict[str, Any],
    job_file: str | None,
    timeout: float | None,
) -> None:
    from maas_client.cli.runs import go_on

    if job_file or any(value not in (None, (), {}) for value in typed.values()):
        raise click.UsageError("--resume goes on with what was decided: leave out what describes a job.")
    go_on(None if resume == NEWEST else resume, choice, output, timeout=timeout)
