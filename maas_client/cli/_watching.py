"""Watch a job: lively on a terminal, a line an event elsewhere; Ctrl-C stops the watching only."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from maas_client.cli._options import Choice
from maas_client.cli._output import Output, complain, is_followed, talk
from maas_client.errors import DeploymentFailedError, JobFailedError, WaitTimeoutError
from maas_client.types import JobStatus
from maas_client.watch import advice

if TYPE_CHECKING:
    from maas_client.cli._redraw import Redrawn
    from maas_client.client import MaaSClient
    from maas_client.resources._job_watch import Until
    from maas_client.types import Deployment, FineTuningJob, JobEvent

_STARTED = frozenset({JobStatus.RUNNING, JobStatus.PAUSING, JobStatus.PAUSED, JobStatus.RESUMING})

LOCAL_LIFE = "Jobs move on whenever the local server runs; that ends by itself after 10 minutes without requests."


def follow(
    client: "MaaSClient",
    job: "FineTuningJob",
    choice: Choice,
    output: Output,
    *,
    scaled: bool,
    as_lines: bool = False,
    until: "Until" = "completed",
    timeout: float | None = None,
    resume_token: str | None = None,
) -> "FineTuningJob":
    """Watch to the end, or until the job runs, and return the job; after the end with its fine-tuned model.

    Args:
        client: Where the job is.
        job: The job.
        choice: What names the service on another command line.
        output: Of the command.
        scaled: True if the service's clock runs otherwise than ours.
        as_lines: True to write each event as a JSON line on stdout.
        until: `running` is enough, or `completed`.
        timeout: Seconds to watch at most.
        resume_token: Of the last event seen.

    Raises:
        JobFailedError: It failed.
        JobCancelledError: It was cancelled.
        WaitTimeoutError: The time is over.
        click.exceptions.Exit: Ctrl-C or SIGTERM.
    """
    events = client.jobs.watch(job, timeout=timeout, resume_token=resume_token)

    def wait() -> "FineTuningJob":
        return client.jobs.wait(job, until=until)

    return follow_events(events, wait, job, choice, output, scaled=scaled, as_lines=as_lines, until=until)


def follow_events(
    events: "Iterable[JobEvent]",
    wait: "Callable[[], FineTuningJob]",
    job: "FineTuningJob",
    choice: Choice,
    output: Output,
    *,
    scaled: bool,
    as_lines: bool = False,
    until: "Until" = "completed",
) -> "FineTuningJob":
    """Show events as they come, then wait for the job with its model; see `follow`."""
    resume = f"maas-ft jobs watch {job.name}{choice.flags}"
    with goes_on(f"The job {job.name} goes on.", resume, choice):
        try:
            with shown(partial(_view, job, scaled=scaled), _say, output, as_lines=as_lines) as show:
                for event in events:
                    show(event)
                    if has_reached(event, until):
                        break
            return wait()
        except WaitTimeoutError as error:
            error.hint = f"Go on watching: {resume}"
            raise
        except JobFailedError as error:
            error.hint = advice(error.job, choice.flags)
            raise


def has_reached(event: "JobEvent", until: "Until") -> bool:
    """Tell whether a watch that goes no further than `until` may end with this event."""
    return until == "running" and event.status in _STARTED


@contextmanager
def goes_on(what: str, resume: str, choice: Choice) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into the message that the work goes on and how to follow it."""
    try:
        yield
    except KeyboardInterrupt as stop:
        from maas_client.cli.main import stop_code

        complain(f"Stopped watching. {what}" + (f" {LOCAL_LIFE}" if choice.local else ""))
        complain(f"Go on watching: {resume}")
        raise click.exceptions.Exit(stop_code(stop)) from None


@contextmanager
def shown(
    view: "Callable[[], Redrawn]", say: "Callable[[JobEvent], None]", output: Output, *, as_lines: bool
) -> "Iterator[Callable[[JobEvent], None]]":
    """Give what shows an event: as JSON lines, lively, or said line by line.

    Args:
        view: Makes what is redrawn, where somebody looks at a terminal.
        say: Says an event elsewhere.
        output: Of the command.
        as_lines: True to write each event as a JSON line on stdout.
    """
    if as_lines:
        yield output.line
    elif is_lively():
        drawn = view()
        with drawn.shown():
            yield drawn.feed
    else:
        yield say


def _view(job: "FineTuningJob", *, scaled: bool) -> "Redrawn":
    from maas_client.cli._live import LiveView

    return LiveView(job, scaled=scaled)


def _say(event: "JobEvent") -> None:
    talk(str(event))


def is_lively() -> bool:
    """Tell whether stderr is a terminal that can redraw, and whether somebody wants to see it."""
    return is_followed(sys.stderr) and os.environ.get("TERM") != "dumb"


def deploy(
    client: "MaaSClient",
    name: str,
    model: str,
    choice: Choice,
    *,
    tags: dict[str, str],
    content_safety: bool | None = None,
) -> "Deployment":
    """Deploy a model and wait until it answers.

    Raises:
        DeploymentFailedError: It did not come up.
        click.exceptions.Exit: Ctrl-C or SIGTERM while waiting.
    """
    talk(f"Deploying {name} ...")
    poller = client.deployments.begin_create(name, model=model, content_safety=content_safety, tags=tags)
    with until_it_answers(name, choice):
        return poller.result()


@contextmanager
def until_it_answers(name: str, choice: Choice) -> Iterator[None]:
    """Show that a deployment is waited for, and say how to go on when the waiting ends."""
    with (
        goes_on(f"The deployment {name} goes on.", f"maas-ft deployments get {name}{choice.flags}", choice),
        _spinning(),
    ):
        try:
            yield
        except DeploymentFailedError as error:
            error.hint = f"Delete it before you create it again: maas-ft deployments delete {name}{choice.flags}"
            raise


@contextmanager
def _spinning() -> Iterator[None]:
    if not is_lively():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("waiting until it answers"):
        yield


def tell_deployed(deployment: "Deployment", choice: Choice, *, emulator: bool) -> None:
    """Say how to go on with a deployment."""
    if not emulator:
        talk(
            f"It is billed by the hour until you delete it: maas-ft deployments delete {deployment.name}{choice.flags}"
        )
    talk(f'Chat with it: maas-ft chat {deployment.name} "Hello"{choice.flags}')
