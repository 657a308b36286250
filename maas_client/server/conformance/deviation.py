"""Where an exchange differs from a document, in words without a value of the exchange: values may be secrets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from jsonschema import ValidationError

_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference.

    Attributes:
        side: `request` or `response`.
        where: `$.properties.tags.0`, `query api-version`, `header Retry-After`, `status`, `content-type`, ...
        keyword: The rule of the schema that does not hold, such as `required`.
        message: What was expected; of the exchange, types and names only.
    """

    side: str
    where: str
    keyword: str
    message: str


def deviations(side: str, where: str, errors: Iterable[ValidationError]) -> Iterator[Deviation]:
    """Turn the errors of a schema into deviations, each at the deepest place that explains it."""
    for error in errors:
        for leaf in _leaves(error):
            yield from _described(side, where, leaf)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    if error.validator not in ("oneOf", "anyOf") or not error.context:
        yield error
        return
    branch = _branch(error)
    for inner in error.context:
        if inner.relative_schema_path[0] == branch:
            yield from _leaves(inner)


def _branch(error: ValidationError) -> int:
    """Choose the alternative that fits best."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    return min(branches, key=lambda branch: _misfit(branches[branch]))


def _misfit(errors: list[ValidationError]) -> tuple[bool, bool, int]:
    wrong_type = any(error.validator == "type" and not error.relative_path for error in errors)
    wrong_word = any(error.validator in ("const", "enum") and len(error.relative_path) <= 2 for error in errors)
    return wrong_type, wrong_word, len(errors)


def _described(side: str, where: str, error: ValidationError) -> Iterator[Deviation]:
    place = ".".join([where, *(str(part) for part in error.absolute_path)])
    keyword = str(error.validator)
    if keyword == "additionalProperties" and isinstance(error.validator_value, bool):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for name in cast("dict[str, object]", error.instance):
            if name not in known:
                yield Deviation(side, f"{place}.{name}", keyword, "is not in the contract")
        return
    yield Deviation(side, place, keyword, _expected(keyword, error))


def _expected(keyword: str, error: ValidationError) -> str:
    value = error.validator_value
    if keyword == "required":
        # One error for each missing name; the name stands at the beginning of the text.
        return error.message
    if keyword == "type":
        names = [value] if isinstance(value, str) else cast("list[str]", value)
        return f"expected {' or '.join(names)}, found {_TYPES.get(type(error.instance), 'null')}"
    if keyword in ("enum", "const", "pattern", "discriminator"):
        return f"expected {keyword} {value}"
    plain = isinstance(value, str | int | float)
    return f"{keyword} {value} does not hold" if plain else f"{keyword} does not hold"
