"""stdout is data, stderr is talk: everything that a command writes goes through here."""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from maas_client.base.shown import clean
from maas_client.cli._common import is_quiet


def talk(text: str = "") -> None:
    """Say something on stderr, unless `--quiet` wants results and errors only."""
    if not is_quiet():
        complain(text)


def complain(text: str) -> None:
    """Say on stderr what must be said: what went wrong, how to go on, and what a question is about."""
    click.echo(clean(text), err=True)


def is_terminal(stream: Any) -> bool:  # noqa: ANN401 - anything with or without `isatty`
    """Tell whether somebody looks at a stream."""
    return bool(getattr(stream, "isatty", lambda: False)())


def is_followed(stream: Any) -> bool:  # noqa: ANN401 - anything with or without `isatty`
    """Tell whether somebody looks at a stream and wants to see how far things are."""
    return is_terminal(stream) and not is_quiet()


def can_ask() -> bool:
    """Tell whether somebody can read a question and type an answer."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


class Output:
    """The data of one command.

    Attributes:
        mode: The value of `--output`.
        is_json: True if stdout gets JSON.
        documented: True once a document was written; then no other follows.
    """

    def __init__(self, mode: str) -> None:
        """Take the value of `--output`."""
        self.mode = mode
        self.is_json = mode == "json"
        self.documented = False

    def document(self, value: object) -> None:
        """Write the one JSON document."""
        self.documented = True
        click.echo(to_json(value, indent=2 if is_terminal(sys.stdout) else None))

    def line(self, value: object) -> None:
        """Write one of many JSON lines; they count as the document."""
        self.documented = True
        click.echo(to_json(value))

    def text(self, text: str, *, end: str = "\n") -> None:
        """Write text; on a terminal its control characters are written out, elsewhere data stays as it is."""
        shown = clean(text) if is_terminal(sys.stdout) else _whole(text)
        click.echo(shown + end, nl=False)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write columns; on a terminal lines are cropped to its width."""
        flat = [[" ".join(clean(cell).split()) for cell in row] for row in (header, *rows)]
        widths = [max(len(row[column]) for row in flat) for column in range(len(header))]
        crop = _terminal_width() if is_terminal(sys.stdout) else None
        for row in flat:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self.text(line if crop is None or len(line) <= crop else f"{line[: crop - 1]}…")

    def pairs(self, pairs: Mapping[str, object]) -> None:
        """Write names and values, one a line; `None` and what is empty is left out."""
        shown = {name: text for name, value in pairs.items() if (text := _in_a_line(value)) is not None}
        width = max(map(len, shown), default=0)
        for name, text in shown.items():
            self.text(f"{name.ljust(width)}  {clean(text)}")


def _in_a_line(value: object) -> str | None:
    """Write a value for a person: times to the second, maps as `key=value, ...`."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in value.items()) or None
    return None if value is None else str(value)


def to_json(value: object, *, indent: int | None = None) -> str:
    """Write a value as JSON that every terminal and every reader survives."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    text = json.dumps(plain(value), ensure_ascii=encoding != "utf8", indent=indent, allow_nan=False)
    return re.sub(
        r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]",
        lambda match: f"\\u{ord(match[0]):04x}",
        text,
    )


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can say
    """Turn values of this package into what JSON can say; a number that is not finite becomes `null`."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return plain(dump(mode="json"))
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else _text_of(value)


def _text_of(value: object) -> str:
    return value.as_posix() if isinstance(value, Path) else str(value)


def _whole(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns
