"""Tables of Markdown."""

from collections.abc import Iterable


def cell(text: object) -> str:
    """Write a text so that it stays in its cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Write a table, with a line feed at its end."""
    heads = list(header)
    lines = [heads, ["---"] * len(heads), *([cell(each) for each in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
