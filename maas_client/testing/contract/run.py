"""Try statements one after the other, clean up, and tell what came of it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from maas_client.errors import MaaSError
from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Makes, NotTried, Statement, Violation


class Verdict(StrEnum):
    """What came of a statement."""

    HOLDS = "holds"
    FAILS = "fails"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A statement and what came of it.

    Attributes:
        statement: The statement.
        verdict: Whether it holds.
        why: Why it fails or was skipped; empty if it holds.
        request_id: Of the last answer, where it fails; empty if there was none.
        seconds: Real seconds.
    """

    statement: Statement
    verdict: Verdict
    why: str
    request_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run.

    Attributes:
        target: What was tried, for people.
        outcomes: One for each statement, in order.
        left_behind: What could not be cleaned up, and why.
        seconds: Real seconds of all of it.
    """

    target: str
    outcomes: tuple[Outcome, ...]
    left_behind: tuple[str, ...]
    seconds: float

    def of(self, verdict: Verdict) -> list[Outcome]:
        """Return the outcomes with one verdict."""
        return [outcome for outcome in self.outcomes if outcome.verdict is verdict]

    @property
    def ok(self) -> bool:
        """True if no statement fails, at least one holds, and nothing was left behind."""
        return bool(self.of(Verdict.HOLDS)) and not self.of(Verdict.FAILS) and not self.left_behind


def run(
    bench: Bench,
    statements: Iterable[Statement],
    *,
    without: Collection[Makes] = (),
    target: str = "",
    tell: Callable[[Outcome], None] = lambda _: None,
) -> Report:
    """Try statements.

    Args:
        bench: Where.
        statements: Which, in this order.
        without: Statements that make one of these are skipped.
        target: What is tried, for the report.
        tell: Called with each outcome as it comes.

    Raises:
        ConnectError: Nobody answers there.
        CredentialError: No token could be had.
        ControlError: The clock of a reference server does not move.
    """
    bench.wire.reach()
    begun = bench.wire.monotonic()
    outcomes = []
    try:
        for statement in statements:
            outcomes.append(_try(bench, statement, without))
            tell(outcomes[-1])
    finally:
        left = _clean_up(bench)
    return Report(target, tuple(outcomes), tuple(left), bench.wire.monotonic() - begun)


def _try(bench: Bench, statement: Statement, without: Collection[Makes]) -> Outcome:
    begun = bench.wire.monotonic()
    unwanted = sorted(statement.makes & set(without))
    bench.wire.last = None
    if unwanted:
        verdict, why = Verdict.SKIPPED, f"it makes {', '.join(unwanted)}"
    else:
        verdict, why = _verdict(bench, statement)
    identity = bench.wire.last_request_id() if verdict is Verdict.FAILS else ""
    return Outcome(statement, verdict, why, identity, bench.wire.monotonic() - begun)


def _verdict(bench: Bench, statement: Statement) -> tuple[Verdict, str]:
    try:
        statement.body(bench)
    except NotTried as reason:
        return Verdict.SKIPPED, str(reason)
    except Violation as violation:
        return Verdict.FAILS, str(violation)
    except MaaSError:
        raise  # no credential, no connection to the control routes: nothing that follows could be tried
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # An answer so odd that the statement stumbled over it.
        return Verdict.FAILS, f"the answer cannot be read: {type(error).__name__}: {error}"
    return Verdict.HOLDS, ""


def _clean_up(bench: Bench) -> list[str]:
    left = []
    while bench.undo:
        what, undo = bench.undo.pop()
        try:
            undo()
        except (Violation, NotTried, MaaSError) as problem:
            left.append(f"{what}: {problem}")
    return left
