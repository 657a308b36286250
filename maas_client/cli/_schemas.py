"""JSON Schemas of what commands write, made from the types in `_documents`."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from maas_client.cli._documents import DOCUMENTS, LINES, Failure

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AsWritten(GenerateJsonSchema):
    """Describes values as `Output` writes them."""

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        """A number that is not finite is written as null: JSON has no word for it."""
        return {**super().float_schema(schema), "type": ["number", "null"]}

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: FBT001, RUF100 - pydantic's own signature
    ) -> bool:
        """Every field of a value is written, whether it has a default or not."""
        return field["type"] != "typed-dict-field" or super().field_is_required(field, total)


def schema_of(command: str, *, line: bool = False) -> dict[str, Any]:
    """Return the schema of what a command writes with `--output json`.

    Args:
        command: What is typed after `maas-ft`, such as `jobs get`.
        line: True for one of many lines, false for the one document.

    Raises:
        KeyError: The command writes nothing of the kind.
    """
    written = (LINES if line else DOCUMENTS)[command]
    what = "one line of its output" if line else "its document"
    found = TypeAdapter(written | Failure).json_schema(mode="serialization", schema_generator=_AsWritten)
    head = {"$schema": DIALECT, "title": f"maas-ft {command} --output json: {what}"}
    return {**head, **_without_titles(found)}


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each file in `schemas/cli`, and what is in it."""
    for command in DOCUMENTS:
        yield f"{file_name(command)}.schema.json", schema_of(command)
    for command in LINES:
        yield f"{file_name(command)}.line.schema.json", schema_of(command, line=True)


def file_name(command: str) -> str:
    """Return a command's name as files are called."""
    return re.sub(r"\s+", "-", command)


def _without_titles(value: Any) -> Any:  # noqa: ANN401 - a schema, or a part of one
    """Leave out the titles that pydantic makes of every field's name: they say nothing new."""
    if isinstance(value, list):
        return [_without_titles(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {name: _without_titles(each) for name, each in item.items()}
        if key in ("properties", "$defs")
        else _without_titles(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str))
    }
