"""Read what training reported, in either way that the service tells it."""

from itertools import chain
from typing import Literal

from maas_client.errors import NotFoundError, ServerError, StatusError
from maas_client.resources._session import Session
from maas_client.types import MetricPoint, Metrics

MetricSource = Literal["mlflow", "native"]


async def read_metrics(session: Session, job: str, source: MetricSource | None) -> Metrics:
    """Get every point, ordered by step, then key; without a source MLflow's, and the other way if that one fails.

    Raises:
        NotFoundError: There is no job of this name.
    """
    try:
        return await _read(session, job, source or "mlflow")
    except (NotFoundError, ServerError) as error:
        refused: StatusError = error
    if source is None:
        try:
            return await _read(session, job, "native")
        except StatusError:
            pass  # what the first way said is told
    if not isinstance(refused, NotFoundError):
        raise refused
    await session.run(session.dialect.jobs.get(job))  # the job is missing, or has not reported anything yet
    return Metrics()


async def _read(session: Session, job: str, source: MetricSource) -> Metrics:
    flows = session.dialect.metrics
    keys = await session.run(flows.latest(job) if source == "mlflow" else flows.native_keys(job))

    async def history(key: str) -> tuple[MetricPoint, ...]:
        return await session.run(flows.history(job, key) if source == "mlflow" else flows.native_history(job, key))

    histories = await session.io.map(history, tuple(keys), limit=4)
    return Metrics(sorted(chain.from_iterable(histories), key=lambda point: (point.step, point.key)))
