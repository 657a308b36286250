"""The live picture of one job on a terminal, drawn on stderr; see `draw_job` for what it shows in how much room."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from maas_client.base.shown import clean
from maas_client.cli._charts import Points, line_chart
from maas_client.cli._clock import duration, now
from maas_client.cli._redraw import Redrawn, cut, pack
from maas_client.types import FineTuningJob, JobEvent, JobStatus
from maas_client.watch import JobPicture, Stage

STYLES = {
    JobStatus.SUCCEEDED: "bold green",
    JobStatus.FAILED: "bold red",
    JobStatus.CANCELLED: "bold yellow",
    JobStatus.RUNNING: "bold cyan",
}
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SIDE_BY_SIDE = 64
"""Columns from which two charts stand beside each other."""
_HIGHEST_CHART = 8
_LONGEST_BAR = 40


class LiveView(Redrawn):
    """Draws one job."""

    def __init__(
        self,
        job: FineTuningJob,
        *,
        scaled: bool,
        console: Console | None = None,
        clock: Callable[[], float] = lambda: now().timestamp(),
        per_second: float = 5.0,
    ) -> None:
        """Begin to draw.

        Args:
            job: The job.
            scaled: True if the service's clock runs otherwise than ours.
            console: Where; stderr if left out.
            clock: Tells the time in Unix seconds; it goes on while this machine sleeps, as the job does.
            per_second: How often it is drawn; 0 draws when `refresh` is called, and in the end.
        """
        self._clock = clock
        self._picture = JobPicture(job, at=clock(), scaled=scaled)
        super().__init__(console, per_second=per_second)

    def feed(self, event: JobEvent) -> None:
        """Show an event."""
        self._picture.feed(event, self._clock())
        if event.type == "message":
            self.say(event.message, event.level)

    def draw(self, columns: int, rows: int, *, plain: bool) -> list[Text]:
        """Draw how it stands now."""
        return draw_job(self._picture, self._clock(), columns, rows, plain=plain)


def draw_job(picture: JobPicture, at: float, columns: int, rows: int, *, plain: bool) -> list[Text]:
    """Draw a job within so many columns and rows.

    Numbers come first; the curves of the two losses take the rows that are left, beside each other where there is room,
    and are left out where there is not.
    """
    width = max(10, columns - 1)  # the last column stays free: some terminals break a line that fills it
    lines = [_head(picture, at, width, plain=plain), *pack([_stages(picture, at, width, plain=plain)], width)]
    if picture.step:
        lines += _done(picture, at, width, plain=plain)
    tail = _tail(picture, at, width)
    curves = [
        (name, points)
        for name, points in (("loss", picture.losses), ("validation loss", picture.evaluations))
        if points
    ]
    room = rows - len(lines) - len(tail) - 1
    charts = _charts(curves, width, room, plain=plain)
    numbers = [] if charts else pack([Text(_last(name, points)) for name, points in curves], width)
    return [*lines, *numbers, *charts, *tail]


def spinner(at: float, *, plain: bool, over: bool) -> str:
    """Return the mark before a job's name, which turns while it goes on."""
    return "" if plain else "  " if over else _FRAMES[int(at * 5) % len(_FRAMES)] + " "


def bar(share: float, length: int, *, plain: bool) -> Text:
    """Draw how much is done."""
    done = round(share * length)
    full, rest = ("#", ".") if plain else ("━", "─")
    return Text.assemble((full * done, "green"), (rest * (length - done), "dim"))


def _head(picture: JobPicture, at: float, width: int, *, plain: bool) -> Text:
    word = clean(picture.word) or "waiting"
    mark = spinner(at, plain=plain, over=picture.is_over)
    name = clean(picture.job.name)
    room = max(8, width - len(mark) - len(word) - (len("  simulated") if picture.job.simulated else 0) - 2)
    name = name if len(name) <= room else f"{name[: room - 1]}~"
    line = Text.assemble(mark, (name, "bold"), "  ", (word, STYLES.get(picture.status, "bold")))
    if picture.job.simulated:
        line.append("  simulated", style="magenta")
    return cut(line, width)


def _stages(picture: JobPicture, at: float, width: int, *, plain: bool) -> Text:
    """Write each stage with its time; of many, as where a job is queued again and again, the last that fit."""
    stages = [(stage.value, duration(seconds)) for stage, seconds in picture.seconds_in_stages(at)]
    told = [f"{name} {time}" for name, time in stages]
    if picture.came_late:
        told[:1] = [name for name, _ in stages[:1]]  # since when is not known
        if picture.created is not None:
            told.insert(0, f"created {duration(at - picture.created)} ago")
    arrow = " > " if plain else " → "
    while len(told) > 1 and len(arrow.join(told)) > width - 2:
        del told[0]
    return Text(arrow.join(told), style="dim")


def _done(picture: JobPicture, at: float, width: int, *, plain: bool) -> list[Text]:
    total = "" if picture.total_steps is None else f"/{picture.total_steps}"
    parts = [Text(f"step {picture.step}{total}")]
    if picture.epoch is not None:
        asked = picture.job.hyperparameters.n_epochs
        parts.append(Text(f"epoch {picture.epoch:.4g}" + ("" if asked is None else f"/{asked}")))
    eta = picture.eta_seconds(at)
    if eta is not None:
        parts.append(Text(f"ETA {duration(eta)}", style="bold"))
    if picture.learning_rate is not None:
        parts.append(Text(f"learning rate {picture.learning_rate:.1e}"))
    if picture.share is not None:
        length = min(_LONGEST_BAR, max(8, width - 30))
        parts.insert(0, bar(picture.share, length, plain=plain).append(f" {picture.share:4.0%}", style="bold"))
    return pack(parts, width)


def _last(name: str, points: Points) -> str:
    return f"{name} {points[-1][1]:.4f}"


def _charts(curves: Sequence[tuple[str, Points]], width: int, room: int, *, plain: bool) -> list[Text]:
    if not curves:
        return []
    beside = len(curves) == 1 or width >= _SIDE_BY_SIDE
    each = (width - 2) // len(curves) - 1 if beside else width - 2
    height = min(_HIGHEST_CHART, (room if beside else room // len(curves)) - 2)
    if height < 2:
        return []
    steps = [step for _, points in curves for step, _ in points]
    span = (min(steps), max(steps))
    drawn = [
        [_last(name, points), *line_chart(points, each, height, plain=plain, span=span)] for name, points in curves
    ]
    if any(len(block) == 1 for block in drawn):
        return []
    if beside:
        rows = zip(*drawn, strict=True)
        return [cut(Text("  " + "  ".join(f"{cell:<{each}}" for cell in row).rstrip()), width) for row in rows]
    return [cut(Text(f"  {line}"), width) for block in drawn for line in block]


def _tail(picture: JobPicture, at: float, width: int) -> list[Text]:
    """Say what is to be noted: overfitting, how it ended, and how long nothing was heard."""
    lines: list[Text] = []
    found = picture.overfit
    if found is not None:
        told = f"Overfitting? Validation loss has risen since step {found.step}, where it was {found.lowest:.4f}."
        lines += _wrapped(told, width)
        for line in lines:
            line.stylize("yellow")
    if picture.is_over:
        ended = _wrapped(clean(picture.end), width)
        for line in ended:
            line.stylize(STYLES.get(picture.status, ""))
        return [*lines, *ended]
    if picture.stages and picture.stage is not Stage.OVER:
        lines.append(cut(Text(f"  last news {duration(picture.quiet_seconds(at))} ago", style="dim"), width))
    return lines


def _wrapped(text: str, width: int, most: int = 4) -> list[Text]:
    import textwrap

    found = textwrap.wrap(text, width - 2, max_lines=most, placeholder=" ...")
    return [Text(f"  {line}") for line in found]
