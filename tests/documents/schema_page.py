# ruff: noqa: E501 - sentences of the page stand as they do there
"""The page of schemas: what is in the folder, as each file says of itself."""

import json
import tomllib
from pathlib import Path
from typing import Any

from tests.documents.blocks import ROOT
from tests.documents.tables import table

HEAD = """# Schemas

What can be read by machines is described for machines. The files are part of the package, in `maas_client/schemas`. Generated from them.

"""


def page() -> str:
    """Write the page."""
    files = sorted(path for path in (ROOT / "schemas").rglob("*") if path.is_file())
    groups: dict[str, list[tuple[str, str]]] = {}
    for path in files:
        name = path.relative_to(ROOT / "schemas").as_posix()
        groups.setdefault(path.parent.name, []).append((f"[`{name}`](../../../schemas/{name})", _about(path)))
    top = table(("file", "what it describes"), groups.pop("schemas"))
    more = (f"\n## {name}\n\n{table(('file', 'what it describes'), rows)}" for name, rows in sorted(groups.items()))
    return HEAD + top + "".join(more)


def _about(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        assert tomllib.loads(text)
        return " ".join(line.removeprefix("#").strip() for line in text.split("\n\n")[0].splitlines())
    document: dict[str, Any] = json.loads(text)
    facts = document.get("info", document)
    return str(facts.get("title") or facts["description"])
