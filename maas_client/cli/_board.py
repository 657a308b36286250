"""Several jobs at once on a terminal: a row for each, with as many columns as there is room for."""

from collections import Counter
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from maas_client.base.shown import clean
from maas_client.cli._charts import spark
from maas_client.cli._clock import duration, now
from maas_client.cli._live import STYLES, bar, spinner
from maas_client.cli._redraw import Redrawn, cut
from maas_client.types import FineTuningJob, JobEvent
from maas_client.watch import JobPicture

_ORDER = ("JOB", "STATUS", "DONE", "BAR", "STEP", "ETA", "LOSS", "CURVE", "VAL LOSS", "QUIET")
_WANTED = ("JOB", "STATUS", "DONE", "ETA", "LOSS", "VAL LOSS", "QUIET", "CURVE", "STEP", "BAR")
"""The columns, by how much one would miss them: the last ones are left out first."""
_UNTITLED = {"BAR"}
_RIGHT = {"DONE", "STEP", "ETA", "LOSS", "VAL LOSS", "QUIET"}
_LONGEST_NAME = 32
_SHORTEST_NAME = 12
_GRAPH = 12


class Board(Redrawn):
    """Draws several jobs."""

    def __init__(
        self,
        jobs: Sequence[FineTuningJob],
        *,
        scaled: bool,
        console: Console | None = None,
        clock: Callable[[], float] = lambda: now().timestamp(),
        per_second: float = 5.0,
    ) -> None:
        """Begin to draw; the arguments are those of `LiveView`."""
        self._clock = clock
        self._pictures = {job.name: JobPicture(job, at=clock(), scaled=scaled) for job in jobs}
        super().__init__(console, per_second=per_second)

    def feed(self, event: JobEvent) -> None:
        """Show an event."""
        self._pictures[event.job_name].feed(event, self._clock())
        if event.type == "message" or (event.status.is_terminal and event.level != "info"):
            self.say(f"{event.job_name}: {event.message}", event.level)

    def draw(self, columns: int, rows: int, *, plain: bool) -> list[Text]:
        """Draw how it stands now."""
        return draw_board(list(self._pictures.values()), self._clock(), columns, rows, plain=plain)


def draw_board(pictures: Sequence[JobPicture], at: float, columns: int, rows: int, *, plain: bool) -> list[Text]:
    """Draw a row a job; where there are more jobs than rows, those that go on come first, and the rest is counted."""
    width = max(10, columns - 1)
    room = max(1, rows - 2)
    shown = list(pictures)
    if len(shown) > room:
        first = sorted(shown, key=lambda picture: picture.is_over)[: max(1, room - 1)]
        shown = [picture for picture in pictures if picture in first]
    cells = [_cells(picture, at, plain=plain) for picture in shown]
    widths = _widths(cells, width - len(spinner(at, plain=plain, over=True)))
    margin = " " * len(spinner(at, plain=plain, over=True))
    head = {name: Text("" if name in _UNTITLED else name, style="dim") for name in widths}
    lines = [_row(Text(margin), head, widths, width)]
    for picture, row in zip(shown, cells, strict=True):
        lines.append(_row(Text(spinner(at, plain=plain, over=picture.is_over)), row, widths, width))
    rest = Counter(picture.status.value for picture in pictures if picture not in shown)
    if rest:
        told = ", ".join(f"{count} {status}" for status, count in sorted(rest.items()))
        lines.append(cut(Text(f"{margin}and {rest.total()} more: {told}", style="dim"), width))
    return lines


def _cells(picture: JobPicture, at: float, *, plain: bool) -> dict[str, Text]:
    eta = picture.eta_seconds(at)
    total = "" if picture.total_steps is None else f"/{picture.total_steps}"
    rising = picture.overfit is not None
    validation = _last(picture.evaluations) + ((" ^" if plain else " ↑") if rising else "")
    return {
        "JOB": Text(clean(picture.job.name), style="bold"),
        "STATUS": Text(clean(picture.word) or "waiting", style=STYLES.get(picture.status, "bold")),
        "DONE": Text("" if picture.share is None else f"{picture.share:.0%}"),
        "BAR": Text("") if picture.share is None else bar(picture.share, _GRAPH, plain=plain),
        "STEP": Text(f"{picture.step}{total}" if picture.step else ""),
        "ETA": Text("" if eta is None else duration(eta)),
        "LOSS": Text(_last(picture.losses)),
        "VAL LOSS": Text(validation, style="yellow" if rising else ""),
        "CURVE": Text("" if plain else spark(picture.losses, _GRAPH)),
        "QUIET": Text("" if picture.is_over else duration(picture.quiet_seconds(at)), style="dim"),
    }


def _last(points: Sequence[tuple[int, float]]) -> str:
    return f"{points[-1][1]:.4f}" if points else ""


def _widths(cells: Sequence[dict[str, Text]], room: int) -> dict[str, int]:
    """Return the columns that fit, in their order, with their widths; one that nothing stands in takes no room."""
    found: dict[str, int] = {}
    for name in _WANTED:
        longest = max((row[name].cell_len for row in cells), default=0)
        if not longest:
            continue
        titled = 0 if name in _UNTITLED else len(name)
        wanted = max(longest, titled)
        if name == "JOB":
            wanted = min(wanted, _LONGEST_NAME, max(_SHORTEST_NAME, room * 3 // 10))
        left = room - sum(found.values()) - 2 * len(found)
        if len(found) < 2 or wanted <= left:
            found[name] = wanted
    return {name: found[name] for name in _ORDER if name in found}


def _row(line: Text, cells: dict[str, Text], widths: dict[str, int], width: int) -> Text:
    for index, (name, room) in enumerate(widths.items()):
        cell = cells[name].copy()
        if cell.cell_len > room:
            cell.truncate(room - 1)
            cell.append("~")
        cell.align("right" if name in _RIGHT else "left", room)
        line.append("  " if index else "").append_text(cell)
    line.rstrip()
    return cut(line, width)
