"""Curves over steps as SVG: one picture that needs nothing else, neither a script nor the network."""

from collections.abc import Sequence
from math import isfinite

from maas_client.types.drawing import text

Points = Sequence[tuple[int, float]]

_WIDTH, _HEIGHT = 380, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 30, 28
_COLOURS = ("#0969da", "#bf3989", "#1a7f37", "#9a6700")
_DOTS_UP_TO = 60
"""With more points than that a line is easier to read without them."""


def panels(series: Sequence[tuple[str, Points]]) -> str:
    """Draw each series in a panel of its own, two beside each other; "" if there is nothing to draw.

    Args:
        series: Names, and points with ascending steps; values that are not finite are left out.
    """
    known = [(name, [point for point in points if isfinite(point[1])]) for name, points in series]
    drawn = [(name, points) for name, points in known if points]
    if not drawn:
        return ""
    steps = [step for _, points in drawn for step, _ in points]
    span = (min(steps), max(steps))
    width = _WIDTH * min(2, len(drawn))
    height = _HEIGHT * ((len(drawn) + 1) // 2)
    body = "".join(
        f'<g transform="translate({_WIDTH * (index % 2)} {_HEIGHT * (index // 2)})">'
        f"{_panel(name, points, span, _COLOURS[index % len(_COLOURS)])}</g>"
        for index, (name, points) in enumerate(drawn)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="currentColor" role="img">{body}</svg>'
    )


def _panel(name: str, points: Points, span: tuple[int, int], colour: str) -> str:
    values = [value for _, value in points]
    low, high = min(values), max(values)
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    across = (right - _LEFT) / ((span[1] - span[0]) or 1)
    up = (bottom - _TOP) / ((high - low) or 1)
    at = [(_LEFT + (step - span[0]) * across, bottom - (value - low) * up) for step, value in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in at) if len(at) <= _DOTS_UP_TO else ""
    levels = [(low, bottom), ((low + high) / 2, (bottom + _TOP) / 2), (high, _TOP)] if high > low else [(low, bottom)]
    grid = "".join(
        f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="currentColor" stroke-opacity="0.2"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        for value, y in levels
    )
    return (
        f'<text x="{_LEFT}" y="18" font-weight="bold">{text(name)} {values[-1]:.4g}</text>{grid}'
        f'<text x="{_LEFT}" y="{bottom + 18}">{span[0]}</text>'
        f'<text x="{right}" y="{bottom + 18}" text-anchor="end">step {span[1]}</text>'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        f'<g fill="{colour}">{dots}</g>'
    )
