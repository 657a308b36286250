"""An OpenAPI 3.1 document: which operation a request is, and the schemas of its parts."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from maas_client.server.schemas import CONTRACT, schema_file

_URN = "urn:document"
_METHODS = ("get", "put", "post", "patch", "delete", "head")


def _one_of(
    validator: Draft202012Validator, choices: Sequence[Any], instance: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Hold a value against the alternative that its discriminator names: the others say nothing, and take long."""
    rule = schema.get("discriminator")
    if rule is None or not isinstance(instance, dict):
        yield from Draft202012Validator.VALIDATORS["oneOf"](validator, choices, instance, schema)
        return
    word, mapping = instance.get(rule["propertyName"]), rule["mapping"]
    if isinstance(word, str) and word in mapping:
        yield from validator.descend(instance, {"$ref": mapping[word]})
    else:
        place = [rule["propertyName"]]
        yield ValidationError("", validator="discriminator", path=place, validator_value=sorted(mapping), instance=word)


_Validator: type[Draft202012Validator] = extend(Draft202012Validator, {"oneOf": _one_of})  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document and the JSON pointer to it, by which its references resolve."""

    pointer: str
    value: Any

    def child(self, key: str | int) -> "Node":
        """Return the value under a key."""
        word = str(key).replace("~", "~0").replace("/", "~1")
        return Node(f"{self.pointer}/{word}", self.value[key])

    def get(self, key: str) -> "Node | None":
        """Return the value under a key, or None."""
        return self.child(key) if isinstance(self.value, dict) and key in self.value else None

    def members(self, key: str) -> dict[str | int, "Node"]:
        """Return the members of the object or list under a key; none if there is no such key."""
        holder = self.get(key)
        if holder is None:
            return {}
        keys = holder.value if isinstance(holder.value, dict) else range(len(holder.value))
        return {name: holder.child(name) for name in keys}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a document.

    Attributes:
        name: Its `operationId`.
        method: HTTP method.
        template: Its path with `{parameters}`.
        node: Its description.
        parameters: Its parameters and those of its path, references resolved.
    """

    name: str
    method: str
    template: str
    node: Node
    parameters: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    marks: frozenset[tuple[str, str]]
    operation: Operation


class Document:
    """An OpenAPI document that answers questions about requests.

    Paths are compared without case. A path parameter with `x-ms-skip-url-encoding` takes slashes too. Operations under
    `x-ms-paths` are told apart by the query that their path carries; the most exact comes first.
    """

    def __init__(self, name: str, content: Mapping[str, Any]) -> None:
        """Read a document.

        Args:
            name: What reports call it.
            content: The document, decoded.
        """
        self.name = name
        self.version = str(content.get("info", {}).get("version", ""))
        self._root = Node("", content)
        self._registry: Registry[Any] = Registry().with_resource(_URN, DRAFT202012.create_resource(dict(content)))
        self._validators: dict[str, Draft202012Validator] = {}

    @classmethod
    def load(cls, path: Path, name: str = "") -> "Document":
        """Read a document from a file.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no OpenAPI document in JSON.
        """
        try:
            content = json.loads(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{path} is no JSON: {error}") from error
        if not (isinstance(content, dict) and content.get("paths")):
            raise ValueError(f"{path} is no OpenAPI document: it has no paths")
        return cls(name or f"published {content.get('info', {}).get('version', path.name)}", content)

    def operations(self) -> Iterator[Operation]:
        """Yield every operation."""
        return (route.operation for route in self._routes)

    def find(self, method: str, path: str, query: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation of a request and its path parameters, or None."""
        given = set(parse_qsl(query, keep_blank_values=True))
        for route in self._routes:
            found = route.pattern.fullmatch(path) if route.operation.method == method else None
            if found and route.marks <= given:
                return route.operation, {
                    name: found[f"p{index}"] for index, name in enumerate(_names(route.operation.template))
                }
        return None

    def resolve(self, node: Node) -> Node:
        """Follow references within the document."""
        while isinstance(node.value, dict) and "$ref" in node.value:
            node = self._at(str(node.value["$ref"]).removeprefix("#"))
        return node

    def validator(self, node: Node) -> Draft202012Validator:
        """Return the validator of a schema."""
        made = self._validators.get(node.pointer)
        if made is None:
            made = _Validator({"$ref": f"{_URN}#{node.pointer}"}, registry=self._registry)
            self._validators[node.pointer] = made
        return made

    def _at(self, pointer: str) -> Node:
        node = self._root
        for word in pointer.split("/")[1:]:
            node = node.child(word.replace("~1", "/").replace("~0", "~"))
        return node

    @cached_property
    def _routes(self) -> Sequence[_Route]:
        made = []
        for section in ("paths", "x-ms-paths"):
            for template, referring in self._root.members(section).items():
                item = self.resolve(referring)
                made += [self._route(str(template), method, item) for method in _METHODS if method in item.value]
        return sorted(made, key=lambda route: -len(route.marks))

    def _route(self, template: str, method: str, item: Node) -> _Route:
        node = item.child(method)
        parameters = tuple(
            self.resolve(parameter) for holder in (item, node) for parameter in holder.members("parameters").values()
        )
        path, _, query = template.partition("?")
        deep = {each.value["name"] for each in parameters if each.value.get("x-ms-skip-url-encoding")}
        operation = Operation(node.value.get("operationId", ""), method.upper(), template, node, parameters)
        return _Route(_pattern(path, deep), frozenset(parse_qsl(query, keep_blank_values=True)), operation)


def contract() -> Document:
    """Return our own description of the wire, which travels with the package."""
    return Document.load(schema_file(CONTRACT), "contract")


def _names(template: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", template.partition("?")[0])


def _pattern(path: str, deep: set[str]) -> re.Pattern[str]:
    names = _names(path)
    parts = re.split(r"\{\w+\}", path)
    text = re.escape(parts[0])
    for index, name in enumerate(names):
        text += f"(?P<p{index}>{'.+' if name in deep else '[^/]+?'}){re.escape(parts[index + 1])}"
    return re.compile(f"{text}/?", re.IGNORECASE | re.DOTALL)
