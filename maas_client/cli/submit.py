"""`maas-ft submit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maas_client.cli._options import (
    Choice,
    content_safety_option,
    examples,
    property_option,
    tag_option,
    takes_choice,
    yes_option,
)

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.cli._plan import Plan
    from maas_client.client import MaaSClient
    from maas_client.errors import MaaSError
    from maas_client.types import Deployment, File, FineTuningJob


@click.command(
    epilog=examples(
        "maas-ft submit --local --model Phi-3-mini-4k-instruct --train F --deploy",
        "maas-ft submit -f job.yaml --profile prod --yes",
    )
)
@click.option("--model", metavar="M", help="Base model; see `maas-ft models list`.")
@click.option("--train", "training_file", metavar="F", help="Training file (.jsonl), or its id at the service.")
@click.option("--validation", "validation_file", metavar="F", help="Validation file, likewise.")
@click.option("-f", "--file", "job_file", metavar="JOB.YAML", help="Read the job from a file; options come before it.")
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
@click.option("--dry-run", is_flag=True, help="Check and show what would be done; send nothing.")
@yes_option
@click.option("--allow-retired", is_flag=True, help="Try a model that the service has retired.")
@takes_choice
def submit(
    choice: Choice,
    output: "Output",
    *,
    job_file: str | None,
    watch: bool,
    dry_run: bool,
    yes: bool,
    allow_retired: bool,
    **typed: Any,  # noqa: ANN401 - what click read
) -> None:
    """Check data, upload it, fine-tune a model on it, and watch."""
    from maas_client.cli._jobfile import JobFile, read_job_file
    from maas_client.cli._merge import merge
    from maas_client.cli._output import talk
    from maas_client.cli._plan import make_plan
    from maas_client.cli._target import confirm, find_target

    typed["deploy"] = typed["deploy"] or None
    spec = merge(read_job_file(Path(job_file)) if job_file else JobFile(), typed)
    if spec.deploy and not watch:
        raise click.UsageError("--deploy needs the job's end: leave out --no-watch, or deploy later.")
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
    with target.client() as client:
        _carry_out(client, plan, output, watch=watch)


def _carry_out(client: "MaaSClient", plan: "Plan", output: "Output", *, watch: bool) -> None:
    from maas_client.cli._output import talk
    from maas_client.cli._watching import LOCAL_LIFE, interrupted, tell_deployed
    from maas_client.errors import MaaSError

    choice, emulator = plan.target.choice, plan.target.is_emulator
    with interrupted("No job was created."):
        files = _upload(client, plan)
    with interrupted(f"The job may have been created; see: maas-ft jobs get {plan.name}{choice.flags}"):
        job = _create(client, plan, files)
    result = _Result(plan, files, job)
    if watch:
        try:
            result.to_the_end(client, output)
        except MaaSError as error:
            result.write(output, error)
            raise
    result.write(output, None)
    if result.deployment is not None:
        tell_deployed(result.deployment, choice, emulator=emulator)
    elif not watch:
        talk(f"The job goes on.{' ' + LOCAL_LIFE if choice.local else ''}")
        talk(f"Watch it: maas-ft jobs watch {job.name}{choice.flags}")


def _upload(client: "MaaSClient", plan: "Plan") -> "dict[str, File]":
    from maas_client.cli._findings import size
    from maas_client.cli._output import talk
    from maas_client.cli._plan import refuse_changed, tell_file

    files = {}
    for summary in plan.files:
        refuse_changed(summary)
        talk(f"Uploading {summary.path} ({size(summary.bytes)}) ...")
        files[summary.part] = client.files.upload(summary.path, sha256=summary.sha256)
        refuse_changed(summary)
        tell_file(files[summary.part])
    return files


def _create(client: "MaaSClient", plan: "Plan", files: "dict[str, File]") -> "FineTuningJob":
    from maas_client.cli._output import talk
    from maas_client.errors import NotFoundError

    spec = plan.spec
    existing = None
    if plan.is_named:
        try:
            existing = client.jobs.get(plan.name)
        except NotFoundError:
            existing = None
    job = client.jobs.create(
        plan.model.id,
        training_file=files.get("training") or spec.training_file or "",
        validation_file=files.get("validation") or spec.validation_file,
        n_epochs=spec.n_epochs,
        batch_size=spec.batch_size,
        learning_rate=spec.learning_rate,
        name=plan.name,
        output_model=spec.output_model,
        display_name=spec.display_name,
        description=spec.description,
        experiment_name=spec.experiment_name or "maas-client",
        tags=spec.tags,
        properties=spec.properties,
        compute=spec.compute,
        notifications=spec.notifications,
        allow_retired=plan.allow_retired,
    )
    if existing is None:
        talk(f"Job {job.name} created.")
    else:
        talk(f"Job {job.name} exists already with this definition ({existing.status.value}); it stays one job.")
    return job


class _Result:
    """What has come of a plan so far."""

    def __init__(self, plan: "Plan", files: "dict[str, File]", job: "FineTuningJob") -> None:
        self.plan = plan
        self.files = files
        self.job = job
        self.deployment: Deployment | None = None

    def to_the_end(self, client: "MaaSClient", output: "Output") -> None:
        """Watch, and deploy if that was asked for."""
        from maas_client.cli._watching import deploy, follow
        from maas_client.errors import OperationError

        plan, choice = self.plan, self.plan.target.choice
        self.job = follow(client, self.job, choice, output, scaled=plan.target.is_emulator)
        if plan.deploy is None or plan.deployment is None:
            return
        if self.job.fine_tuned_model is None:
            raise OperationError(
                f"The job {self.job.name} has succeeded, but its model is not registered yet; nothing was deployed.",
                hint=f"Later: maas-ft deployments create {plan.deployment} --job {self.job.name}{choice.flags}",
            )
        self.deployment = deploy(
            client,
            plan.deployment,
            self.job.fine_tuned_model,
            choice,
            tags={**plan.spec.tags, **plan.deploy.tags},
            content_safety=plan.deploy.content_safety,
        )

    def write(self, output: "Output", error: "MaaSError | None") -> None:
        """Write it on stdout."""
        job, deployment = getattr(error, "job", self.job), getattr(error, "deployment", self.deployment)
        if output.is_json:
            from maas_client.cli._errors import describe

            document = {"job": job, "files": self.files, "deployment": deployment, "simulated": job.simulated}
            document["target"] = self.plan.target.to_dict()
            output.document(document | ({} if error is None else {"error": describe(error)}))
        else:
            output.pairs(
                {
                    "job": job.name,
                    "status": job.status.value + (" (simulated: nothing is really trained)" if job.simulated else ""),
                    "model": job.fine_tuned_model,
                    "deployment": deployment.name if deployment else None,
                    "url": deployment.inference_uri if deployment else None,
                }
            )


def _document(output: "Output", value: object) -> None:
    if output.is_json:
        output.document(value)
