"""Plan a whole run from its input: the one entrance of the engine."""

from maas_client.server.engine.artifacts import make_artifacts
from maas_client.server.engine.curve import make_curve, run_shape
from maas_client.server.engine.data import Notes, TrainingData, read_data
from maas_client.server.engine.failure import RunFailedError
from maas_client.server.engine.hyperparameters import Hyperparameters, read_hyperparameters
from maas_client.server.engine.logs import failed_log, finished_log
from maas_client.server.engine.metrics import make_metrics
from maas_client.server.engine.plan import MetricPoint, PlanError, TrainingInput, TrainingPlan
from maas_client.server.engine.seed import Seed
from maas_client.server.engine.timeline import failing_stages, timeline

_MARKS = {"maas.simulated": "true", "maas.token_counts": "estimate"}


def make_plan(training: TrainingInput) -> TrainingPlan:
    """Read the files and return the whole future of the run.

    The same input gives the same plan: no clock is read, no global random state used. Whatever the files hold, the
    result is a plan; what the service would fail a run for gives one that ends in `Failed`. Reading is streaming and
    takes about twenty seconds for 600 MB, so call it from a worker thread.
    """
    seed = _seed(training, "")
    notes = Notes()
    try:
        hyper = read_hyperparameters(training.hyperparameters, training.model)
        data = read_data(training, hyper, notes)
    except RunFailedError as failure:
        return _failed(failure.error, notes, seed)
    return _completed(training, hyper, data, notes)


def _seed(training: TrainingInput, digest: str) -> Seed:
    sent = (text for pair in sorted(training.hyperparameters.items()) for text in pair)
    return Seed(training.job_name, training.model, digest, *sent)


def _failed(error: PlanError, notes: Notes, seed: Seed) -> TrainingPlan:
    stages = failing_stages(seed)
    return TrainingPlan(
        stages=stages,
        metrics=(),
        logs=failed_log(notes, error, stages[-2][1], stages[-1][1]),
        warnings=tuple(notes.warnings),
        error=error,
        properties=dict(_MARKS),
        artifacts={},
    )


def _completed(training: TrainingInput, hyper: Hyperparameters, data: TrainingData, notes: Notes) -> TrainingPlan:
    seed = _seed(training, data.digest)
    shape = run_shape(data.training.rows, hyper)
    times = timeline(shape, seed)
    curve = make_curve(shape, data, hyper, seed)
    metrics = make_metrics(curve, times, data, hyper.batch_size, training.model)
    return TrainingPlan(
        stages=times.stages,
        metrics=metrics,
        logs=finished_log(notes, data, hyper, shape, times, metrics),
        warnings=tuple(notes.warnings),
        error=None,
        properties=_properties(data, hyper, metrics),
        artifacts=make_artifacts(training, data, seed),
    )


def _properties(data: TrainingData, hyper: Hyperparameters, metrics: tuple[MetricPoint, ...]) -> dict[str, str]:
    """Return what the run adds to the job: tokens are of training and validation, times epochs.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, `calculate_token_distribution`; `score` is the best evaluation loss.
    """
    first, second = data.training, data.validation
    score = min(point.value for point in metrics if point.key == "eval_loss")
    return {
        "__azureml_ft_training_tokens": str((first.tokens + second.tokens) * hyper.epochs),
        "__azureml_ft_assistant_tokens": str((first.assistant + second.assistant) * hyper.epochs),
        "score": str(score),
        **_MARKS,
    }
