"""Rows out of all proportion to the others."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from maas_client.dataset.spill import Spill

LONG_TIMES, LONG_ROWS = 4, 100
"""A row is too long if it is so many times longer than 999 of 1,000 could be, of at least so many rows."""
LONG_SHARE = 0.999
HEAVY_SHARE, HEAVY_ROWS = 0.5, 10
"""A row is too heavy if it holds so much of all bytes, of at least so many rows."""


class Outlier(NamedTuple):
    """A row that stands out.

    Attributes:
        row: Its number.
        kind: How it stands out.
        share: Of all bytes, or how many times as long as most.
        size_bytes: Its length.
    """

    row: int
    kind: Literal["length-outlier", "dominant-row"]
    share: float
    size_bytes: int


def outliers(sizes: Spill, keys: Spill) -> Iterator[Outlier]:
    """Yield the rows that are too long or too heavy.

    Args:
        sizes: The bytes of each line.
        keys: 0 for each line that is no row.
    """
    # Lengths by powers of two: exact enough for what is out of all proportion, and no list of all lengths.
    bits: Counter[int] = Counter()
    total = 0
    for chunk in _rows(sizes, keys):
        bits.update(map(int.bit_length, chunk))
        total += sum(chunk)
    del bits[0]
    rows = bits.total()
    usual = 1 << _percentile(bits)
    long = LONG_TIMES * usual if rows >= LONG_ROWS else total
    heavy = HEAVY_SHARE * total if rows >= HEAVY_ROWS else total
    for row, size in _above(min(long, heavy), _rows(sizes, keys)):
        if size > heavy:
            yield Outlier(row, "dominant-row", size / total, size)
        else:
            yield Outlier(row, "length-outlier", size / usual, size)


def _rows(sizes: Spill, keys: Spill) -> Iterator[list[int]]:
    for lengths, present in zip(sizes.chunks(), keys.chunks(), strict=True):
        yield [size if key else 0 for size, key in zip(lengths, present, strict=True)]


def _percentile(bits: Counter[int]) -> int:
    missing = LONG_SHARE * bits.total()
    for length in sorted(bits):
        missing -= bits[length]
        if missing <= 0:
            return length
    return 0


def _above(limit: float, chunks: Iterable[list[int]]) -> Iterator[tuple[int, int]]:
    start = 0
    for sizes in chunks:
        if max(sizes) > limit:
            yield from ((row, size) for row, size in enumerate(sizes, start) if size > limit)
        start += len(sizes)
