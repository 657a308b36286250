"""A plan as a file: JSON for people to read, with a digest over itself, so that what was read is what is applied."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from maas_client.base.whole import whole
from maas_client.errors import ConfigurationError

PLAN_VERSION = 2
"""2 added what a plan was decided on; plans of version 1 are in journals only."""
FORM = "maas-client plan"
MAX_BYTES = 16 * 1024 * 1024
_AGAIN = "Plan again: maas-ft plan ... -o FILE"


def write_plan_file(path: str | os.PathLike[str], plan: dict[str, Any]) -> None:
    """Write a plan under its name at once; see `Plan.save`."""
    target = Path(path)
    document = {"form": FORM, "version": plan["version"], "digest": _digest(plan), "plan": plan}
    try:
        if target.exists() and not _is_plan(target):
            raise ConfigurationError(
                f"{target} is there already and is no plan; it was left alone.", hint="Choose another name."
            )
        with whole(target) as file:
            file.write(json.dumps(document, indent=2, allow_nan=False).encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(
            f"{target} cannot be written: {error.strerror or error}.", hint="Check the folder and the space left on it."
        ) from error


def read_plan_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read it back; see `Plan.load`."""
    source = Path(path)
    try:
        document = _read(source)
    except OSError as error:
        raise ConfigurationError(
            f"{source} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from None
    if document is None:
        raise ConfigurationError(f"{source} is no plan.", hint="Make one: maas-ft plan ... -o FILE")
    version, plan = document.get("version"), document.get("plan")
    if not isinstance(version, int) or not isinstance(plan, dict):
        raise ConfigurationError(f"{source} is damaged: version or plan is missing.", hint=_AGAIN)
    if version > PLAN_VERSION:
        raise ConfigurationError(
            f"{source} was written by a later release (version {version}); this one reads {PLAN_VERSION}.",
            hint="Update maas-client, or plan again with this release.",
        )
    if document.get("digest") != _digest(plan) or plan.get("version") != version:
        raise ConfigurationError(
            f"{source} is not as it was written: its digest is another. Nothing was sent.",
            hint=f"A plan is applied as it is, or not at all. {_AGAIN}",
        )
    return plan


def plan_schema(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of the file, from that of the plan in it."""
    definitions = plan.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan of maas-ft (run.plan)",
        "type": "object",
        "properties": {
            "form": {"const": FORM},
            "version": {"const": PLAN_VERSION},
            "digest": {
                "description": "Of `plan`: as JSON with sorted keys and without white space, other than ASCII escaped.",
                "type": "string",
                "pattern": "^sha256:[0-9a-f]{64}$",
            },
            "plan": {"$ref": "#/$defs/Plan"},
        },
        "required": ["form", "version", "digest", "plan"],
        "$defs": {**definitions, "Plan": plan},
    }


def _is_plan(path: Path) -> bool:
    return path.is_file() and _read(path) is not None


def _read(path: Path) -> dict[str, Any] | None:
    """Read what says of itself that it is a plan; anything else is `None`."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        document = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("form") == FORM else None


def _digest(plan: dict[str, Any]) -> str:
    canonical = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
