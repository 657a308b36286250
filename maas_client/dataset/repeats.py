"""Which numbers of a long column stand in it more than once; in memory that does not grow with the column."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count as counted

MAX_SLOT_BITS = 25
MAX_PASS_NUMBERS = 4_000_000
"""So many numbers share the slots at once; with more, chance collisions would be too many."""
MAX_PASS_CANDIDATES = 200_000
"""So many numbers that may be repeated are held at once, at some 200 bytes each."""

Chunks = Callable[[], Iterable[Iterable[int]]]


def repeats(chunks: Chunks, count: int) -> Iterator[tuple[int, int]]:
    """Yield places of numbers that stood before, each with the first place of the number.

    Long columns take several passes, each over the numbers of one residue class; places come in order within each.

    Args:
        chunks: Gives the column anew whenever it is called; zeros are passed over.
        count: Its length.
    """
    passes = max(1, -(-count // MAX_PASS_NUMBERS))
    candidates = _candidates(chunks, count, passes, 0)
    if len(candidates) > MAX_PASS_CANDIDATES:
        passes *= -(-len(candidates) // MAX_PASS_CANDIDATES)
        candidates = _candidates(chunks, count, passes, 0)
    for index in range(passes):
        if index:
            candidates = _candidates(chunks, count, passes, index)
        if candidates:
            yield from _places(chunks, candidates)


def _places(chunks: Chunks, candidates: set[int]) -> Iterator[tuple[int, int]]:
    first: dict[int, int] = {}
    places = counted()
    for chunk in chunks():
        for number, place in zip(chunk, places):  # noqa: B905 # the places have no end
            if number in candidates:
                before = first.setdefault(number, place)
                if before != place:
                    yield place, before


def _candidates(chunks: Chunks, count: int, passes: int, index: int) -> set[int]:
    """Return all numbers of a pass that stand there twice, and some that do not."""
    mask = (1 << min(MAX_SLOT_BITS, max(10, (8 * count).bit_length()))) - 1
    seen = bytearray(mask + 1)
    found = set()
    for chunk in chunks():
        wanted = chunk if passes == 1 else [number for number in chunk if (number >> 40) % passes == index]
        for number in wanted:
            slot = number & mask
            if seen[slot]:
                found.add(number)
            else:
                seen[slot] = 1
    found.discard(0)
    return found
