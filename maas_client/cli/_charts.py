"""Curves of numbers, drawn with characters. Pure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite
from statistics import fmean

_LABEL = 7
"""Columns of a number at the left of a curve."""

Points = Sequence[tuple[int, float]]

_BARS = "▁▂▃▄▅▆▇█"
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Of a braille character, by row and column. Source: The Unicode Standard, block Braille Patterns."""


def line_chart(
    points: Points, width: int, height: int, *, plain: bool = False, span: tuple[int, int] | None = None
) -> list[str]:
    """Draw a curve over steps, with the highest and the lowest value at its left and the steps below it.

    Args:
        points: Steps and values, steps ascending; values that are not finite are left out.
        width: Columns at most.
        height: Lines of the curve; one more is for the steps.
        plain: True to use no character beyond ASCII.
        span: First and last step to draw, for curves that stand beside each other; those of the points if left out.

    Returns:
        `height + 1` lines, or nothing if there is nothing to draw or no room.
    """
    finite = [(step, value) for step, value in points if isfinite(value)]
    if not finite or height < 1:
        return []
    columns = width - _LABEL - 2
    if columns < 2:
        return []
    wide, high = (1, 1) if plain else (2, 4)
    span = span or (finite[0][0], finite[-1][0])
    means = _averaged(finite, columns * wide, span)
    low, top = min(means.values()), max(means.values())
    dots = _curve(means, height * high, low, top)
    labels = [_number(top) if top > low else "", *[""] * (height - 2), _number(low)][-height:]
    axis = ("|", "|") if plain else ("┤", "│")
    rows = (_row(dots, line, columns, plain=plain) for line in range(height))
    lines = [
        f"{label:>{_LABEL}} {axis[0] if label else axis[1]}{row}".rstrip()
        for label, row in zip(labels, rows, strict=True)
    ]
    first, last = map(str, span)
    below = first if first == last else f"{first}{last:>{columns - len(first)}}"
    return [*lines, " " * (_LABEL + 2) + below if len(below) <= columns else ""]


def spark(points: Points, width: int) -> str:
    """Draw values as bars in one line, neighbours averaged so that all fit in; those not finite are left out."""
    finite = [value for _, value in points if isfinite(value)]
    if not finite or width < 1:
        return ""
    count = min(len(finite), width)
    edges = [len(finite) * index // count for index in range(count + 1)]
    means = [fmean(finite[begin:end]) for begin, end in pairwise(edges)]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((mean - low) * scale)] for mean in means)


def _number(value: float) -> str:
    text = f"{value:.4g}"
    return text if len(text) <= _LABEL else f"{value:.1e}"[:_LABEL]


def _averaged(points: Points, columns: int, span: tuple[int, int]) -> dict[int, float]:
    """Return the mean of the values of each column that has any, columns ascending."""
    first, last = span
    across: dict[int, list[float]] = {}
    for step, value in points:
        column = round((step - first) / (last - first) * (columns - 1)) if last > first else 0
        across.setdefault(column, []).append(value)
    return {column: fmean(values) for column, values in sorted(across.items())}


def _curve(means: Mapping[int, float], rows: int, low: float, top: float) -> set[tuple[int, int]]:
    """Return the dots of a curve as (column, row from the top)."""
    scale = (rows - 1) / (top - low) if top > low else 0.0
    at = [(column, rows - 1 - round((mean - low) * scale)) for column, mean in means.items()]
    dots = set(at)
    for (x0, y0), (x1, y1) in pairwise(at):
        length = max(x1 - x0, abs(y1 - y0))
        dots |= {(x0 + round((x1 - x0) * i / length), y0 + round((y1 - y0) * i / length)) for i in range(length)}
    return dots


def _row(dots: set[tuple[int, int]], line: int, columns: int, *, plain: bool) -> str:
    if plain:
        return "".join("*" if (column, line) in dots else " " for column in range(columns))
    cells = []
    for column in range(columns):
        bits = sum(
            bit for y, pair in enumerate(_DOTS) for x, bit in enumerate(pair) if (2 * column + x, 4 * line + y) in dots
        )
        cells.append(chr(_BRAILLE + bits) if bits else " ")
    return "".join(cells)
