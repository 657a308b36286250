"""From a file to an answer in a script, without an event loop."""

import logging
from collections.abc import Iterator
from pathlib import Path

from maas_client import MaaSClient, MaaSError
from maas_client.dataset import Report, check
from maas_client.errors import (
    AmbiguousWriteError,
    ConflictError,
    JobFailedError,
    RateLimitError,
    StatusError,
    TransportError,
    WaitTimeoutError,
)
from maas_client.types import (
    ChatCompletion,
    Deployment,
    File,
    FineTuningJob,
    JobEvent,
    JobStatus,
    MetricPoint,
    Plan,
    RawResponse,
    SubmissionResult,
)

logger = logging.getLogger(__name__)


def checked(train: Path, validation: Path | None) -> Report:
    report = check(train, validation=validation)
    for finding in report.findings:
        logger.info("%s: %s", finding.rule, finding.message)
    report.raise_for_errors()
    return report


def tune(client: MaaSClient, train: Path, name: str) -> FineTuningJob:
    report = checked(train, None)
    file: File = client.files.upload(train, sha256=report.files[0].sha256)
    try:
        job = client.jobs.create(
            "Phi-4-mini-instruct", training_file=file, n_epochs=3, name=name, tags={"team": "desk"}
        )
    except ConflictError:
        job = client.jobs.get(name)
    except AmbiguousWriteError as error:
        raise SystemExit(f"{error} {error.hint} {error.intent['name']}") from error
    for event in client.jobs.watch(job, timeout=3600.0):
        show(event)
    return client.jobs.wait(job)


def show(event: JobEvent) -> None:
    if event.type == "status" and event.status is JobStatus.RUNNING:
        logger.info("%s runs since %s", event.job_name, event.created_at.isoformat())
    if event.progress is not None and event.progress.eta_seconds is not None:
        logger.info("%.0f s left", event.progress.eta_seconds)
    losses: dict[str, float] = dict(event.metrics)
    logger.info("%s %s", event.message, losses)


def losses(client: MaaSClient, job: FineTuningJob) -> list[float]:
    points: tuple[MetricPoint, ...] = client.jobs.metrics(job)
    return [point.value for point in points if point.key == "train_loss"]


def running(client: MaaSClient) -> Iterator[str]:
    for job in client.jobs.list(status=JobStatus.RUNNING, tag="team"):
        yield job.name
    cursor: str | None = None
    for page in client.jobs.list().by_page(cursor):
        cursor = page.next_cursor
        yield from (job.name for job in page.items)


def deploy(client: MaaSClient, job: FineTuningJob) -> Deployment:
    if job.fine_tuned_model is None:
        raise ValueError(job.status)
    poller = client.deployments.begin_create(job.name, model=job.fine_tuned_model, content_safety=True)
    token: str = poller.resume_token
    logger.info("go on later with %s", token)
    return poller.result(timeout=1800.0)


def ask(client: MaaSClient, deployment: Deployment, question: str) -> str:
    answer: ChatCompletion = client.chat.create(
        deployment, messages=[{"role": "user", "content": question}], max_tokens=200, temperature=0.0
    )
    if answer.usage is not None:
        logger.info("%d tokens", answer.usage.total_tokens)
    return answer.choices[0].message.content or ""


def asked_raw(client: MaaSClient, name: str) -> RawResponse:
    quick: MaaSClient = client.with_options(timeout=5.0, max_retries=0)
    with client.raw_responses() as responses:
        quick.jobs.get(name)
    last = responses[-1]
    logger.info("%s %s %s %.3f", last.status, last.request_id, last.headers.get("date"), last.elapsed_seconds)
    return last


def submit(client: MaaSClient, train: Path) -> SubmissionResult:
    submission = client.submissions.create("Phi-4-mini-instruct", training_file=train, deploy="desk", name="desk")
    for event in submission.watch():
        show(event)
    return submission.run()


def planned(client: MaaSClient, train: Path, limit: float) -> SubmissionResult:
    plan: Plan = client.plan("Phi-4-mini-instruct", training_file=train, name="desk")
    submission = client.apply(plan, max_cost=limit)
    return submission.run()


def ready(client: MaaSClient) -> list[str]:
    report = client.preflight("Phi-4-mini-instruct", name="desk")
    return [] if report.ok else [f"{found.name}: {found.hint or found.message}" for found in report.failed]


def why(error: MaaSError) -> str:
    match error:
        case RateLimitError(retry_at=moment) if moment is not None:
            return f"again at {moment:%H:%M}"
        case StatusError():
            return f"{error.status} {error.code} {error.request_id or ''}"
        case TransportError():
            return f"after {error.attempts} attempts"
        case JobFailedError():
            return f"{error.job.name}: {error.error.message if error.error else ''}"
        case WaitTimeoutError():
            return error.resume_token or ""
        case _:
            return error.hint or str(error)


def main() -> None:
    with MaaSClient.from_env(timeout=30.0) as client:
        try:
            job = tune(client, Path("train.jsonl"), "desk")
            print(ask(client, deploy(client, job), "My screen is black."))
        except MaaSError as error:
            raise SystemExit(why(error)) from error
