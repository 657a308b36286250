"""The one line that people read of each event."""

from collections.abc import Mapping

from maas_client.types import FineTuningJob, JobProgress, JobStatus

_SHOWN = {
    "loss": ("loss", ".4f"),
    "learning_rate": ("lr", ".1e"),
    "eval_loss": ("eval loss", ".4f"),
    "train_loss": ("train summary: mean loss", ".4f"),
    "train_runtime": ("seconds", ".0f"),
}
_OTHERS_SHOWN = 4


def status_line(job: FineTuningJob, shown: JobStatus) -> str:
    """Say where the job stands, in the service's own word, and on failure why."""
    word = one_line(job.raw_status) or shown.value
    if shown is JobStatus.FAILED:
        return f"{word}: {_reason(job)}"
    if shown is JobStatus.SUCCEEDED:
        simulated = " (simulated: nothing was really trained)" if job.simulated else ""
        return f"{word}: registered as {job.fine_tuned_model or job.output_model}{simulated}"
    if shown is not job.status:
        return f"{word} again, after training had begun"
    return word


def metrics_line(metrics: Mapping[str, float], progress: JobProgress) -> str:
    """Say what was reported at one step."""
    total = "" if progress.total_steps is None else f"/{progress.total_steps}"
    parts = [f"step {progress.step}{total}"]
    parts += [f"{label} {metrics[key]:{form}}" for key, (label, form) in _SHOWN.items() if key in metrics]
    if len(parts) == 1:
        others = [key for key in metrics if key != "epoch"]
        parts += [f"{one_line(key)} {metrics[key]:.4g}" for key in others[:_OTHERS_SHOWN]]
    if "epoch" in metrics:
        parts.append(f"epoch {metrics['epoch']:.4g}")
    return "  ".join(parts)


def one_line(text: str) -> str:
    """Join the lines of a text that others wrote."""
    return " ".join(text.split())


def _reason(job: FineTuningJob) -> str:
    if job.error is None or not (job.error.code or job.error.message):
        return "the service gave no reason"
    return one_line(": ".join(part for part in (job.error.code, job.error.message) if part))
