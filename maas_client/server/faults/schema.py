"""The JSON schema of fault programs, made of the classes that read them."""

from typing import Any

import msgspec

from maas_client.server.faults.kinds import KINDS
from maas_client.server.faults.parse import COMMIT_THEN, MAX_PROGRAMS
from maas_client.server.faults.program import MAX_ACTIONS, Program

TITLE = "Fault programs of the maas-client reference server"


def make_schema() -> dict[str, Any]:
    """Return the schema of what `POST /_maas/faults` and `maas-ft serve --faults` take."""
    (program, *actions), components = msgspec.json.schema_components(
        (Program, *KINDS.values()), ref_template="#/$defs/{name}"
    )
    for name, definition in components.items():
        if "do" in definition.get("properties", {}):
            definition["required"] = ["do", *(each for each in definition.get("required", []) if each != "do")]
            definition["title"] = f"Action {definition['properties']['do']['enum'][0]}"
        else:
            definition["title"] = name
    components["Program"]["properties"]["actions"] |= {
        "items": {"anyOf": [_short(components), *actions]},
        "minItems": 1,
        "maxItems": MAX_ACTIONS,
    }
    components["When"]["oneOf"] = [{"required": [name]} for name in ("nth", "first", "every", "probability")]
    programs = {
        "type": "object",
        "properties": {"programs": {"type": "array", "items": program, "minItems": 1, "maxItems": MAX_PROGRAMS}},
        "required": ["programs"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "anyOf": [program, programs],
        "$defs": dict(sorted(components.items())),
    }


def _short(components: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of actions that are given by their names alone: those that need no field."""
    names = [kind.name() for kind in KINDS.values() if components[kind.__name__]["required"] == ["do"]]
    return {
        "description": "The name of an action that needs no field.",
        "type": "string",
        "anyOf": [{"enum": names}, {"pattern": f"^{COMMIT_THEN.pattern}$"}],
    }
