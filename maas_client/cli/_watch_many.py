"""Watch several jobs at once: a thread for each, and one place where what they tell is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from maas_client.cli._options import Choice
from maas_client.cli._output import Output, talk
from maas_client.cli._watching import goes_on, has_reached, shown
from maas_client.errors import JobCancelledError, JobFailedError, OperationError, WaitTimeoutError
from maas_client.types import JobEvent

if TYPE_CHECKING:
    from maas_client.cli._redraw import Redrawn
    from maas_client.client import MaaSClient
    from maas_client.resources._job_watch import Until
    from maas_client.types import FineTuningJob

_LOOK_SECONDS = 0.5
"""So long a wait for news may hold off Ctrl-C, where the system does not interrupt it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How the watching of one job ended.

    Attributes:
        job: The job, as it was seen last.
        error: Why it was not watched to where it was to be.
    """

    job: "FineTuningJob"
    error: Exception | None = None


def follow_many(
    client: "MaaSClient",
    jobs: "Sequence[FineTuningJob]",
    choice: Choice,
    output: Output,
    *,
    scaled: bool,
    until: "Until" = "completed",
    timeout: float | None = None,
) -> list[Watched]:
    """Watch all jobs to their ends; the arguments are those of `follow`.

    Raises:
        click.exceptions.Exit: Ctrl-C or SIGTERM.
    """
    names = " ".join(job.name for job in jobs)
    told: SimpleQueue[JobEvent | Watched] = SimpleQueue()
    for job in jobs:
        # Nothing is lost with a thread that ends with the process: the jobs go on, and so may a next watch.
        Thread(target=_watch, args=(client, job, until, timeout, told), daemon=True).start()
    ended: dict[str, Watched] = {}
    latest: dict[str, dict[str, object]] = {}
    with (
        goes_on("The jobs go on.", f"maas-ft jobs watch {names}{choice.flags}", choice),
        shown(partial(_view, jobs, scaled=scaled), _say, output, as_lines=output.is_json) as show,
    ):
        while len(ended) < len(jobs):
            try:
                news = told.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            if isinstance(news, JobEvent):
                show(news)
                latest[news.job_name] = {"status": news.status, "raw_status": news.raw_status}
            else:
                job = news.job.model_copy(update=latest.get(news.job.name, {})) if news.error else news.job
                ended[job.name] = Watched(job, news.error)
    return [ended[job.name] for job in jobs]


def raise_for_ends(watched: Sequence[Watched], flags: str) -> None:
    """Raise one error for all jobs that were not watched to their good end.

    Args:
        watched: The jobs.
        flags: What names the service on another command line, with a space before it.

    Raises:
        OperationError: Some failed or were cancelled.
        WaitTimeoutError: The time is over; those that have not ended go on.
    """
    others = [each.error for each in watched if each.error and not isinstance(each.error, OperationError)]
    if others:
        raise others[0]
    bad = [each.job for each in watched if isinstance(each.error, (JobFailedError, JobCancelledError))]
    if bad:
        told = ", ".join(f"{job.name} ({job.status.value})" for job in bad)
        raise OperationError(
            f"{len(bad)} of {len(watched)} jobs did not succeed: {told}.",
            hint=f"See why: maas-ft jobs watch {bad[0].name}{flags}",
        )
    late = [each for each in watched if isinstance(each.error, WaitTimeoutError)]
    if late:
        names = " ".join(each.job.name for each in late)
        raise WaitTimeoutError(
            f"{len(late)} of {len(watched)} jobs have not ended; they go on.",
            resume_token="",
            hint=f"Go on watching: maas-ft jobs watch {names}{flags}",
        )


def _watch(
    client: "MaaSClient",
    job: "FineTuningJob",
    until: "Until",
    timeout: float | None,
    told: "SimpleQueue[JobEvent | Watched]",
) -> None:
    try:
        for event in client.jobs.watch(job, timeout=timeout):
            told.put(event)
            if has_reached(event, until):
                break
        told.put(Watched(client.jobs.wait(job, until=until)))
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits for this job must hear of it
        told.put(Watched(getattr(error, "job", job), error))


def _view(jobs: "Sequence[FineTuningJob]", *, scaled: bool) -> "Redrawn":
    from maas_client.cli._board import Board

    return Board(jobs, scaled=scaled)


def _say(event: JobEvent) -> None:
    talk(f"{event.job_name}  {event}")
