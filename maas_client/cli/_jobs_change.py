"""`maas-ft jobs`: the commands that change a job, and how a job is shown."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import job_names
from maas_client.cli._options import Choice, examples, property_option, tag_option, takes_choice, yes_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.types import FineTuningJob


@click.command(epilog=examples("maas-ft jobs cancel support-bot --profile prod"))
@click.argument("name", shell_complete=job_names)
@takes_choice
def cancel(choice: Choice, output: "Output", *, name: str) -> None:
    """Stop a job; one that has ended stays as it is."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.jobs.cancel(name), output)


@click.command(epilog=examples("maas-ft jobs archive support-bot --profile prod"))
@click.argument("name", shell_complete=job_names)
@takes_choice
def archive(choice: Choice, output: "Output", *, name: str) -> None:
    """Hide a job from lists; its model stays."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.jobs.archive(name), output)


@click.command(epilog=examples("maas-ft jobs restore support-bot --profile prod"))
@click.argument("name", shell_complete=job_names)
@takes_choice
def restore(choice: Choice, output: "Output", *, name: str) -> None:
    """Show an archived job in lists again."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.jobs.restore(name), output)


@click.command(epilog=examples("maas-ft jobs update support-bot --tag stage=prod --local"))
@click.argument("name", shell_complete=job_names)
@click.option("--display-name", metavar="TEXT", help="For people.")
@click.option("--description", metavar="TEXT", help="For people.")
@tag_option
@property_option
@takes_choice
def update(
    choice: Choice,
    output: "Output",
    *,
    name: str,
    display_name: str | None,
    description: str | None,
    tags: dict[str, str],
    properties: dict[str, str],
) -> None:
    """Change a job's names and tags; what is not named stays."""
    from maas_client.cli._target import open_client

    if display_name is None and description is None and not tags and not properties:
        raise click.UsageError("Give --display-name, --description, --tag or --property.")
    with open_client(choice) as client:
        job = client.jobs.update(
            name, display_name=display_name, description=description, tags=tags, properties=properties
        )
    show(job, output)


@click.command(epilog=examples("maas-ft jobs delete support-bot --local"))
@click.argument("name", shell_complete=job_names)
@yes_option
@takes_choice
def delete(choice: Choice, output: "Output", *, name: str, yes: bool) -> None:
    """Delete a job that has ended; its model stays."""
    from maas_client.cli._deletion import delete_and_wait

    delete_and_wait(
        choice,
        output,
        name,
        question=f"Delete the job {name}, its log and its metrics?",
        find=lambda client: client.jobs.get(name),
        begin=lambda client: client.jobs.begin_delete(name),
        look="maas-ft jobs get",
        done=f"Job {name} deleted.",
        yes=yes,
    )


CHANGES = (archive, cancel, delete, restore, update)


def show(job: "FineTuningJob", output: "Output") -> None:
    """Write a job on stdout."""
    if output.is_json:
        output.document(job)
        return
    numbers = job.hyperparameters.model_dump(exclude_none=True)
    output.pairs(
        {
            "job": job.name,
            "status": f"{job.status.value} ({job.raw_status})",
            "simulated": "nothing was really trained" if job.simulated else None,
            "base model": job.model,
            "training file": job.training_file,
            "validation file": job.validation_file,
            "parameters": ", ".join(f"{key} {value:g}" for key, value in numbers.items()) or None,
            "archived": "yes" if job.is_archived else None,
            "model": job.fine_tuned_model,
            "trained tokens": None if job.trained_tokens is None else f"{job.trained_tokens:,}",
            "tags": job.tags,
            "created": job.created_at,
            "studio": job.studio_url,
            "error": f"{job.error.code}: {job.error.message}" if job.error else None,
        }
    )
