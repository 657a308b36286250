"""What each behaviour of this server rests on: data beside the code, `fidelity.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Final

SOURCES: Final[Mapping[str, str]] = {
    "specification": "a published OpenAPI, TypeSpec or protocol document",
    "sdk-code": "read in code that Microsoft publishes: an SDK, the training package",
    "recorded": "an exchange: what an SDK sends and takes, or an answer of the real service that somebody reported",
    "documentation": "a documentation page",
    "guess": "inferred or chosen by us",
}
"""What a behaviour may rest on, and what that means."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Something that this server does.

    Attributes:
        area: Of what it is a part.
        operations: Names of the ledger, or patterns of them.
        what: It does.
        source: What that rests on, one of `SOURCES`.
        evidence: Where that is found; of a guess, what was chosen or inferred, and from what.
        simulated: The service does real work there, this server makes its outcome up.
    """

    area: str
    operations: tuple[str, ...]
    what: str
    source: str
    evidence: str
    simulated: bool = False

    def concerns(self, operation: str) -> bool:
        """Say whether an operation behaves so."""
        return any(fnmatchcase(operation, pattern) for pattern in self.operations)

    @property
    def general(self) -> bool:
        """Whether every operation behaves so, which tells nothing of any one of them."""
        return self.operations == ("*",)


def read_behaviours(text: str) -> tuple[Behaviour, ...]:
    """Read the behaviours of a TOML text.

    Raises:
        ValueError: One lacks something, or rests on nothing that is known.
    """
    found: list[Behaviour] = []
    for row in tomllib.loads(text).get("behaviour", []):
        try:
            behaviour = Behaviour(**{**row, "operations": tuple(row["operations"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"behaviour {len(found) + 1}: {error}") from error
        if behaviour.source not in SOURCES:
            raise ValueError(f"behaviour {len(found) + 1}: {behaviour.source!r} is none of {', '.join(SOURCES)}")
        found.append(behaviour)
    return tuple(found)


@cache
def behaviours() -> tuple[Behaviour, ...]:
    """Return what this server does, by area."""
    return read_behaviours(files("maas_client.server").joinpath("fidelity.toml").read_text(encoding="utf-8"))


def sources_of(operation: str) -> list[str]:
    """Return what an operation rests on, besides what all do, in the order of `SOURCES`."""
    found = {each.source for each in behaviours() if not each.general and each.concerns(operation)}
    return [source for source in SOURCES if source in found]


def as_json(operations: Iterable[str]) -> dict[str, Any]:
    """Return all of it as a JSON value.

    Args:
        operations: Every operation of the ledger.
    """
    names = list(dict.fromkeys(operations))
    every = behaviours()
    return {
        "verified_against_the_live_service": False,
        "sources": dict(SOURCES),
        "counts": {source: sum(each.source == source for each in every) for source in SOURCES},
        "simulated": sum(each.simulated for each in every),
        "behaviours": [
            {
                "area": each.area,
                "what": each.what,
                "source": each.source,
                "evidence": each.evidence,
                "simulated": each.simulated,
                "operations": [name for name in names if each.concerns(name)],
            }
            for each in every
        ],
    }


def as_markdown() -> list[str]:
    """Return the lines of a page, below its heading."""
    every = behaviours()
    counts = ", ".join(f"{sum(each.source == source for each in every)} {source}" for source in SOURCES)
    lines = [
        f"Of {len(every)} behaviours: {counts}.",
        "**None of it was checked against the live service.** What is *simulated* is work that the service does and",
        "whose outcome this server makes up.",
        "",
        "| source | |",
        "|---|---|",
        *(f"| {source} | {meaning} |" for source, meaning in SOURCES.items()),
    ]
    for area in dict.fromkeys(each.area for each in every):
        lines += ["", f"### {area}", "", "| what it does | operations | source | evidence |", "|---|---|---|---|"]
        lines += [_row(each) for each in every if each.area == area]
    return lines


def _row(behaviour: Behaviour) -> str:
    operations = "all" if behaviour.general else ", ".join(f"`{name}`" for name in behaviour.operations)
    source = f"{behaviour.source}, *simulated*" if behaviour.simulated else behaviour.source
    cells = (behaviour.what, operations, source, behaviour.evidence)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
