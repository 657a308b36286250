"""The log and the metrics of a job, as far as they have happened."""

from maas_client.server.clock import iso_z
from maas_client.server.engine import MetricPoint
from maas_client.server.service.jobs import Job

LOG_PATH = "user_logs/std_log.txt"
"""Source: azure-ai-ml 1.35.2, the pattern of log names that `jobs.stream` follows."""

FIRST_LINE = (
    "SIMULATED: no model is trained; losses and answers are computed from the data by the local reference server."
)


def log_text(job: Job, now: float) -> str:
    """Return the log up to an instant; its first line says that it is simulated. Control characters are neutralised."""
    until = job.seen_until(now)
    lines = [FIRST_LINE]
    if job.plan is not None:
        lines += [
            f"{iso_z(job.created + line.offset)} {_plain(line.text)}" for line in job.plan.logs if line.offset <= until
        ]
    return "\n".join(lines) + "\n"


def metrics(job: Job, now: float) -> list[MetricPoint]:
    """Return the metric points logged so far, in order."""
    until = job.seen_until(now)
    return [point for point in job.plan.metrics if point.offset <= until] if job.plan else []


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign == "\t" else repr(sign)[1:-1] for sign in text)
