"""The run's log, `user_logs/std_log.txt`: the lines of a Trainer, and that nothing is trained."""

from collections.abc import Sequence
from itertools import groupby

from maas_client.server.engine.curve import Shape
from maas_client.server.engine.data import Notes, TrainingData
from maas_client.server.engine.hyperparameters import Hyperparameters
from maas_client.server.engine.plan import LogLine, MetricPoint, PlanError
from maas_client.server.engine.timeline import Timeline

SIMULATED = (
    "[simulated] The maas_client reference server trains nothing: losses, times and token counts below are made up "
    "from the data, the hyperparameters and the job's name."
)


def failed_log(notes: Notes, error: PlanError, start: float, end: float) -> tuple[LogLine, ...]:
    """Return the log of a run that fails between two offsets."""
    lines = [SIMULATED, *notes.lines, f"ERROR {error.code}: {error.message}"]
    return _spread(lines, start, end)


def finished_log(
    notes: Notes,
    data: TrainingData,
    hyper: Hyperparameters,
    shape: Shape,
    times: Timeline,
    metrics: Sequence[MetricPoint],
) -> tuple[LogLine, ...]:
    """Return the log of a run that completes."""
    opening = [SIMULATED, *notes.lines, *_banner(data, hyper, shape)]
    lines = list(_spread(opening, times.running, times.train_start))
    for (offset, step), points in groupby(metrics, key=lambda point: (point.offset, point.step)):
        values = {point.key: point.value for point in points}
        lines.append(LogLine(offset, str(values)))
        if "loss" in values:
            lines.append(LogLine(offset, _bar(step, shape.total, offset - times.train_start)))
    lines.append(LogLine(times.finalizing, "[simulated] Saving the adapter: a placeholder of a few numbers."))
    return tuple(lines)


def _banner(data: TrainingData, hyper: Hyperparameters, shape: Shape) -> list[str]:
    first, second = data.training, data.validation
    lines = [
        f"Chat completion data filter | training examples: {first.dialogs} | validation examples: {second.dialogs}",
        f"Estimated tokens an epoch | training: {first.tokens} | validation: {second.tokens}",
        "***** Running training *****",
        f"  Num examples = {first.rows}",
        f"  Num Epochs = {shape.epochs}",
        f"  Instantaneous batch size per device = {hyper.batch_size}",
        f"  Gradient Accumulation steps = {hyper.accumulation}",
        f"  Total optimization steps = {shape.total}",
        f"  Logging every {shape.logging_steps} steps",
    ]
    if data.split:
        lines.insert(0, "No validation dataset: the training dataset is split 80/20")
    if hyper.ignored:
        names = ", ".join(ascii(name)[1:-1][:80] for name in hyper.ignored[:20])
        lines.append(f"[simulated] Hyperparameters without effect here: {names}")
    if not data.complete:
        lines.append(
            f"[simulated] The deployed model will know the first {len(data.pairs)} answers only: the rest is over "
            "the limit of the answer index."
        )
    return lines


def _bar(step: int, total: int, seconds: float) -> str:
    filled = 20 * step // total
    rest = seconds / step * (total - step)
    return (
        f"{100 * step // total:3d}%|{'#' * filled}{' ' * (20 - filled)}| {step}/{total} "
        f"[{_clock(seconds)}<{_clock(rest)}, {step / seconds:.2f}it/s]"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def _spread(lines: Sequence[str], start: float, end: float) -> tuple[LogLine, ...]:
    step = (end - start) / (len(lines) + 1)
    return tuple(LogLine(round(start + step * index, 3), text) for index, text in enumerate(lines))
