"""`maas-ft apply`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import file_names
from maas_client.cli._options import Choice, examples, takes_choice, watch_timeout_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.command(epilog=examples("maas-ft apply run.plan", "maas-ft apply run.plan --max-cost 25 --output json"))
@click.argument("plan_file", metavar="FILE", type=click.Path(path_type=Path), shell_complete=file_names)
@click.option("--max-cost", type=click.FloatRange(min=0), metavar="X", help="Refuse if training may cost more.")
@click.option("--ignore-preflight", is_flag=True, help="Go on although its preflight failed.")
@watch_timeout_option
@takes_choice
def apply(
    choice: Choice,
    output: "Output",
    *,
    plan_file: Path,
    max_cost: float | None,
    ignore_preflight: bool,
    timeout: float | None,
) -> None:
    """Do what a plan of `maas-ft plan` says, if nothing moved since: data, model, count of tokens, workspace.

    The plan is the consent: nobody is asked. Applied again it goes on where it was stopped, and stays one job.
    """
    from maas_client.cli._carry_out import Stage, carry_out, choice_for, resumable
    from maas_client.cli._output import talk
    from maas_client.cli._target import find_target
    from maas_client.types import Plan

    plan = Plan.load(plan_file)
    made = f", made {plan.planned_at:%Y-%m-%d %H:%M} UTC" if plan.planned_at else ""
    talk(f"Plan {plan_file}: job {plan.name}{made}.")
    target = find_target(choice if choice.is_given else choice_for(plan, plan.labels))
    target.check()
    stage = Stage(target, output)
    with resumable(stage), target.client() as client:
        submission = client.apply(plan, max_cost=max_cost, ignore_preflight=ignore_preflight)
        carry_out(client, stage, submission, timeout=timeout)
