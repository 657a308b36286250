"""From the number of a line among those of all files to its place in one of them."""

from array import array
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from maas_client.dataset.spill import Spill


class Where(NamedTuple):
    """The place of a line; the attributes are those of `Finding`."""

    file: Path
    line: int
    byte: int


class Places:
    """Remembers where each file and each block begins; their lines are numbered through, from 0.

    Args:
        sizes: The bytes of each line.
    """

    def __init__(self, sizes: Spill) -> None:
        self._sizes = sizes
        self._files: list[Path] = []
        self._file_rows = array("Q")
        self._block_rows = array("Q")
        self._block_bytes = array("Q")
        self.rows: int = 0

    def begin_file(self, path: Path) -> None:
        """Announce the file of the blocks that follow."""
        self._files.append(path)
        self._file_rows.append(self.rows)

    def begin_block(self, offset: int, rows: int) -> None:
        """Announce a block: the bytes before it in its file, and its lines."""
        self._block_rows.append(self.rows)
        self._block_bytes.append(offset)
        self.rows += rows

    def find(self, row: int) -> Where:
        """Return the place of a line."""
        file = bisect_right(self._file_rows, row) - 1
        block = bisect_right(self._block_rows, row) - 1
        first = self._block_rows[block]
        before = sum(self._sizes.read(first, row - first))
        return Where(self._files[file], row - self._file_rows[file] + 1, self._block_bytes[block] + before)

    def name(self, row: int, *, beside: int) -> str:
        """Name a line as people would, seen from another."""
        where = self.find(row)
        line = f"line {where.line:,}"
        return line if where.file == self.find(beside).file else f"{line} of {where.file}"
