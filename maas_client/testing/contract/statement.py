"""What a statement about the wire is, and how one says that it does not hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maas_client.testing.contract.bench import Bench

    Body = Callable[[Bench], None]


class Violation(Exception):  # noqa: N818 - a finding, not an error of the program
    """The statement does not hold; the text says what was seen instead."""


class NotTried(Exception):  # noqa: N818 - a finding, not an error of the program
    """The statement could not be tried; the text says why."""


class Makes(StrEnum):
    """What a statement leaves or costs at a service, in the words of `--without`."""

    FILES = "files"
    JOBS = "jobs"
    TRAINING = "training"
    DEPLOYMENTS = "deployments"


WHAT_IS_MADE = {
    Makes.FILES: "files of a few kB in the default datastore, and data assets; they are kept",
    Makes.JOBS: "fine-tuning jobs, cancelled at once and deleted",
    Makes.TRAINING: "two fine-tuning jobs run to their end (billed): one on 20 rows, whose model is kept, one on none",
    Makes.DEPLOYMENTS: "deployments of the base model and of that model (billed while they exist), deleted",
}
_NEEDS = {Makes.JOBS: {Makes.FILES}, Makes.TRAINING: {Makes.JOBS, Makes.FILES}}


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence about the wire that either holds or does not.

    Attributes:
        id: Group and name, such as `jobs.repeated-put`.
        text: The sentence.
        source: Where it is written or was seen.
        makes: What trying it makes at the service.
        body: Tries it; raises `Violation` if it does not hold.
    """

    id: str
    text: str
    source: str
    makes: frozenset[Makes]
    body: "Body" = field(repr=False)

    @property
    def group(self) -> str:
        """The group's name."""
        return self.id.partition(".")[0]


class Group:
    """Statements about one part of the wire."""

    def __init__(self, name: str) -> None:
        """Begin an empty group.

        Args:
            name: First part of its statements' ids.
        """
        self.name = name
        self._statements: list[Statement] = []

    def states(self, text: str, *makes: Makes, source: str) -> "Callable[[Body], Body]":
        """Make a statement of the function below, whose name becomes the second part of the id."""

        def add(body: "Body") -> "Body":
            identity = f"{self.name}.{body.__name__.replace('_', '-')}"
            needed = {*makes, *(need for each in makes for need in _NEEDS.get(each, ()))}
            self._statements.append(Statement(identity, text, source, frozenset(needed), body))
            return body

        return add

    def __iter__(self) -> Iterator[Statement]:
        return iter(self._statements)


def holds(condition: object, otherwise: str) -> None:
    """Go on if a condition holds.

    Raises:
        Violation: It does not.
    """
    if not condition:
        raise Violation(otherwise)


def same(found: object, wanted: object, what: str) -> None:
    """Go on if a value is the one that is wanted.

    Raises:
        Violation: It is another.
    """
    if found != wanted:
        raise Violation(f"{what} is {found!r} instead of {wanted!r}")
