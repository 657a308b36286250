"""Hold exchanges against every document that describes them, and tell what is known from what is not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from maas_client.server.conformance.check import check_answer, check_request
from maas_client.server.conformance.deviation import Deviation
from maas_client.server.conformance.documents import Document, Operation, contract
from maas_client.server.conformance.exchange import Exchange
from maas_client.server.conformance.known import Known, explanation, read_known
from maas_client.server.schemas import DEVIATIONS, schema_file

MAX_DEVIATIONS = 20
"""Of one side of one exchange in one document; the first say enough."""


@dataclass(frozen=True, slots=True)
class Found:
    """A deviation from a document.

    Attributes:
        document: Name of the document.
        deviation: The deviation.
        known: Id of the known deviation that it is, or None.
    """

    document: str
    deviation: Deviation
    known: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one exchange. It holds no value of the exchange but its path and its api-version.

    Attributes:
        exchange: The exchange.
        operation: Name of its operation in the contract; empty: it has none.
        checked: For each document, the sides that were checked.
        found: Deviations.
    """

    exchange: Exchange
    operation: str
    checked: dict[str, tuple[str, ...]]
    found: tuple[Found, ...]

    def unexplained(self, side: str | None = None) -> list[Found]:
        """Return the deviations that nothing explains, of one side or of both."""
        return [each for each in self.found if each.known is None and side in (None, each.deviation.side)]

    def line(self) -> dict[str, Any]:
        """Return the finding as a line of a record."""
        return {
            "operation": self.operation or None,
            "method": self.exchange.method,
            "path": self.exchange.path,
            "api_version": self.exchange.parameters().get("api-version"),
            "status": self.exchange.status,
            "checked": {name: list(sides) for name, sides in self.checked.items()},
            "deviations": [
                {
                    "document": each.document,
                    "side": each.deviation.side,
                    "where": each.deviation.where,
                    "keyword": each.deviation.keyword,
                    "message": each.deviation.message,
                    "known": each.known,
                }
                for each in self.found
            ],
        }


class Examiner:
    """Holds exchanges against our contract, and against published documents where those describe the operation.

    A request that was refused is not checked: whoever sends it may mean to be refused. One that was taken although the
    contract forbids it is a deviation, as is an answer that differs.
    """

    def __init__(self, published: Iterable[Path] = ()) -> None:
        """Read the documents.

        Args:
            published: Files of further OpenAPI 3.1 documents. Of those, the newest that is not newer than the request's
                api-version is held against it, or the oldest.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file is no OpenAPI document.
        """
        self._contract = contract()
        self._published = sorted((Document.load(path) for path in published), key=lambda document: document.version)
        self._known: Sequence[Known] = read_known(schema_file(DEVIATIONS))

    def examine(self, exchange: Exchange, *, strict_request: bool = False) -> Finding:
        """Hold one exchange against the documents.

        Args:
            exchange: The exchange.
            strict_request: Check the request even if it was refused.
        """
        request = strict_request or not exchange.refused
        found = self._contract.find(exchange.method, exchange.path, exchange.query)
        if found is None:
            nothing = Deviation("request", "path", "operation", "no operation of the contract has this method and path")
            unknown = (Found(self._contract.name, nothing, None),) if request else ()
            return Finding(exchange, "", {}, unknown)
        operation = found[0].name
        checked: dict[str, tuple[str, ...]] = {}
        all_found: list[Found] = []
        for document, (described, path) in self._described(exchange, found):
            sides = ("request",) * request + ("response",) * (exchange.status is not None)
            checked[document.name] = sides
            for side in sides:
                deviations = _side(document, described, path, exchange, side, closed=document is self._contract)
                all_found += [
                    Found(
                        document.name, each, explanation(self._known, document.name, operation, exchange.status, each)
                    )
                    for each in islice(deviations, MAX_DEVIATIONS)
                ]
        return Finding(exchange, operation, checked, tuple(all_found))

    def _described(
        self, exchange: Exchange, ours: tuple[Operation, dict[str, str]]
    ) -> Iterator[tuple[Document, tuple[Operation, dict[str, str]]]]:
        yield self._contract, ours
        version = exchange.parameters().get("api-version", "")
        fitting = [document for document in self._published if document.version <= version] or self._published[:1]
        for document in fitting[-1:]:
            found = document.find(exchange.method, exchange.path, exchange.query)
            if found is not None:
                yield document, found


def _side(
    document: Document, operation: Operation, path: dict[str, str], exchange: Exchange, side: str, *, closed: bool
) -> Iterator[Deviation]:
    if side == "request":
        return check_request(document, operation, path, exchange, closed=closed)
    return check_answer(document, operation, exchange)
