"""Values as HTML, for notebooks and pages: what is known of them in a small table, every text escaped."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING

from maas_client.base.shown import clean

if TYPE_CHECKING:
    from maas_client.types.base import Value

_CELL = 'style="text-align:left;vertical-align:top"'
_COLOURS = {
    "running": "#0969da",
    "succeeded": "#1a7f37",
    "failed": "#cf222e",
    "cancelled": "#9a6700",
    "ok": "#1a7f37",
    "warning": "#9a6700",
    "error": "#cf222e",
}
_ROWS = 50
_NESTED_COLUMNS = 6


def text(value: object) -> str:
    """Write a value as HTML text: times to the second, characters that would not show as Python writes them."""
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M:%S}"
    elif isinstance(value, float):
        value = f"{value:.6g}"
    return escape(clean(str(value))).replace("\n", "<br>")


def cell(value: object) -> str:
    """Write a value for a cell of a table: a status in its colour, values within values as tables of their own."""
    if isinstance(value, StrEnum):
        colour = _COLOURS.get(value.value)
        return f'<b style="color:{colour}">{text(value.value)}</b>' if colour else f"<b>{text(value.value)}</b>"
    if isinstance(value, Mapping):
        return "<br>".join(f"{text(key)} = {text(item)}" for key, item in value.items() if _is_plain(item))
    if hasattr(value, "model_dump"):
        return pairs("", _fields(value))
    if isinstance(value, (tuple, list)):
        return listing(value) if value and hasattr(value[0], "model_dump") else ", ".join(map(text, value))
    return text(value)


def pairs(title: str, fields: Mapping[str, object]) -> str:
    """Draw names and values, a row each; what is `None` or empty is left out."""
    rows = [
        f"<tr><th {_CELL}>{text(name.replace('_', ' '))}</th><td {_CELL}>{shown}</td></tr>"
        for name, value in fields.items()
        if value not in (None, "", (), {}) and (shown := cell(value))
    ]
    head = f'<caption style="text-align:left;font-weight:bold">{title}</caption>' if title else ""
    return f"<table>{head}{''.join(rows)}</table>"


def table(header: Sequence[str], rows: Iterable[Sequence[object]], *, most: int = _ROWS) -> str:
    """Draw rows under a header; of many, the first ones and how many more there are."""
    every = list(rows)
    head = "".join(f"<th {_CELL}>{text(name.replace('_', ' '))}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td {_CELL}>{'' if value is None else cell(value)}</td>" for value in row) + "</tr>"
        for row in every[:most]
    )
    more = f"<p>and {len(every) - most} more</p>" if len(every) > most else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def describe(value: "Value") -> str:
    """Draw a value with the fields that are set, in their order."""
    name = getattr(value, "name", None) or getattr(value, "id", None)
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(value).__name__)
    title = f"{text(kind)} {text(name)}" if isinstance(name, str) else text(kind)
    return pairs(title, {key: item for key, item in _fields(value).items() if item is not name})


def listing(values: Sequence[object]) -> str:
    """Draw values of one kind as a table: of their fields the first few that are a text, a number or a time."""
    rows = [_fields(value) for value in values]
    names = dict.fromkeys(name for row in rows for name, item in row.items() if item is not None and _is_plain(item))
    shown = list(names)[:_NESTED_COLUMNS]
    return table(shown, [[row.get(name) for name in shown] for row in rows])


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in getattr(type(value), "model_fields", {})}


def _is_plain(value: object) -> bool:
    return not isinstance(value, (Mapping, tuple, list)) and not hasattr(value, "model_dump")
