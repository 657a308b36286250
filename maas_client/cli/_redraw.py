"""A part of a terminal that is drawn again and again, also while somebody pulls at the window.

Theory of operation. rich goes up as many lines as it drew and draws anew. A terminal that got narrower has broken those
lines by then, so that they take more lines than were drawn, and the ones above would stay behind: they are counted with
the new width, and erased too. A terminal that cuts lines instead loses some lines of what stands above. What was pushed
out of the terminal at the top stays in its history: nobody can erase that.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleRenderable, Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from maas_client.base.shown import clean
from maas_client.types import JobEvent

LEVELS = {"info": "", "warning": "yellow", "error": "red"}


class _Live(Live):
    """Erases what the terminal has broken since it was drawn."""

    def __init__(self, shown: "Redrawn", console: Console, per_second: float) -> None:
        self._next: list[int] = []
        self._shown: list[int] = []
        self._columns = console.width
        self._plain = not console.encoding.lower().startswith("utf")
        self._make = shown.draw
        super().__init__(
            console=console,
            get_renderable=self._group,
            auto_refresh=per_second > 0,
            refresh_per_second=per_second or 1,
            vertical_overflow="crop",
        )

    def _group(self) -> RenderableType:
        columns, rows = self.console.size
        lines = self._make(columns, rows, plain=self._plain)
        self._next = [line.cell_len for line in lines]
        return Group(*lines)

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        columns = self.console.width
        broken = sum(max(0, length - 1) // columns for length in self._shown) if columns < self._columns else 0
        self._columns, self._shown = columns, self._next
        drawn = super().process_renderables(renderables)
        if broken:
            up = [(ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)] * broken
            drawn.insert(1, Control(*up))
        return drawn


class Redrawn(ABC):
    """Lines that are drawn again and again on stderr, below what is said meanwhile."""

    def __init__(self, console: Console | None = None, *, per_second: float = 5.0) -> None:
        """Begin; the console reads `NO_COLOR` and the size of the terminal itself.

        Args:
            console: Where; stderr if left out.
            per_second: How often; 0 draws when `refresh` is called, and in the end.
        """
        self.console = Console(stderr=True, highlight=False) if console is None else console
        self._live = _Live(self, self.console, per_second)

    @abstractmethod
    def draw(self, columns: int, rows: int, *, plain: bool) -> list[Text]:
        """Return the lines for so many columns and rows, none longer; `plain` where ASCII is all that can be shown."""

    @abstractmethod
    def feed(self, event: JobEvent) -> None:
        """Show an event."""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw as long as this lasts; the last picture stays."""
        with self._live:
            yield

    def say(self, message: str, level: str) -> None:
        """Print a line above."""
        self.console.print(Text(clean(message), style=LEVELS[level]))

    def refresh(self) -> None:
        """Draw now."""
        self._live.refresh()


def pack(parts: list[Text], width: int, indent: str = "  ", gap: str = "  ") -> list[Text]:
    """Put parts into as few lines as fit, in their order; one that is too long alone is cut."""
    lines: list[Text] = []
    for part in parts:
        if lines and lines[-1].cell_len + len(gap) + part.cell_len <= width:
            lines[-1].append(gap).append_text(part)
        else:
            lines.append(Text(indent).append_text(part))
    return [cut(line, width) for line in lines]


def cut(line: Text, width: int) -> Text:
    """Cut a line to a width."""
    line.truncate(width)
    return line
