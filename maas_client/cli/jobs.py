"""`maas-ft jobs`: look at jobs. What changes them is in `_jobs_change`."""

from itertools import islice
from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import job_names
from maas_client.cli._jobs_change import CHANGES
from maas_client.cli._jobs_files import FILES
from maas_client.cli._jobs_metrics import metrics
from maas_client.cli._jobs_watch import watch
from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, examples, parse_filters, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.resources._job_filters import View


@click.group(cls=Group, epilog=examples("maas-ft jobs list --status running --profile prod"))
def jobs() -> None:
    """Fine-tuning jobs."""


for _command in (*CHANGES, *FILES, metrics, watch):
    jobs.add_command(_command)


@jobs.command("list", epilog=examples("maas-ft jobs list --local --status succeeded"))
@click.option("--status", metavar="S", help="Only jobs that stand there, such as running.")
@click.option("--tag", metavar="K", help="Only jobs that have this tag.")
@click.option(
    "--property",
    "properties",
    metavar="K[=V]",
    multiple=True,
    callback=parse_filters,
    help="Only jobs that have this property; may be repeated.",
)
@click.option(
    "--view",
    type=click.Choice(["active", "archived", "all"]),
    default="active",
    show_default=True,
    help="Whether archived jobs are shown.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@takes_choice
def list_jobs(
    choice: Choice,
    output: "Output",
    *,
    status: str | None,
    tag: str | None,
    properties: dict[str, str | None],
    view: "View",
    limit: int | None,
) -> None:
    """List jobs."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(islice(client.jobs.list(status=status, tag=tag, properties=properties, view=view), limit))
    if output.is_json:
        output.document(found)
        return
    output.table(
        ("NAME", "STATUS", "CREATED", "MODEL"),
        [
            (job.name, job.status.value, f"{job.created_at:%Y-%m-%d %H:%M}" if job.created_at else "", job.model)
            for job in found
        ],
    )


@jobs.command(epilog=examples("maas-ft jobs get support-bot --local"))
@click.argument("name", shell_complete=job_names)
@takes_choice
def get(choice: Choice, output: "Output", *, name: str) -> None:
    """Show a job."""
    from maas_client.cli._jobs_change import show
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.jobs.get(name), output)


@jobs.command(epilog=examples("maas-ft jobs children support-bot --profile prod"))
@click.argument("name", shell_complete=job_names)
@takes_choice
def children(choice: Choice, output: "Output", *, name: str) -> None:
    """List the parts of a job that are jobs of their own."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.jobs.children(name))
    if output.is_json:
        output.document(found)
        return
    output.table(
        ("NAME", "STATUS", "TYPE", "DISPLAY NAME"),
        [(child.name, child.status.value, child.type or "", child.display_name or "") for child in found],
    )


@jobs.command(
    epilog=examples("maas-ft jobs logs support-bot --local", "maas-ft jobs logs support-bot --follow --profile prod")
)
@click.argument("name", shell_complete=job_names)
@click.option("--follow", "-f", is_flag=True, help="Go on with new lines until the job has ended.")
@takes_choice
def logs(choice: Choice, output: "Output", *, name: str, follow: bool) -> None:
    """Print a job's log; with json and --follow an object a line."""
    from maas_client.cli._target import open_client
    from maas_client.cli._watching import goes_on

    with open_client(choice) as client:
        if output.is_json and not follow:
            output.document({"job": name, "lines": list(client.jobs.logs(name))})
            return
        with goes_on(f"The job {name} goes on.", f"maas-ft jobs logs {name} --follow{choice.flags}", choice):
            for line in client.jobs.logs(name, follow=follow):
                if output.is_json:
                    output.line({"job": name, "line": line})
                else:
                    output.text(line)
