"""Other formats to conversations: CSV, TSV, JSON lines of other shapes, and JSON arrays.

Rows are read one after the other; a row that cannot be converted is handed out with the reason, never dropped silently.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from maas_client.dataset.shapes import COMPLETION_NAMES, PROMPT_NAMES, ShapeError, conversation, name_of
from maas_client.errors import ConfigurationError

MAX_ARRAY_BYTES = 1024 * 1024 * 1024
"""A JSON array has to be held in memory as a whole."""

Format = Literal["csv", "tsv", "jsonl", "json"]
_BY_ENDING: Mapping[str, Format] = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class Converted:
    """One row of the source.

    Attributes:
        line: Where it ends in the source, 1 for the first line; in a JSON array the number of the element.
        text: The conversation as one line of JSON, without a line feed; `None` if it could not be converted.
        shape: What the row was, for people.
        problem: Why it could not be converted.
    """

    line: int
    text: str | None
    shape: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What holds what, where the names in the source are not among the usual ones.

    Attributes:
        prompt: Name of the column or field with the prompt.
        completion: Name of the one with the answer.
        system: Text of a system message put before every conversation that has none.
    """

    prompt: str | None = None
    completion: str | None = None
    system: str | None = None


def format_of(path: Path) -> Format:
    """Tell the format of a file by its ending, and JSON lines from a JSON array by the first character.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    known = _BY_ENDING.get(path.suffix.lower())
    if known in ("csv", "tsv"):
        return known
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}.", hint="Check the path.") from None
    return "json" if head.startswith((b"[", b"{\n", b"{\r")) or head.rstrip() == b"{" else "jsonl"


def convert(path: str | Path, *, source: Format | None = None, columns: Columns | None = None) -> Iterator[Converted]:
    """Give every row of a file as a conversation, in order.

    Args:
        path: The file; UTF-8, with or without a byte order mark.
        source: Its format; `None` tells it by ending and first character.
        columns: Names that are not the usual ones.

    Raises:
        ConfigurationError: The file cannot be read, or its header has none of the names.
    """
    file, columns = Path(path), columns or Columns()
    kind = source or format_of(file)
    try:
        if kind in ("csv", "tsv"):
            rows: Iterator[tuple[int, object]] = _table(file, "," if kind == "csv" else "\t", columns)
        elif kind == "json":
            rows = _array(file)
        else:
            rows = _lines(file)
        for line, row in rows:
            yield _converted(line, row, columns)
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{file} is not UTF-8: {error.reason} (byte 0x{error.object[error.start]:02x}).",
            hint="Save it as UTF-8; `maas-ft data fix` can do that for UTF-16.",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}.", hint="Check the path.") from None


def _converted(line: int, row: object, columns: Columns) -> Converted:
    if isinstance(row, ShapeError):
        return Converted(line, None, problem=str(row))
    try:
        value = conversation(row, prompt=columns.prompt, completion=columns.completion)
    except ShapeError as error:
        return Converted(line, None, problem=str(error))
    if columns.system is not None and not any(_is_system(message) for message in value["messages"]):
        value = {**value, "messages": [{"role": "system", "content": columns.system}, *value["messages"]]}
    # Halves of surrogate pairs, which JSON can say and UTF-8 cannot, stay escapes.
    text = json.dumps(value, ensure_ascii=not _writable(value))
    return Converted(line, text, name_of(row) if isinstance(row, dict) else "")


def _is_system(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "system"


def _writable(value: object) -> bool:
    try:
        msgspec.json.encode(value)
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return False
    return True


def _table(path: Path, delimiter: str, columns: Columns) -> Iterator[tuple[int, object]]:
    # An answer may be longer than the 128 KiB at which the module stops by itself.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        header = next(reader, None)
        if not header:
            raise ConfigurationError(f"{path} is empty.", hint="The first line names the columns.")
        _check_header(path, header, columns)
        yield from _records(reader, header)


def _records(reader: Any, header: list[str]) -> Iterator[tuple[int, object]]:  # noqa: ANN401 - csv's reader has no name
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, ShapeError(f"it cannot be read: {error}")
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            yield reader.line_num, ShapeError(f"it has {len(cells)} cells, the header {len(header)}")
            continue
        yield reader.line_num, dict(zip(header, cells, strict=True))


def _check_header(path: Path, header: list[str], columns: Columns) -> None:
    shown = ", ".join(repr(name) for name in header[:20])
    for wanted, option in ((columns.prompt, "--prompt-column"), (columns.completion, "--completion-column")):
        if wanted is not None and wanted not in header:
            raise ConfigurationError(f"{path} has no column {wanted!r} ({option}).", hint=f"Its columns: {shown}.")
    lowered = {name.strip().lower() for name in header}
    for given, names, option in (
        (columns.prompt, PROMPT_NAMES, "--prompt-column"),
        (columns.completion, COMPLETION_NAMES, "--completion-column"),
    ):
        if given is None and not lowered & set(names):
            raise ConfigurationError(
                f"{path} has no column called {', '.join(names)}.", hint=f"Name it with {option}; there are: {shown}."
            )


def _array(path: Path) -> Iterator[tuple[int, object]]:
    if path.stat().st_size > MAX_ARRAY_BYTES:
        raise ConfigurationError(
            f"{path} is a JSON value of more than {MAX_ARRAY_BYTES // 2**30} GiB, which has to be held in memory.",
            hint="Write its elements as JSON lines first.",
        )
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise ConfigurationError(f"{path} is not JSON: {error}.", hint="Correct it, or give --from.") from None
    elements: Iterable[object] = value if isinstance(value, list) else [value]
    yield from enumerate(elements, start=1)


def _lines(path: Path) -> Iterator[tuple[int, object]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            data = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if data.strip():
                yield number, _decoded(data)


def _decoded(data: bytes) -> object:
    try:
        return json.loads(data)
    except UnicodeDecodeError as error:
        return ShapeError(f"it is not UTF-8 (byte 0x{error.object[error.start]:02x})")
    except (ValueError, RecursionError) as error:
        return ShapeError(f"it is not JSON: {error}")
