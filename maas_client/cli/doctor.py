"""`maas-ft doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import model_names
from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.command(
    short_help="Look whether a job can be sent from here, and say what to do.",
    epilog=examples(
        "maas-ft doctor --profile prod",
        "maas-ft doctor --model Phi-4-mini-instruct --name support-bot",
    ),
)
@click.option(
    "--model",
    metavar="M",
    shell_complete=model_names,
    help="Is this base model tuned, and in the region of the workspace?",
)
@click.option("--name", metavar="N", help="Is this name of a job free?")
@click.option("--deploy", metavar="D", help="Is this name of a deployment free, and may you deploy?")
@click.option("--data", metavar="F", type=click.Path(path_type=Path), help="Has this training file errors?")
@takes_choice
@click.pass_context
def doctor(
    ctx: click.Context,
    choice: Choice,
    output: "Output",
    model: str | None,
    name: str | None,
    deploy: str | None,
    data: Path | None,
) -> None:
    """Look whether a job can be sent from here, and say what to do.

    Settings, sign-in, clock, proxy and certificates, DNS, the workspace and its parts, your roles, and the storage;
    with the options also what you mean to send. Nothing is written at the service, nothing is started, and within 30
    seconds it is over, whatever hangs.

    The exit code is 0 if nothing failed, warnings or not; else that of the first failure, as any command would end with
    it: 2 settings, 3 data, 4 sign-in or permission, 5 not found, 6 name taken, 10 service out of reach.
    """
    from maas_client.cli._doctor import Screen, examine

    screen = Screen(output)
    for check in examine(choice, screen, model=model, name=name, deploy=deploy, data=data):
        screen.show(check)
    ctx.exit(screen.end())
