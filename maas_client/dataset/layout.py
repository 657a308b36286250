"""What a file is if it is not JSON lines, as far as its beginning tells: then its lines are not checked one by one."""

import csv
import json
from typing import Literal

from maas_client.dataset.shapes import COMPLETION_NAMES, PROMPT_NAMES

Layout = Literal["lines", "array", "indented", "table", "text", "binary"]

HEAD_BYTES = 1024 * 1024
"""How much of a file is looked at, in bytes."""
_LINES = 50
_MAGIC = (b"PK\x03\x04", b"PAR1", b"\x89PNG", b"%PDF", b"SQLite format 3", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_NAMES = frozenset((*PROMPT_NAMES, *COMPLETION_NAMES, "text", "system", "content", "role", "messages", "label", "id"))


def layout_of(head: bytes) -> Layout:
    """Tell what a file is by its first bytes, up to `HEAD_BYTES` of them, without a byte order mark.

    Only what cannot be JSON lines is called something else.
    """
    if head.startswith(_MAGIC):
        return "binary"
    text = head.decode("utf-8", "replace").lstrip()
    if text[:1] in ("[", "{"):
        return _json(text)
    lines = [line.strip() for line in text.splitlines()[:_LINES] if line.strip()]
    # A single line that begins otherwise may be a row that is broken, or a string.
    if not lines or any(line[0] in '{["' for line in lines):
        return _quoted_table(lines)
    return "table" if _is_header(lines[0]) else "text" if _is_prose(lines) else "lines"


def _json(text: str) -> Layout:
    first = text.partition("\n")[0].strip()
    decoder = json.JSONDecoder()
    try:
        value, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return _open(text, first)
    if isinstance(value, list) and not text[end:].strip() and _rows(value):
        return "array"
    return "indented" if "\n" in text[:end].strip() and isinstance(value, dict) else "lines"


def _open(text: str, first: str) -> Layout:
    """Tell the layout of JSON that does not end within what is known of the file."""
    if first == "[" or (first.startswith("[{") and first.endswith("},") and _element(first[1:-1])):
        return "array"
    return "array" if first.startswith("[{") and len(first) == len(text.rstrip()) and _begins(first) else "lines"


def _element(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _begins(text: str) -> bool:
    """Tell whether an element of an array that has no end ends itself, and another follows."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, 1)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and text[end:].lstrip().startswith(",")


def _rows(values: list[object]) -> bool:
    """Tell whether the elements of an array are rows, not the messages of one conversation."""
    return bool(values) and all(isinstance(value, dict) and "role" not in value for value in values)


def _quoted_table(lines: list[str]) -> Layout:
    first = lines[0] if lines else ""
    return "table" if first[:1] not in ("{", "[") and _is_header(first) else "lines"


def _is_header(line: str) -> bool:
    for delimiter in (",", "\t", ";"):
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(cells) > 1 and {cell.strip().casefold() for cell in cells} & _NAMES:
            return True
    return False


def _is_prose(lines: list[str]) -> bool:
    """Tell whether lines are words: none of them a bare JSON word or number, most with letters and spaces."""
    wordy = sum(any(character.isalpha() for character in line) and " " in line for line in lines)
    return len(lines) > 1 and wordy * 2 > len(lines)
