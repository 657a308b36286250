"""How findings are mended: one function for each rule that is fixable.

A fix may not guess: what the model would be taught stays, or becomes what the row plainly meant. Fixes of lines work on
text that is no JSON yet, fixes of rows on the decoded value; what is right about the whole file (its encoding, its line
ends) is mended by reading it and writing it anew.
"""

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from maas_client.dataset.decode import Decoded, Fault
from maas_client.dataset.row import Row
from maas_client.dataset.rule import Key, Problem
from maas_client.dataset.rules_schema import MESSAGE_KEYS, columns, misspelt
from maas_client.dataset.rules_text import bidi, control, invisible

Path = Sequence[Key]
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)

LineFix = Callable[[Decoded, Fault], list[str]]
RowFix = Callable[[Row, Problem], Any]

WHOLE_FILE = frozenset({"ENC001", "ENC002", "ENC006", "ENC007", "ENC008", "FIL005", "FIL007"})
"""Rules whose findings are gone once the file was read and written anew: as UTF-8, unpacked, with line feeds."""


def _without_comma(line: Decoded, fault: Fault) -> list[str]:
    at = line.text.rindex(",", 0, fault.position + 1)
    return [line.text[:at] + line.text[at + 1 :]]


def _two_lines(line: Decoded, fault: Fault) -> list[str]:
    return [line.text[: fault.position].strip(), line.text[fault.position :].lstrip(" \t,")]


def _escaped(line: Decoded, fault: Fault) -> list[str]:
    written = json.dumps(line.text[fault.position])[1:-1]
    return [line.text[: fault.position] + written + line.text[fault.position + 1 :]]


def _no_return(line: Decoded, fault: Fault) -> list[str]:
    at = fault.position
    within = any(match.start() < at < match.end() for match in _STRING.finditer(line.text))
    return [line.text[:at] + ("\\r" if within else " ") + line.text[at + 1 :]]


LINES: Mapping[str, LineFix] = {
    "ENC005": _no_return,
    "JSN001": lambda _line, _fault: [],
    "JSN007": _without_comma,
    "JSN009": _two_lines,
    "JSN010": _escaped,
}
"""By rule: a line and what is wrong with it, to the lines that take its place."""


def _parent(value: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON value
    for key in path[:-1]:
        value = value[key]
    return value


def _changed(row: Row, path: Path, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    value = copy.deepcopy(row.value)
    parent = _parent(value, path)
    parent[path[-1]] = change(parent[path[-1]])
    return value


def _removed(row: Row, problem: Problem) -> Any:  # noqa: ANN401
    value = copy.deepcopy(row.value)
    del _parent(value, problem.path)[problem.path[-1]]
    return value


def _message_removed(row: Row, problem: Problem) -> Any:  # noqa: ANN401
    return _removed(row, Problem("", problem.path[:-1]))


def _renamed(row: Row, problem: Problem) -> Any:  # noqa: ANN401
    value = copy.deepcopy(row.value)
    holder, wrong = _parent(value, problem.path), problem.path[-1]
    known = columns(row.profile) if len(problem.path) == 1 else MESSAGE_KEYS
    right = next(name for name in known if misspelt(name, holder, known) == wrong)
    items = [(right if key == wrong else key, item) for key, item in holder.items()]
    holder.clear()
    holder.update(items)
    return value


def _unwrapped(row: Row, problem: Problem) -> Any:  # noqa: ANN401
    return _changed(row, problem.path, json.loads) if problem.path else json.loads(str(row.value))


def _joined_parts(row: Row, problem: Problem) -> Any:  # noqa: ANN401
    parts = _parent(row.value, problem.path)[problem.path[-1]]
    if not all(isinstance(part, dict) and part.keys() == {"type", "text"} and part["type"] == "text" for part in parts):
        return row.value
    return _changed(row, problem.path, lambda parts: "".join(part["text"] for part in parts))


def _folded(row: Row, problem: Problem) -> Any:  # noqa: ANN401
    """Put a leading system message before the first user message, as the training package does for such models.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, chat_completion/preprocess (system + two line feeds + user).
    """
    value = copy.deepcopy(row.value)
    messages = _parent(value, problem.path[:-1])
    pair = messages[:2] if problem.path[-2] == 0 else []
    if [message.get("role") for message in pair if isinstance(message, dict)] != ["system", "user"]:
        return row.value
    system, user = (message.get("content") for message in pair)
    if not isinstance(system, str) or not isinstance(user, str):
        return row.value
    pair[1]["content"] = f"{system}\n\n{user}"
    del messages[0]
    return value


def _without(scan: Callable[[str], list[tuple[int, str]]]) -> RowFix:
    def clean(text: str) -> str:
        for at, found in reversed(scan(text)):
            text = text[:at] + text[at + len(found) :]
        return text

    return lambda row, problem: _changed(row, problem.path, clean)


ROWS: Mapping[str, RowFix] = {
    "CNT005": _message_removed,
    "CNT009": _joined_parts,
    "CNT011": _removed,
    "FMT009": lambda row, _problem: {"messages": row.value},
    "ROL004": _folded,
    "ROL005": lambda row, problem: _changed(row, problem.path, lambda role: role.strip().casefold()),
    "SCH005": _removed,
    "SCH006": _removed,
    "SCH008": _unwrapped,
    "SCH009": _unwrapped,
    "SCH010": _renamed,
    "SCH011": _removed,
    "TXT001": _without(control),
    "TXT002": _without(invisible),
    "TXT003": _without(bidi),
}
"""By rule: a row and a problem in it, to the value that takes its place; the same value if it cannot be mended."""
