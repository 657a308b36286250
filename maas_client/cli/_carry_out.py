"""Carry out a submission in front of somebody, from wherever it stands; say how to go on when it is stopped."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from maas_client.cli._errors import exit_code
from maas_client.cli._findings import near, size
from maas_client.cli._journal import flags_for
from maas_client.cli._options import Choice
from maas_client.cli._output import Output, complain, talk
from maas_client.cli._target import Target
from maas_client.cli._uploading import follow_upload, tell_file
from maas_client.cli._watching import LOCAL_LIFE, follow, follow_events, tell_deployed, until_it_answers
from maas_client.errors import MaaSError, NotFoundError
from maas_client.resources._names import is_made_up
from maas_client.types import Plan, StepState, SubmissionInfo, SubmissionState

if TYPE_CHECKING:
    from maas_client.client import MaaSClient
    from maas_client.resources.submissions import Submission
    from maas_client.types import Deployment, File, FineTuningJob

_MAY_PASS = frozenset({4, 7, 8, 9, 10})
"""Exit codes of what may go better later: sign-in, a deployment, waiting, an outcome not known, a service out of reach.
"""


@dataclass(slots=True)
class Stage:
    """What is being carried out, for whoever stops it.

    Attributes:
        target: The service.
        output: Of the command.
        submission: Once there is one.
        files: Uploaded so far, by part.
        deployment: Once it is there.
    """

    target: Target
    output: Output
    submission: "Submission | None" = None
    files: "dict[str, File]" = field(default_factory=dict)
    deployment: "Deployment | None" = None


def labels_of(target: Target) -> dict[str, str]:
    """Write down by which options a service was named, so that the run's id is enough to go on."""
    choice = target.choice
    if choice.local:
        return {"local": "yes"}
    profile = target.resolved.profile if target.resolved is not None else None
    named = {"profile": profile, "cloud": choice.cloud}
    return {key: value for key, value in named.items() if value}


def choice_of(info: SubmissionInfo) -> Choice:
    """Read it back."""
    return choice_for(info.plan, info.labels)


def choice_for(plan: Plan, labels: Mapping[str, str]) -> Choice:
    """Return the options by which the service of a plan is found."""
    if labels.get("local"):
        return Choice(local=True)
    names = (plan.subscription_id, plan.resource_group, plan.workspace)
    return Choice(False, labels.get("profile"), *names, labels.get("cloud"))


@contextmanager
def resumable(stage: Stage) -> Iterator[None]:
    """Say last how to go on, whatever stops the work; nothing that was done is lost."""
    from maas_client.cli.main import INTERRUPTED, TERMINATED, stop_code

    try:
        yield
    except KeyboardInterrupt as stop:
        if stage.submission is None:
            raise
        complain(_stopped(stage.submission.info))
        complain(_resume(stage.submission.info))
        raise click.exceptions.Exit(stop_code(stop)) from None
    except click.exceptions.Exit as stop:
        if stage.submission is not None and stop.exit_code in (INTERRUPTED, TERMINATED):
            complain(_resume(stage.submission.info))
        raise
    except MaaSError as error:
        if stage.submission is not None:
            _add_way_on(error, stage.submission.info)
        raise


def carry_out(
    client: "MaaSClient",
    stage: Stage,
    submission: "Submission",
    *,
    until_running: bool = False,
    timeout: float | None = None,
) -> None:
    """Do what is not done yet, and write what came of it on stdout.

    Args:
        client: Where it is done.
        stage: For whoever stops it.
        submission: What is to be done.
        until_running: True to watch until the job runs, where its end is not part of the plan.
        timeout: Seconds to watch the job at most.
    """
    stage.submission = submission
    choice, plan = stage.target.choice, submission.plan
    _upload(submission, stage)
    job = _create(client, submission)
    try:
        if plan.wait:
            events = submission.watch(timeout=timeout)
            job = follow_events(events, submission.wait, job, choice, stage.output, scaled=stage.target.is_emulator)
        elif until_running:
            scaled = stage.target.is_emulator
            job = follow(client, job, choice, stage.output, scaled=scaled, until="running", timeout=timeout)
        if plan.deployment is not None:
            stage.deployment = _deploy(submission, plan.deployment.name, choice)
    except MaaSError as error:
        _add_way_on(error, submission.info)
        _write(stage, getattr(error, "job", job), error)
        raise
    _write(stage, job, None)
    if stage.deployment is not None:
        tell_deployed(stage.deployment, choice, emulator=stage.target.is_emulator)
    elif not plan.wait:
        talk(f"The job goes on.{' ' + LOCAL_LIFE if choice.local else ''}")
        talk(f"Watch it: maas-ft jobs watch {job.name}{choice.flags}")


def _stopped(info: SubmissionInfo) -> str:
    step = info.next_step
    if step is None:
        return "Interrupted; everything was done."
    if step.name == "create-job" and step.state is StepState.SENT:
        return f"Interrupted. The job {info.plan.name} may have been created; going on looks for it first."
    created = any(each.name == "create-job" and each.state is StepState.DONE for each in info.steps)
    return f"Interrupted. The job {info.plan.name} goes on." if created else "Interrupted. No job was created."


def _add_way_on(error: MaaSError, info: SubmissionInfo) -> None:
    """Say with an error that may pass how to go on, once."""
    way = _resume(info)
    if info.state is SubmissionState.OPEN and exit_code(error) in _MAY_PASS and not (error.hint or "").endswith(way):
        error.hint = f"{error.hint} {way}" if error.hint else way


def _resume(info: SubmissionInfo) -> str:
    return f"Resume with: maas-ft runs resume {info.id}{flags_for(info)}"


def _upload(submission: "Submission", stage: Stage) -> None:
    steps = {step.name: step.state for step in submission.info.steps}
    for file in submission.plan.files:
        if steps[f"upload-{file.part}"] is StepState.DONE:  # type: ignore[index] # the two parts of a plan
            stage.files[file.part] = submission.upload(file)
            talk(f"{stage.files[file.part].filename}: uploaded earlier; nothing was sent.")
            continue
        talk(f"Uploading {near(file.path)} ({size(file.bytes)}) ...")
        stage.files[file.part] = follow_upload(submission.upload_events(file))
        tell_file(stage.files[file.part])


def _create(client: "MaaSClient", submission: "Submission") -> "FineTuningJob":
    plan = submission.plan
    before = next(step.state for step in submission.info.steps if step.name == "create-job")
    may_be_there = before is not StepState.PENDING or not is_made_up(plan.name, plan.model)
    existing = _existing(client, plan.name) if may_be_there else None
    job = submission.create_job()
    if existing is None:
        talk(f"Job {job.name} created.")
    else:
        talk(f"Job {job.name} exists already with this definition ({existing.status.value}); it stays one job.")
    return job


def _existing(client: "MaaSClient", name: str) -> "FineTuningJob | None":
    try:
        return client.jobs.get(name)
    except NotFoundError:
        return None


def _deploy(submission: "Submission", name: str, choice: Choice) -> "Deployment":
    talk(f"Deploying {name} ...")
    with until_it_answers(name, choice):
        return submission.deploy()


def _write(stage: Stage, job: "FineTuningJob", error: MaaSError | None) -> None:
    deployment = getattr(error, "deployment", stage.deployment)
    output = stage.output
    if output.is_json:
        from maas_client.cli._errors import describe

        document = {
            "run": stage.submission.id if stage.submission else None,
            "job": job,
            "files": stage.files,
            "deployment": deployment,
            "simulated": job.simulated,
            "target": stage.target.to_dict(),
        }
        output.document(document | ({} if error is None else {"error": describe(error)}))
        return
    output.pairs(
        {
            "job": job.name,
            "status": job.status.value + (" (simulated: nothing is really trained)" if job.simulated else ""),
            "model": job.fine_tuned_model,
            "deployment": deployment.name if deployment else None,
            "url": deployment.inference_uri if deployment else None,
        }
    )
