"""The filter and the order of an MLflow search.

Source: MLflow documentation, "Search Runs": `<entity>.<key> <comparator> <constant>`, joined by AND; an attribute needs
no entity.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

from maas_client.server.azureml.wire import Json
from maas_client.server.service.errors import ServiceError

_NAME = r"(?:(?P<entity>[a-z]+)\.)?(?:(?P<key>[\w.\-/]+)|[`\"](?P<quoted>[^`\"]+)[`\"])"
_CLAUSE = re.compile(
    rf"\s*{_NAME}\s*(?P<sign>=|!=|<=|>=|<|>|\bI?LIKE\b)\s*(?P<value>'[^']*'|\"[^\"]*\"|-?[\d.]+(?:e-?\d+)?)\s*",
    re.IGNORECASE,
)
_ORDER = re.compile(rf"\s*{_NAME}(?:\s+(?P<way>ASC|DESC))?\s*", re.IGNORECASE)
_ENTITIES = {
    "metric": "metrics",
    "metrics": "metrics",
    "param": "params",
    "params": "params",
    "parameter": "params",
    "parameters": "params",
    "tag": "tags",
    "tags": "tags",
    "attribute": "info",
    "attributes": "info",
    "attr": "info",
    "run": "info",
}
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS = frozenset({"start_time", "end_time"})


class Found:
    """A run by the names that a filter uses."""

    def __init__(self, run: Json) -> None:
        self._by_entity = {key: {pair["key"]: pair["value"] for pair in run["data"][key]} for key in run["data"]}
        self._by_entity["info"] = run["info"]

    def get(self, entity: str, key: str) -> str | float | None:
        """Return a value, or None."""
        value: str | float | None = self._by_entity[entity].get(key)
        return value


def parse_filter(text: str) -> Callable[[Found], bool]:
    """Read a filter.

    Raises:
        ServiceError: 400, it is not one.
    """
    clauses = [_clause(part) for part in re.split(r"\band\b(?=(?:[^']*'[^']*')*[^']*$)", text, flags=re.IGNORECASE)]
    return lambda found: all(clause(found) for clause in clauses) if text.strip() else True


def order(runs: list[Json], clauses: list[str]) -> list[Json]:
    """Return runs in the order asked for, newest first where nothing else is said; what lacks the value comes last.

    Raises:
        ServiceError: 400, a clause is not one.
    """
    result = sorted(runs, key=lambda run: -run["info"]["start_time"])
    for text in reversed(clauses):
        clause = _ORDER.fullmatch(text)
        if clause is None:
            raise _invalid(f"Invalid order_by clause '{text[:128]}'.")
        entity, key = _named(clause)
        have = [(Found(run).get(entity, key), run) for run in result]
        known = [(value, run) for value, run in have if value is not None]
        known.sort(key=lambda pair: pair[0], reverse=(clause["way"] or "").upper() == "DESC")
        result = [run for _, run in known] + [run for value, run in have if value is None]
    return result


def _clause(text: str) -> Callable[[Found], bool]:
    if not text.strip():
        return lambda _: True
    found = _CLAUSE.fullmatch(text)
    if found is None:
        raise _invalid(f"Invalid clause in filter string: '{text[:128].strip()}'.")
    entity, key = _named(found)
    sign, value = found["sign"].upper(), found["value"]
    if entity == "metrics" or key in _NUMBERS:
        return _compare(entity, key, sign, _as_number(value))
    if value[0] not in "'\"":
        raise _invalid(f"Expected a quoted string value for {key[:64]}, got {value[:64]}.")
    return _compare(entity, key, sign, value[1:-1])


def _compare(entity: str, key: str, sign: str, value: float | str) -> Callable[[Found], bool]:
    if sign in _SIGNS:
        compare = _SIGNS[sign]
    elif isinstance(value, str):
        like = re.compile(
            "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in value),
            re.DOTALL | (re.IGNORECASE if sign == "ILIKE" else re.NOFLAG),
        )
        compare = lambda have, _: like.fullmatch(have) is not None  # noqa: E731
    else:
        raise _invalid(f"{sign} compares strings only.")
    return lambda found: (have := found.get(entity, key)) is not None and compare(have, value)


def _named(found: re.Match[str]) -> tuple[str, str]:
    entity = _ENTITIES.get((found["entity"] or "attributes").lower())
    if entity is None:
        raise _invalid(f"Invalid entity type '{found['entity'][:64]}'.")
    return entity, found["key"] or found["quoted"]


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise _invalid(f"Expected a number, got {text[:64]}.") from error


def _invalid(message: str) -> ServiceError:
    return ServiceError(400, "INVALID_PARAMETER_VALUE", message)
