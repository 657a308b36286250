"""The metrics of the root job, under the keys of the Hugging Face Trainer.

Source: azureml-acft-accelerator 0.0.91, `FinetuneCallback.on_log` with `log_metrics_at_root`; step is the global step.
"""

from collections.abc import Mapping

from maas_client.server.engine.curve import Curve
from maas_client.server.engine.data import TrainingData
from maas_client.server.engine.plan import MetricPoint
from maas_client.server.engine.timeline import Timeline

_PARAMETERS = (("mini", 3.8e9), ("small", 7.4e9), ("moe", 6.6e9), ("medium", 14e9))
"""Approximate active parameters by part of the name; only the made-up `total_flos` depends on them."""


def make_metrics(
    curve: Curve, times: Timeline, data: TrainingData, batch_size: int, model: str
) -> tuple[MetricPoint, ...]:
    """Return every point of a run in order of time: logged steps, evaluations, checkpoints and the summary."""
    points: list[MetricPoint] = []
    for step in curve.shape.logged():
        points += _points(step, times.at(step, curve.shape.total), _logged(curve, step))
    for step in curve.shape.evaluated():
        # Just after its step, and long before the next.
        offset = times.at(step, curve.shape.total)
        points += _points(step, round(offset + 0.002, 3), _evaluated(curve, step, data, batch_size))
        points += _points(step, round(offset + 0.004, 3), {"checkpoint_save_step": float(step)})
    last = curve.shape.total
    points += _points(last, round(times.finalizing - 0.5, 3), _summary(curve, times, data, model))
    return tuple(sorted(points, key=lambda point: point.offset))


def _points(step: int, offset: float, values: Mapping[str, float]) -> list[MetricPoint]:
    return [MetricPoint(key, value, step, offset) for key, value in values.items()]


def _logged(curve: Curve, step: int) -> dict[str, float]:
    return {
        "loss": round(curve.loss(step), 4),
        "grad_norm": round(curve.grad_norm(step), 4),
        "learning_rate": curve.rate(step),
        "epoch": round(curve.shape.epoch(step), 4),
    }


def _evaluated(curve: Curve, step: int, data: TrainingData, batch_size: int) -> dict[str, float]:
    rows = data.validation.rows
    runtime = round(0.4 + 0.04 * rows, 4)
    return {
        "eval_loss": round(curve.eval_loss(step), 4),
        "eval_runtime": runtime,
        "eval_samples_per_second": round(rows / runtime, 3),
        "eval_steps_per_second": round(-(-rows // batch_size) / runtime, 3),
    }


def _summary(curve: Curve, times: Timeline, data: TrainingData, model: str) -> dict[str, float]:
    shape = curve.shape
    losses = [curve.loss(step) for step in shape.logged()]
    runtime = times.train_end - times.train_start
    flos = 6 * _parameters(model) * data.training.tokens * shape.epochs
    return {
        "train_loss": round(sum(losses) / len(losses), 4),
        "train_runtime": round(runtime, 4),
        "train_samples_per_second": round(data.training.rows * shape.epochs / runtime, 3),
        "train_steps_per_second": round(shape.total / runtime, 3),
        "total_flos": float(flos),
    }


def _parameters(model: str) -> float:
    lowered = model.lower()
    return next((size for part, size in _PARAMETERS if part in lowered), 14.7e9)
