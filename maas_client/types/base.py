"""What every value has in common."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from maas_client.types.drawing import describe


class Value(BaseModel):
    """A value as this package gives it to users: immutable, comparable, tolerant of fields the service adds."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="ignore",
        defer_build=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
        protected_namespaces=(),
    )

    def _repr_html_(self) -> str:
        """Draw it in a notebook."""
        return describe(self)


class Draft(BaseModel):
    """A value that users write: a misspelt field is an error before anything is sent."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, use_attribute_docstrings=True, protected_namespaces=()
    )


class ServiceError(Value):
    """Why work that the service had accepted went wrong."""

    code: str = ""
    """The service's own code, such as `UserError`."""
    message: str = ""
    """The service's own words."""
