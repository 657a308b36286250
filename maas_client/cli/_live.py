"""The live picture of a job on a terminal, drawn on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from maas_client.cli._clock import duration, monotonic
from maas_client.cli._output import clean
from maas_client.cli._progress import Progress, curve
from maas_client.types import FineTuningJob, JobEvent, JobStatus

_STYLES = {
    JobStatus.SUCCEEDED: "bold green",
    JobStatus.FAILED: "bold red",
    JobStatus.CANCELLED: "bold yellow",
    JobStatus.RUNNING: "bold cyan",
}
_LEVELS = {"info": "", "warning": "yellow", "error": "red"}
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class LiveView:
    """Draws one job."""

    def __init__(self, job: FineTuningJob, *, scaled: bool) -> None:
        """Begin to draw; the console reads `NO_COLOR` and the width of the terminal itself."""
        self._job = job
        self._console = Console(stderr=True, highlight=False)
        self._plain = not self._console.encoding.lower().startswith("utf")
        waited = 0.0
        if not scaled and job.created_at is not None:
            from maas_client.cli._clock import now

            waited = max(0.0, (now() - job.created_at).total_seconds())
        self._progress = Progress(monotonic() - waited, scaled=scaled)
        self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=5)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw as long as this lasts; the last picture stays."""
        with self._live:
            yield

    def feed(self, event: JobEvent) -> None:
        """Show an event."""
        self._progress.feed(event, monotonic())
        if event.type == "message":
            self._console.print(Text(clean(event.message), style=_LEVELS[event.level]))
        self._live.refresh()

    def _draw(self) -> RenderableType:
        at = monotonic()
        lines: list[RenderableType] = [self._head(at)]
        if self._progress.step:
            lines += [self._steps(at), self._losses()]
        return Group(*lines)

    def _head(self, at: float) -> RenderableType:
        progress = self._progress
        over = progress.status.is_terminal
        mark = "" if over or self._plain else _FRAMES[int(at * 5) % len(_FRAMES)] + " "
        running = progress.running_seconds(at)
        times = f"queued {duration(progress.queued_seconds(at))}"
        times += "" if running is None else f"  running {duration(running)}"
        quiet = at - progress.last_event
        if not over and quiet >= 15:
            times += f"  (last news {duration(quiet)} ago)"
        word = clean(progress.word) or "waiting"
        name = clean(self._job.name)
        line = Text.assemble(
            mark,
            (name if len(name) <= 32 else f"{name[:31]}~", "bold"),
            "  ",
            (word, _STYLES.get(progress.status, "bold")),
            "  ",
            (times, "dim"),
        )
        if self._job.simulated:
            line.append("  simulated", style="magenta")
        return line

    def _steps(self, at: float) -> RenderableType:
        progress = self._progress
        eta = progress.eta_seconds(at)
        row = Table.grid(padding=(0, 2), expand=False)
        total = "?" if progress.total_steps is None else str(progress.total_steps)
        cells: list[RenderableType] = [f"  step {progress.step}/{total}"]
        if progress.share is not None:
            cells += [ProgressBar(total=1.0, completed=progress.share, width=30), f"{progress.share:4.0%}"]
        if eta is not None:
            cells.append(f"ETA {duration(eta)}")
        row.add_row(*cells)
        return row

    def _losses(self) -> RenderableType:
        progress = self._progress
        loss = "" if progress.loss is None else f"loss {progress.loss:.4f}"
        bars = "" if self._plain else curve(progress.curve)
        held_out = "" if progress.eval_loss is None else f"eval loss {progress.eval_loss:.4f}"
        return Text("  " + "  ".join(part for part in (loss, bars, held_out) if part))
