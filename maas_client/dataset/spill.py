"""A column of numbers too long for memory: kept there while it is short, on disk when it is not."""

import tempfile
from array import array
from collections.abc import Iterator

MEMORY_BYTES = 512 * 1024
CHUNK_NUMBERS = 1 << 16
WIDTH_BYTES = 8


class Spill:
    """Numbers of 64 bits in the order in which they were added."""

    def __init__(self) -> None:
        # Unnamed: it is gone with the process, however that ends. It holds hashes and lengths, no text.
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, numbers: "array[int]") -> None:
        """Add numbers behind the others."""
        self._file.seek(self._count * WIDTH_BYTES)
        self._file.write(numbers.tobytes())
        self._count += len(numbers)

    def chunks(self) -> Iterator["array[int]"]:
        """Yield all numbers, some at a time."""
        for start in range(0, self._count, CHUNK_NUMBERS):
            yield self.read(start, min(CHUNK_NUMBERS, self._count - start))

    def read(self, start: int, count: int) -> "array[int]":
        """Return some of the numbers."""
        self._file.seek(start * WIDTH_BYTES)
        numbers = array("Q")
        numbers.frombytes(self._file.read(count * WIDTH_BYTES))
        return numbers

    def close(self) -> None:
        """Forget all of them."""
        self._file.close()
