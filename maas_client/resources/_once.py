"""Do a write so that it is done once, whatever answers are lost: look for it before anything is repeated."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from maas_client.errors import AmbiguousWriteError, ConflictError, MaaSError, NotFoundError

T = TypeVar("T")

ROUNDS = 2
"""So often a write is sent in full, each time with the retries of one call, if it is not there after a lost answer."""


def may_have_happened(error: MaaSError) -> bool:
    """Tell whether the write of which this is the error may have been done all the same."""
    return error.may_have_happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Generic[T]):
    """A write that can be found again.

    Attributes:
        operation: Its name in the specification.
        intent: What was to be done, for the error that does not know whether it was.
        send: Does it; sent again it is the same to the byte.
        find: Returns what it made, or the conflict if another's stands there; raises NotFoundError if nothing does.
        doubt: What may or may not have happened, as the beginning of a sentence.
        hint: How to find out.
        is_lost: Tells whether after this error it has to be looked for.
    """

    operation: str
    intent: Mapping[str, str]
    send: Callable[[], Awaitable[T]]
    find: Callable[[], Awaitable[T | ConflictError]]
    doubt: str
    hint: str
    is_lost: Callable[[MaaSError], bool] = may_have_happened


async def once(write: Write[T], *, look_first: bool = False, rounds: int = ROUNDS) -> T:
    """Do it, or take up what an attempt did whose answer was lost; `look_first` if an earlier process may have sent it.

    Raises:
        ConflictError: Another's stands there.
        AmbiguousWriteError: No answer came, and looking did not tell.
        MaaSError: That of the last attempt; or of the look, where nothing was sent yet.
    """
    if look_first and (found := await _look_for(write, None)) is not None:
        return found
    try:
        return await write.send()
    except MaaSError as error:
        if not write.is_lost(error):
            raise
        found = await _look_for(write, error)
        if found is None and rounds <= 1:
            raise
    return await once(write, rounds=rounds - 1) if found is None else found


async def _look_for(write: Write[T], lost: MaaSError | None) -> T | None:
    try:
        found = await write.find()
    except NotFoundError:
        return None
    except MaaSError as error:
        if lost is None:
            raise
        raise AmbiguousWriteError(
            f"{write.doubt}: {lost.message}",
            hint=write.hint,
            operation=write.operation,
            intent={"operation": write.operation, **write.intent},
        ) from error
    if isinstance(found, ConflictError):
        raise found from lost
    return found
