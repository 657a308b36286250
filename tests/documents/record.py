"""Record the picture of the README: its own command in a terminal, and the screen as SVG.

    python -m tests.documents.record

The command is run as it stands there, in a pseudo-terminal; what its screen shows at the end is drawn, no more.
"""

import io
import re
import shlex
import tempfile
from contextlib import chdir
from itertools import groupby
from pathlib import Path

from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.cli.program import stop_server
from tests.cli.screens import Terminal, on_screen

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "pages" / "images" / "submit.svg"
COLUMNS, ROWS = 100, 44

# As rich's own, without its font from another host: the picture needs no network.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: "DejaVu Sans Mono", Menlo, Consolas, "Cascadia Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 15px; font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def command() -> str:
    """Return the submit of the README's first command, as one types it."""
    line = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- run -->\n")[1].splitlines()[1]
    found = re.search(r"maas-ft submit .+?(?= && )", line)
    assert found is not None
    return found[0]


def title() -> str:
    """Return the command, shortened to the width of a window's title."""
    return "$ " + re.sub(r" --train .+(?= --deploy)", " ...", command())


def draw(terminal: Terminal, caption: str) -> str:
    """Draw a screen as SVG."""
    console = Console(
        record=True, width=terminal.screen.columns, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    rows = terminal.text.count("\n")
    for row in range(rows):
        cells = terminal.screen.buffer[row]
        line = Text(no_wrap=True, end="")
        kinds = [_kind(cells[column], column) for column in range(terminal.screen.columns)]
        for (style, _), part in groupby(range(terminal.screen.columns), kinds.__getitem__):
            line.append("".join(cells[column].data for column in part), style)
        line.rstrip()
        console.print(line, crop=True)
    return console.export_svg(title=caption, code_format=FORMAT, unique_id="maas")


def _kind(cell: Char, column: int) -> tuple[Style, int]:
    """Tell what is drawn in one piece: words of one style; what a font may have in another width stands alone."""
    return _style(cell), -1 if cell.data.isascii() else column


def _style(cell: Char) -> Style:
    return Style(
        color=_color(cell.fg), bgcolor=_color(cell.bg), bold=cell.bold, italic=cell.italics, reverse=cell.reverse
    )


def _color(name: str) -> str | None:
    """Name a colour as rich does; pyte calls yellow brown."""
    if name == "default":
        return None
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    bright, plain = ("bright_", name[6:]) if name.startswith("bright") else ("", name)
    return bright + {"brown": "yellow"}.get(plain, plain)


def record() -> str:
    """Run the command to its end and draw what stands there."""
    words = shlex.split(command())[1:]
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder, "local")
        own = {"MAAS_LOCAL_DIR": str(local), "MAAS_JOURNAL_DIR": f"{folder}/journal", "MAAS_CONFIG": f"{folder}/none"}
        try:
            with chdir(ROOT), on_screen(*words, columns=COLUMNS, rows=ROWS, stdout=None, **own) as shown:
                assert shown.end() == 0, shown.text
            return draw(shown, title())
        finally:
            stop_server(local)


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(record(), encoding="utf-8")
