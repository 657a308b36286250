"""What every value has in common.

What is said of a field stands below it. pydantic could take it from there (`use_attribute_docstrings`), but reads the
source for that whenever a class is made, which costs a program's start more than the classes do. Here it is read when
a JSON schema is asked for.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


def field_texts(cls: type[BaseModel]) -> dict[str, str]:
    """Return what is said of each field of a class, below it in the source."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if issubclass(each, _Explained) and each is not _Explained:
            found |= _texts_of(each)
    return {name: text for name, text in found.items() if name in cls.model_fields}


def _texts_of(cls: type) -> Iterator[tuple[str, str]]:
    try:
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    except OSError:  # made where there is no source, as in an interactive session
        return
    for field, text in pairwise(node.body if isinstance(node, ast.ClassDef) else []):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(text.value.value)


class _Explained(BaseModel):
    """A value whose JSON schema says of each field what its source says."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: "CoreSchema", handler: "GetJsonSchemaHandler", /
    ) -> "JsonSchemaValue":
        """Put the texts of the fields into the schema; pydantic calls this."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_texts(cls).items():
            info = cls.model_fields[name]
            for key in {name, info.alias, info.serialization_alias} & properties.keys():
                properties[key].setdefault("description", text)
        return schema


class Value(_Explained):
    """A value as this package gives it to users: immutable, comparable, tolerant of fields the service adds."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="ignore",
        defer_build=True,
        populate_by_name=True,
        protected_namespaces=(),
    )

    def _repr_html_(self) -> str:
        """Draw it in a notebook."""
        from maas_client.types.drawing import describe

        return describe(self)


class Draft(_Explained):
    """A value that users write: a misspelt field is an error before anything is sent."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, protected_namespaces=()
    )


class ServiceError(Value):
    """Why work that the service had accepted went wrong."""

    code: str = ""
    """The service's own code, such as `UserError`."""
    message: str = ""
    """The service's own words."""
