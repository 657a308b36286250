"""`maas-ft jobs watch`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import job_names
from maas_client.cli._options import Choice, examples, takes_choice, until_option, watch_timeout_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.client import MaaSClient
    from maas_client.resources._job_watch import Until
    from maas_client.types import FineTuningJob


@click.command(
    epilog=examples(
        "maas-ft jobs watch support-bot --profile prod",
        "maas-ft jobs watch --all --local",
        "maas-ft jobs watch support-bot --until running --timeout 3600",
    )
)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=job_names)
@click.option("--all", "every", is_flag=True, help="All jobs that have not ended.")
@until_option
@watch_timeout_option
@click.option("--resume-token", metavar="T", help="Go on after the event that carried it.")
@takes_choice
def watch(
    choice: Choice,
    output: "Output",
    *,
    names: tuple[str, ...],
    every: bool,
    until: "Until",
    timeout: float | None,
    resume_token: str | None,
) -> None:
    """Watch jobs to their end; with json an event a line."""
    from maas_client.cli._target import find_target

    if bool(names) is every:
        raise click.UsageError("Name jobs, or give --all.")
    if resume_token is not None and len(names) != 1:
        raise click.UsageError("--resume-token belongs to one job: name that one.")
    target = find_target(choice)
    with target.client() as client:
        if len(names) == 1:
            _one(client, names[0], choice, output, target.is_emulator, until, timeout, resume_token)
        else:
            found = _unended(client) if every else [client.jobs.get(name) for name in dict.fromkeys(names)]
            _many(client, found, choice, output, target.is_emulator, until, timeout)


def _one(
    client: "MaaSClient",
    name: str,
    choice: Choice,
    output: "Output",
    scaled: bool,  # noqa: FBT001, RUF100 - one caller
    until: "Until",
    timeout: float | None,
    resume_token: str | None,
) -> None:
    from maas_client.cli._jobs_change import show
    from maas_client.cli._watching import follow
    from maas_client.errors import OperationError

    job = client.jobs.get(name)
    try:
        job = follow(
            client,
            job,
            choice,
            output,
            scaled=scaled,
            as_lines=output.is_json,
            until=until,
            timeout=timeout,
            resume_token=resume_token,
        )
    except OperationError as error:
        job = getattr(error, "job", job)
        if not output.is_json and job.status.is_terminal:
            show(job, output)
        raise
    if not output.is_json:
        show(job, output)


def _many(
    client: "MaaSClient",
    jobs: "list[FineTuningJob]",
    choice: Choice,
    output: "Output",
    scaled: bool,  # noqa: FBT001, RUF100 - one caller
    until: "Until",
    timeout: float | None,
) -> None:
    from maas_client.cli._output import talk
    from maas_client.cli._watch_many import follow_many, raise_for_ends

    if not jobs:
        talk("Every job has ended.")
        return
    watched = follow_many(client, jobs, choice, output, scaled=scaled, until=until, timeout=timeout)
    if not output.is_json:
        rows = [(each.job.name, each.job.status.value, each.job.fine_tuned_model or "") for each in watched]
        output.table(("NAME", "STATUS", "FINE-TUNED MODEL"), rows)
    raise_for_ends(watched, choice.flags)


def _unended(client: "MaaSClient") -> "list[FineTuningJob]":
    return [job for job in client.jobs.list() if not job.status.is_terminal]
