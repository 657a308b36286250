"""Plans: what the engine decided for a job, made in a worker thread after the job was acknowledged.

A plan that was lost with the process is made again from the same pinned bytes, and is the same.
"""

import json
import logging
from concurrent.futures import Future, ThreadPoolExecutor

from maas_client.server.engine import PlanError, TrainingInput, TrainingPlan
from maas_client.server.service import fates
from maas_client.server.service.blobs import Text
from maas_client.server.service.jobs import COLUMNS, Job, from_row
from maas_client.server.service.world import World
from maas_client.server.state import JOB_TERMINAL, stages_problem

_LOG = logging.getLogger(__name__)


class Trainer:
    """Makes missing plans, one at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pool = ThreadPoolExecutor(1, "engine")
        self._futures: dict[int, Future[None]] = {}
        self._looked = -1

    @property
    def behind(self) -> bool:
        """Say whether there may be plans to begin: something was written since the last look."""
        return self._looked != self._world.store.writes

    def start_missing(self) -> None:
        """Begin to make every plan that is missing; return at once. Called with every settling: cheap when none is."""
        with self._world.store.lock:
            if not self.behind:
                return
            self._looked = self._world.store.writes
            # While many wait their turn only newer ones are looked for: all of them again when the last has had its.
            newest = max(self._futures, default=0)
            missing = (
                "SELECT seq FROM jobs WHERE plan IS NULL AND settled=0 AND cancel_at IS NULL AND seq>? ORDER BY seq"
            )
            for row in self._world.store.all(missing, newest):
                self._futures[row["seq"]] = self._pool.submit(self._make, row["seq"])

    def drain(self) -> None:
        """Wait until every plan that is missing is stored. Must not be called with the store's lock held."""
        self.start_missing()
        while futures := list(self._futures.values()):
            for future in futures:
                future.result()
            self.start_missing()

    def close(self) -> None:
        """Finish the plan in hand, drop the others: they are made at the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, seq: int) -> None:
        try:
            row = self._world.store.one(f"SELECT {COLUMNS} FROM jobs WHERE seq=?", seq)  # noqa: S608 (a constant)
            if row is not None:
                self._store(from_row(self._world, row))
        finally:
            with self._world.store.lock:
                self._futures.pop(seq, None)
                # A plan that could not be stored is missing still, though nothing was written.
                self._looked = -1

    def _store(self, job: Job) -> None:
        row = self._world.store.one("SELECT fate FROM jobs WHERE seq=?", job.seq)
        plan = fates.fated(_plan(self._world, job), fates.read(None if row is None else row["fate"]))
        word, last = plan.stages[-1]
        with self._world.store.writing("jobs.plan") as db:
            # A cancellation that came first keeps its own end.
            db.execute(
                "UPDATE jobs SET plan=?, stages=?, ends_at=coalesce(ends_at, created+?) WHERE seq=?",
                (plan.to_json(), json.dumps(plan.stages), last if word in JOB_TERMINAL else None, job.seq),
            )


def _plan(world: World, job: Job) -> TrainingPlan:
    if job.problem is not None or job.training is None:
        return _failed("UserError", job.problem or "The training file could not be found.")
    details = job.body["fineTuningDetails"]
    try:
        plan = world.make_plan(
            TrainingInput(
                job_name=job.name,
                model=job.body["properties"]["azureml.ModelName"],
                training=Text(world, job.training),
                validation=None if job.validation is None else Text(world, job.validation),
                hyperparameters=details["hyperParameters"],
            )
        )
    except Exception:  # noqa: BLE001 (whatever the engine does with untrusted data, the server goes on and the job says so)
        _LOG.exception("the engine failed on job %s", job.name)
        return _failed("SystemError", "The training engine failed; the server's log says why.")
    problem = stages_problem(plan.stages)
    if problem:
        _LOG.error("the engine's plan for job %s is not possible: %s", job.name, problem)
        return _failed("SystemError", f"The training engine made an impossible plan: {problem}.")
    return plan


def _failed(code: str, message: str) -> TrainingPlan:
    return TrainingPlan(
        stages=(("NotStarted", 0.0), ("Preparing", 2.0), ("Failed", 5.0)),
        metrics=(),
        logs=(),
        warnings=(),
        error=PlanError(code, message),
        properties={},
        artifacts={},
    )
