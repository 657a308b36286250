"""Programs that ship by name, for what goes wrong everywhere."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def classics() -> dict[str, dict[str, Any]]:
    """Return, by name, `about` (a sentence) and `program`."""
    text = files("maas_client.server.faults").joinpath("classics.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def expand(given: dict[str, Any]) -> dict[str, Any]:
    """Return the program of `{"classic": name, ...}`: what is given besides comes before what the classic says.

    Args:
        given: With the name of a classic; `operation` stands for that of `match`.
    """
    further = {key: value for key, value in given.items() if key not in {"classic", "operation"}}
    program: dict[str, Any] = {"name": given["classic"], **classics()[given["classic"]]["program"], **further}
    match = further.get("match", {})
    if isinstance(match, dict):
        operation = {"operation": given["operation"]} if "operation" in given else {}
        kept = {} if operation or "operation" in match else classics()[given["classic"]]["program"].get("match", {})
        program["match"] = {**kept, **operation, **match}
    return program
