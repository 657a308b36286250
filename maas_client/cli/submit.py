"""`maas-ft submit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maas_client.cli._complete import file_names, model_names, run_names
from maas_client.cli._options import (
    Choice,
    content_safety_option,
    examples,
    property_option,
    tag_option,
    takes_choice,
    until_option,
    watch_timeout_option,
    yes_option,
)

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.resources._job_watch import Until

NEWEST = "@newest"
"""What `--resume` without a run stands for."""


@click.command(
    epilog=examples(
        "maas-ft submit --local --model Phi-3-mini-4k-instruct --train F --deploy",
        "maas-ft submit -f job.yaml --profile prod --yes",
    )
)
@click.option("--model", metavar="M", shell_complete=model_names, help="Base model; see `maas-ft models list`.")
@click.option(
    "--train",
    "training_file",
    metavar="F",
    shell_complete=file_names,
    help="Training file (.jsonl), or its id at the service.",
)
@click.option(
    "--validation", "validation_file", metavar="F", shell_complete=file_names, help="Validation file, likewise."
)
@click.option(
    "-f",
    "--file",
    "job_file",
    metavar="JOB.YAML",
    shell_complete=file_names,
    help="Read the job from a file; options come before it.",
)
@click.option("--name", metavar="N", help="Job name; repeating it with the same job is harmless.")
@click.option("--epochs", "n_epochs", type=int, metavar="N", help="Passes over the training file.")
@click.option("--batch-size", type=int, metavar="N", help="Rows a step and device.")
@click.option("--learning-rate", type=float, metavar="X", help="Peak learning rate, such as 2e-5.")
@click.option("--output-model", metavar="N", help="Name of the fine-tuned model; the job's by default.")
@click.option("--instance-type", "instance_types", metavar="SIZE", multiple=True, help="Train on such a VM of yours.")
@click.option("--tier", type=click.Choice(["Spot", "Basic", "Standard", "Premium"]), help="Its place in the queue.")
@tag_option
@property_option
@click.option("--deploy", is_flag=False, flag_value="@job", metavar="[NAME]", help="Deploy the model afterwards.")
@content_safety_option
@click.option("--watch/--no-watch", default=True, show_default=True, help="Watch the job to its end.")
@until_option
@watch_timeout_option
@click.option("--dry-run", is_flag=True, help="Check and show what would be done; send nothing.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value=NEWEST,
    metavar="[RUN]",
    shell_complete=run_names,
    help="Go on with a run that was stopped.",
)
@yes_option
@click.option("--allow-retired", is_flag=True, help="Try a model that the service has retired.")
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
    yes: bool,
    allow_retired: bool,
    **typed: Any,  # noqa: ANN401 - what click read
) -> None:
    """Check data, upload it, fine-tune a model on it, and watch."""
    if resume is not None:
        _go_on(resume, choice, output, typed, job_file, timeout)
        return
    from maas_client.cli._carry_out import Stage, carry_out, labels_of, resumable
    from maas_client.cli._jobfile import JobFile, read_job_file
    from maas_client.cli._merge import merge
    from maas_client.cli._output import talk
    from maas_client.cli._plan import make_plan
    from maas_client.cli._target import confirm, find_target

    typed["deploy"] = typed["deploy"] or None
    spec = merge(read_job_file(Path(job_file)) if job_file else JobFile(), typed)
    to_the_end = watch and until == "completed"
    if spec.deploy and not to_the_end:
        raise click.UsageError("--deploy needs the job's end: leave out --no-watch and --until, or deploy later.")
    target = find_target(choice)
    plan = make_plan(spec, target, allow_retired=allow_retired)
    plan.show()
    if dry_run:
        talk("Dry run: nothing was sent.")
        _document(output, {"dry_run": True, "plan": plan.to_dict()})
        return
    target.check()
    question = "Create this job? Azure bills fine-tuning."
    if plan.deployment:
        question = "Create this job and deploy its model? Azure bills fine-tuning, and the deployment by the hour."
    confirm(target, question, yes=yes)
    stage = Stage(target, output)
    with resumable(stage), target.client() as client:
        wanted = plan.submission(wait=to_the_end)
        submission = client.submissions.create(plan.model.id, **wanted, labels=labels_of(target))
        carry_out(client, stage, submission, until_running=watch and not to_the_end, timeout=timeout)


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


def _document(output: "Output", value: object) -> None:
    if output.is_json:
        output.document(value)
