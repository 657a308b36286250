"""Jobs watched on a terminal of a given size, at times that a scene tells."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rich.console import Console

from maas_client.cli._board import Board
from maas_client.cli._live import LiveView
from maas_client.types import FineTuningJob, Hyperparameters, JobEvent, JobProgress, JobStatus
from tests.cli.screens import Terminal

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
JOB = FineTuningJob(
    name="support-bot",
    status=JobStatus.QUEUED,
    raw_status="NotStarted",
    model="Phi-4",
    training_file="t",
    output_model="o",
    hyperparameters=Hyperparameters(n_epochs=6),
    created_at=BEGIN,
)
STATUSES = {
    "Running": JobStatus.RUNNING,
    "Failed": JobStatus.FAILED,
    "Completed": JobStatus.SUCCEEDED,
    "Canceled": JobStatus.CANCELLED,
}


class Scene:
    """Jobs, the one of the view or many of the board, on a terminal."""

    def __init__(self, columns: int, rows: int, *jobs: FineTuningJob, encoding: str = "utf-8") -> None:
        self.terminal = Terminal(columns, rows)
        self.seconds = 0.0
        self._memory = io.BytesIO()
        self._file = io.TextIOWrapper(self._memory, encoding=encoding, errors="strict", newline="")
        self.console = Console(
            file=self._file, force_terminal=True, width=columns, height=rows, color_system="standard", highlight=False
        )
        self._name = jobs[0].name if jobs else JOB.name
        make: Callable[..., LiveView | Board] = LiveView if len(jobs) < 2 else Board
        what = jobs if len(jobs) > 1 else (jobs or (JOB,))[0]
        self.view = make(what, scaled=False, console=self.console, clock=self._clock, per_second=0)

    def _clock(self) -> float:
        return BEGIN.timestamp() + self.seconds

    def of(self, name: str) -> "Scene":
        """Let what follows be about this job."""
        self._name = name
        return self

    def status(self, word: str, message: str = "", *, after: float) -> None:
        self.seconds += after
        self._feed("status", word, message or word)

    def report(self, step: int, *, after: float = 10.0, **metrics: float) -> None:
        self.seconds += after
        progress = JobProgress(step=step, total_steps=600, epoch=step / 100, eta_seconds=(600 - step) * 1.5)
        self._feed("metrics", "Running", "", metrics=metrics, progress=progress)

    def message(self, text: str, *, level: str = "warning") -> None:
        self._feed("message", "Running", text, level=level)

    def _feed(self, kind: str, word: str, message: str, **more: object) -> None:
        fields = {"type": kind, "message": message, "raw_status": word, "status": STATUSES.get(word, JobStatus.QUEUED)}
        when = BEGIN + timedelta(seconds=self.seconds)
        self.view.feed(JobEvent.model_validate(fields | {"job_name": self._name, "created_at": when} | more))

    def screen(self) -> str:
        """Draw, and return what the terminal shows now; a terminal's driver begins a line at each line feed."""
        self.view.refresh()
        self._file.flush()
        self.terminal.write(self._memory.getvalue().replace(b"\n", b"\r\n"))
        self._memory.seek(0)
        self._memory.truncate()
        return self.terminal.text
