"""Deviations that are known: facts about the service and its SDKs, each with its source."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from maas_client.server.conformance.deviation import Deviation


@dataclass(frozen=True, slots=True)
class Known:
    """A known deviation.

    Attributes:
        id: Its name in reports.
        documents: Names of the documents that it is a deviation from; `*` stands for any text, here and below.
        operations: Names of operations.
        side: `request`, `response` or `*`.
        where: Places, as in `Deviation.where`.
        keywords: Rules that do not hold.
        why: What is so.
        source: How it is known.
        statuses: Of the answer; none: whatever it is.
    """

    id: str
    documents: str
    operations: tuple[str, ...]
    side: str
    where: tuple[str, ...]
    keywords: tuple[str, ...]
    why: str
    source: str
    statuses: tuple[int, ...] = ()

    def explains(self, document: str, operation: str, status: int | None, deviation: Deviation) -> bool:
        """Say whether this is the deviation."""
        return (
            (not self.statuses or status in self.statuses)
            and fnmatchcase(deviation.side, self.side)
            and deviation.keyword in self.keywords
            and fnmatchcase(document, self.documents)
            and any(fnmatchcase(operation, each) for each in self.operations)
            and any(fnmatchcase(deviation.where, each) for each in self.where)
        )


def read_known(path: Path) -> tuple[Known, ...]:
    """Read a file of `[[deviation]]` rows.

    Raises:
        OSError: The file cannot be read.
        ValueError: A row lacks a field, or has one too many, or has no source.
    """
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("deviation", [])
    try:
        known = tuple(_row(row) for row in rows)
    except TypeError as error:
        raise ValueError(f"{path}: {error}") from error
    if empty := [row.id for row in known if not (row.source.strip() and row.why.strip())]:
        raise ValueError(f"{path}: {', '.join(empty)} must say why and name a source")
    return known


def _row(row: dict[str, Any]) -> Known:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Known(**fields)


def explanation(
    known: Sequence[Known], document: str, operation: str, status: int | None, deviation: Deviation
) -> str | None:
    """Return the id of the known deviation that this one is, or None."""
    return next((row.id for row in known if row.explains(document, operation, status, deviation)), None)
