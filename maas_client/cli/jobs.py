"""`maas-ft jobs`."""

from itertools import islice
from typing import TYPE_CHECKING

import click

from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.types import FineTuningJob

MAIN_METRICS = ("epoch", "loss", "eval_loss", "train_loss", "learning_rate", "grad_norm")
"""What the table shows, in this order."""


@click.group(epilog=examples("maas-ft jobs list --status running --profile prod"))
def jobs() -> None:
    """Fine-tuning jobs."""


@jobs.command("list", epilog=examples("maas-ft jobs list --local --status succeeded"))
@click.option("--status", metavar="S", help="Only jobs that stand there, such as running.")
@click.option("--tag", metavar="K", help="Only jobs that have this tag.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@takes_choice
def list_jobs(choice: Choice, output: "Output", *, status: str | None, tag: str | None, limit: int | None) -> None:
    """List jobs."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(islice(client.jobs.list(status=status, tag=tag), limit))
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
@click.argument("name")
@takes_choice
def get(choice: Choice, output: "Output", *, name: str) -> None:
    """Show a job."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.jobs.get(name), output)


@jobs.command(epilog=examples("maas-ft jobs watch support-bot --profile prod"))
@click.argument("name")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Stop watching after so long.")
@click.option("--resume-token", metavar="T", help="Go on after the event that carried it.")
@takes_choice
def watch(choice: Choice, output: "Output", *, name: str, timeout: float | None, resume_token: str | None) -> None:
    """Watch a job to its end; with json an event a line."""
    from maas_client.cli._target import find_target
    from maas_client.cli._watching import follow
    from maas_client.errors import OperationError

    target = find_target(choice)
    with target.client() as client:
        job = client.jobs.get(name)
        try:
            job = follow(
                client,
                job,
                choice,
                output,
                scaled=target.is_emulator,
                as_lines=output.is_json,
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


@jobs.command(epilog=examples("maas-ft jobs logs support-bot --local"))
@click.argument("name")
@takes_choice
def logs(choice: Choice, output: "Output", *, name: str) -> None:
    """Print a job's log as it is now."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        if output.is_json:
            output.document({"job": name, "lines": list(client.jobs.logs(name))})
            return
        for line in client.jobs.logs(name):
            output.text(line)


@jobs.command(epilog=examples("maas-ft jobs metrics support-bot --local"))
@click.argument("name")
@takes_choice
def metrics(choice: Choice, output: "Output", *, name: str) -> None:
    """Print what training reported, a step a line."""
    from maas_client.cli._output import talk
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        points = client.jobs.metrics(name)
    if output.is_json:
        output.document(points)
        return
    reported = {point.key for point in points}
    keys = [key for key in MAIN_METRICS if key in reported] or sorted(reported)
    steps: dict[int, dict[str, str]] = {}
    for point in points:
        steps.setdefault(point.step, {})[point.key] = f"{point.value:.6g}"
    output.table(
        ("STEP", *keys), [(str(step), *(row.get(key, "-") for key in keys)) for step, row in sorted(steps.items())]
    )
    if hidden := sorted(reported - set(keys)):
        talk(f"With --output json also: {', '.join(hidden)}.")


@jobs.command(epilog=examples("maas-ft jobs cancel support-bot --profile prod"))
@click.argument("name")
@takes_choice
def cancel(choice: Choice, output: "Output", *, name: str) -> None:
    """Stop a job; one that has ended stays as it is."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.jobs.cancel(name), output)


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
            "model": job.fine_tuned_model,
            "trained tokens": None if job.trained_tokens is None else f"{job.trained_tokens:,}",
            "tags": ", ".join(f"{key}={value}" for key, value in job.tags.items()) or None,
            "created": job.created_at.isoformat(timespec="seconds") if job.created_at else None,
            "studio": job.studio_url,
            "error": f"{job.error.code}: {job.error.message}" if job.error else None,
        }
    )
