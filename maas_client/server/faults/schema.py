"""The JSON schema of fault programs, made of the classes that read them."""

from typing import Any

import msgspec

from maas_client.server.faults.classics import classics
from maas_client.server.faults.kinds import KINDS
from maas_client.server.faults.parse import CLASSIC_FIELDS, COMMIT_THEN, MAX_PROGRAMS
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
    properties = components["Program"]["properties"]
    components["Classic"] = {
        "title": "Classic",
        "description": "A program that ships by name; what is given besides comes before what it says.",
        "type": "object",
        "properties": {
            "classic": {"enum": list(classics())},
            "operation": components["Match"]["properties"]["operation"],
            **{name: properties[name] for name in CLASSIC_FIELDS if name in properties},
        },
        "required": ["classic"],
        "additionalProperties": False,
    }
    one = {"anyOf": [program, {"$ref": "#/$defs/Classic"}]}
    programs = {
        "type": "object",
        "properties": {"programs": {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_PROGRAMS}},
        "required": ["programs"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "anyOf": [*one["anyOf"], programs],
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
