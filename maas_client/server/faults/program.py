"""What a fault program is: which requests it waits for, which of them it picks, and what it does to those.

Theory of operation. A request that a program matches is an occurrence; the program counts its occurrences from 1 and
`when` picks some of them. Every picked occurrence takes the next action of the queue; at its end the queue begins anew,
as long as `when` picks. Without `when` the program picks as many occurrences as the queue has actions. One request
meets one fault: the first program that picks it, in the order in which they were given; later ones do not see it.
"""

from itertools import accumulate
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from maas_client.server.faults.action import Action

MAX_ACTIONS = 1000
"""Of one program."""

_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_Counts = Annotated[list[_Count], Meta(min_length=1)]


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests; all that is given must hold. Patterns know `*`, `?` and `[...]`. Nothing: every request."""

    operation: (
        Annotated[
            str | list[str],
            Meta(description="Name of the ledger such as `Jobs_Get`, or a pattern such as `Jobs_*`, or a list."),
        ]
        | UnsetType
    ) = UNSET
    method: Annotated[str, Meta(description="HTTP method.")] | UnsetType = UNSET
    path: Annotated[str, Meta(description="Pattern of the decoded path, compared without case.")] | UnsetType = UNSET
    workspace: (
        Annotated[
            str, Meta(description="Pattern of the workspace's name, or of `subscription/group/name`, without case.")
        ]
        | UnsetType
    ) = UNSET
    session: Annotated[str, Meta(description="Pattern of the header `x-maas-session`.")] | UnsetType = UNSET


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which occurrences: one of `nth`, `first`, `every` and `probability`."""

    nth: Annotated[_Count | _Counts, Meta(description="This one, or these.")] | UnsetType = UNSET
    first: Annotated[_Count, Meta(description="So many from the first on.")] | UnsetType = UNSET
    every: Annotated[_Count, Meta(description="1: each; 3: the third, the sixth and so on.")] | UnsetType = UNSET
    probability: (
        Annotated[float, Meta(gt=0, le=1, description="Each with this probability, drawn by `seed`.")] | UnsetType
    ) = UNSET
    limit: (
        Annotated[_Count, Meta(description="Of `every` and `probability`: so many and no more; without it, endless.")]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        """Check what belongs together."""
        given = [name for name in ("nth", "first", "every", "probability") if getattr(self, name) is not UNSET]
        if len(given) != 1:
            raise ValueError(f"one of nth, first, every and probability is needed, not {' and '.join(given) or 'none'}")
        if self.limit is not UNSET and given[0] not in {"every", "probability"}:
            raise ValueError(f"limit goes with every or probability, not with {given[0]}")

    def total(self) -> int | None:
        """Return how many occurrences are picked in all; None: there is no end."""
        if not isinstance(self.nth, UnsetType):
            return len(set(self.nth)) if isinstance(self.nth, list) else 1
        if not isinstance(self.first, UnsetType):
            return self.first
        return None if isinstance(self.limit, UnsetType) else self.limit


class Program(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault program."""

    actions: Annotated[list[Any], Meta(description="The queue: what is done to the requests that are picked.")]
    name: Annotated[str, Meta(min_length=1, max_length=128, description="For people; its id by default.")] = ""
    match: Match = Match()
    when: When | UnsetType = UNSET
    after_bytes: Annotated[
        int,
        Meta(ge=0, description="Occurrences begin with the request that brings the byte after these, of all matching."),
    ] = 0
    seed: Annotated[int, Meta(description="Of `probability`.")] = 0

    def queue(self) -> list[Action]:
        """Return the actions, each as often as its `times` says in one place."""
        return list(self.actions)

    def length(self) -> int:
        """Return how many occurrences the queue serves before it begins anew."""
        return sum(action.times for action in self.queue())

    def ends(self) -> list[int]:
        """Return, for each action, the number of the last occurrence of a round that takes it."""
        return list(accumulate(action.times for action in self.queue()))

    def total(self) -> int | None:
        """Return how often the program fires in all; None: there is no end."""
        return self.length() if isinstance(self.when, UnsetType) else self.when.total()

    def __post_init__(self) -> None:
        """Check that the whole queue can be reached."""
        if not 1 <= len(self.actions) <= MAX_ACTIONS:
            raise ValueError(f"a program has 1 to {MAX_ACTIONS} actions, not {len(self.actions)}")
