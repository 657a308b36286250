"""All statements, in the order in which they are tried: what makes least first."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from maas_client.errors import ConfigurationError
from maas_client.testing.contract.assets import ASSETS
from maas_client.testing.contract.chat import CHAT
from maas_client.testing.contract.deployments import DEPLOYMENTS
from maas_client.testing.contract.endings import ENDINGS
from maas_client.testing.contract.errors import ERRORS
from maas_client.testing.contract.jobs import JOBS
from maas_client.testing.contract.lists import LISTS
from maas_client.testing.contract.runs import RUNS
from maas_client.testing.contract.statement import Statement
from maas_client.testing.contract.storage import STORAGE

GROUPS = (ERRORS, STORAGE, ASSETS, JOBS, LISTS, RUNS, DEPLOYMENTS, CHAT, ENDINGS)
STATEMENTS: tuple[Statement, ...] = tuple(statement for group in GROUPS for statement in group)


def select(patterns: Sequence[str], ignored: Iterable[str] = ()) -> list[Statement]:
    """Return the statements whose id fits a pattern such as `jobs.*`, or a group's name; all without patterns.

    Raises:
        ConfigurationError: A pattern fits none.
    """
    wanted = _fitting(patterns) if patterns else {statement.id for statement in STATEMENTS}
    unwanted = _fitting(ignored)
    return [statement for statement in STATEMENTS if statement.id in wanted and statement.id not in unwanted]


def _fitting(patterns: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        fitting = {each.id for each in STATEMENTS if each.group == pattern or fnmatchcase(each.id, pattern)}
        if not fitting:
            names = [*(group.name for group in GROUPS), *(each.id for each in STATEMENTS)]
            close = get_close_matches(pattern, names, n=1)
            raise ConfigurationError(
                f"There is no statement {pattern!r}.",
                hint=f"Did you mean {close[0]!r}?" if close else "maas-ft contract --list shows them.",
            )
        found |= fitting
    return found
