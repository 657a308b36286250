"""The techniques of fine-tuning and the needs that they meet, from `techniques.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from maas_client.catalog._near import near
from maas_client.catalog.models import Source
from maas_client.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said, and by whom.

    Attributes:
        text: One or two sentences.
        source: Key of the source that says it; `None` for what follows from the answers that were given.
    """

    text: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Technique:
    """A column of the matrix.

    Attributes:
        name: As the matrix writes it, such as `QLoRA`.
        kind: `adapter` trains something small beside the model, `partitioning` parts the training among GPUs; `family`
            and `library` name those that hold them.
        library: Where it is found.
        how: What switches it on there.
        bytes_per_parameter: Weights, gradients and optimizer states on one GPU, in bytes a parameter of the base model;
            `None` where the technique is not one by itself.
        says: What its documentation says.
    """

    name: str
    kind: Literal["adapter", "family", "partitioning", "library"]
    library: str
    how: str
    bytes_per_parameter: float | None
    says: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """A row of the matrix.

    Attributes:
        key: Short name, such as `memory`.
        kind: A `goal` is what the model is to learn, a `priority` what the training must respect.
        scenario: The row as written.
        first: Techniques with a "Yes" in the first form of the matrix.
        corrected: The same after the authors' correction.
        documented: What library documentation says to the cells that changed, by technique.
    """

    key: str
    kind: Literal["goal", "priority"]
    scenario: str
    first: frozenset[str]
    corrected: frozenset[str]
    documented: Mapping[str, Statement]

    @property
    def changed(self) -> frozenset[str]:
        """Techniques whose answer the authors changed."""
        return self.first ^ self.corrected


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model can be trained, and what is said of it."""

    key: str
    title: str
    says: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that decides, and what it means."""

    value: float
    says: Statement


@cache
def _document() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(Path(__file__).with_name("techniques.toml").read_text(encoding="utf-8"))


def _statements(rows: list[dict[str, str]]) -> tuple[Statement, ...]:
    return tuple(Statement(row["text"], row["source"]) for row in rows)


@cache
def technique_sources() -> Mapping[str, Source]:
    """Return every source of what is said of techniques, by key."""
    return {key: Source(key=key, **row) for key, row in _document()["sources"].items()}


@cache
def techniques() -> Mapping[str, Technique]:
    """Return the techniques by name."""
    return {
        row["name"]: Technique(
            name=row["name"],
            kind=row["kind"],
            library=row["library"],
            how=row["how"],
            bytes_per_parameter=row.get("bytes_per_parameter"),
            says=_statements(row["says"]),
        )
        for row in _document()["technique"]
    }


@cache
def needs() -> Mapping[str, Need]:
    """Return the needs by key: goals first, then priorities, as in the matrix."""
    return {
        row["key"]: Need(
            key=row["key"],
            kind=row["kind"],
            scenario=row["scenario"],
            first=frozenset(row["yes"]),
            corrected=frozenset(row["corrected"]),
            documented={
                each["technique"]: Statement(each["text"], each["source"]) for each in row.get("documented", [])
            },
        )
        for row in _document()["need"]
    }


def get_need(key: str, kind: Literal["goal", "priority"]) -> Need:
    """Return a need by its key.

    Raises:
        ConfigurationError: There is no such goal or priority; the message names those that exist.
    """
    known = {need.key: need for need in needs().values() if need.kind == kind}
    if key not in known:
        guess = near(key, known, limit=1)
        raise ConfigurationError(
            f"Unknown {kind} {key!r}." + (f" Did you mean {guess[0]}?" if guess else ""),
            hint=f"There are {', '.join(known)}.",
        )
    return known[key]


@cache
def places() -> Mapping[str, Place]:
    """Return where a model can be trained, by key."""
    return {row["key"]: Place(row["key"], row["title"], _statements(row["says"])) for row in _document()["place"]}


@cache
def limits() -> Mapping[str, Limit]:
    """Return the numbers that decide, by key."""
    return {row["key"]: Limit(row["value"], Statement(row["text"], row["source"])) for row in _document()["limit"]}
