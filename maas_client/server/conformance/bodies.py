"""Bodies as values that a schema can be held against: JSON, XML, forms, server-sent events."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import parse_qsl

from maas_client.server.conformance.documents import Document, Node


def from_json(data: bytes) -> object:
    """Decode JSON.

    Raises:
        ValueError: It is none.
    """
    return json.loads(data, parse_constant=_no_constant)


def from_form(data: bytes) -> object:
    """Decode a form.

    Raises:
        ValueError: It is none.
    """
    return dict(parse_qsl(data.decode("utf-8"), keep_blank_values=True, strict_parsing=True))


def from_events(data: bytes) -> Iterator[object]:
    """Yield the JSON of every server-sent event before the last, which must be `[DONE]`.

    Raises:
        ValueError: An event is no JSON, or the end is missing.
    """
    texts = [
        "\n".join(line.removeprefix("data:").removeprefix(" ") for line in event.splitlines() if line[:5] == "data:")
        for event in data.decode("utf-8").replace("\r\n", "\n").split("\n\n")
    ]
    told = [text for text in texts if text]
    if not told or told[-1] != "[DONE]":
        raise ValueError("the last event is not [DONE]")
    return (json.loads(text, parse_constant=_no_constant) for text in told[:-1])


def from_xml(document: Document, schema: Node, data: bytes) -> object:
    """Decode XML by the names and types of a schema, as OpenAPI maps one to the other; attributes are left out.

    Raises:
        ValueError: It is no XML, or its root has another name.
    """
    schema = document.resolve(schema)
    try:
        # No foreign document is fetched and expat limits expansion; what is read came over loopback.
        root = ET.fromstring(data.decode("utf-8-sig"))  # noqa: S314
    except ET.ParseError as error:
        raise ValueError("it is not well-formed XML") from error
    name = schema.value.get("xml", {}).get("name")
    if name not in (None, root.tag):
        raise ValueError(f"the root element is not {name}")
    return _value(document, schema, root)


def _value(document: Document, schema: Node, element: ET.Element) -> object:
    schema = document.resolve(schema)
    kind = schema.value.get("type") if isinstance(schema.value, dict) else None
    if kind == "array":
        return [_value(document, schema.child("items"), child) for child in element]
    if kind == "object" or (kind is None and len(element)):
        return _members(document, schema, element)
    text = element.text or ""
    return int(text) if kind == "integer" and text.isdecimal() else text


def _members(document: Document, schema: Node, element: ET.Element) -> dict[str, object]:
    members: dict[str, object] = {}
    lists: dict[str, list[object]] = {}
    known = schema.get("properties")
    for child in element:
        found = known.get(child.tag) if known else None
        inner = document.resolve(found) if found else Node("", {})
        if inner.value.get("type") == "array" and not inner.value.get("xml", {}).get("wrapped"):
            lists.setdefault(child.tag, []).append(_value(document, inner.child("items"), child))
        else:
            members[child.tag] = _value(document, inner, child)
    return {**members, **lists}


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
