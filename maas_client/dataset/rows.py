"""The rows of files, one after the other, for whatever is to be done with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from maas_client.dataset.decode import Decoded, decode
from maas_client.dataset.jsonl import encoding_of, lines
from maas_client.dataset.paths import FilePaths, listed
from maas_client.dataset.source import Source, open_source


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One line of a file that is not blank.

    Attributes:
        file: The file, as it was given.
        line: 1 for the first.
        byte: Bytes before it in the file, unpacked if it is compressed.
        data: Its bytes without line feed; `None` if the line is too long to hold.
        decoded: What it says; `decoded.read` is False if it is no JSON.
    """

    file: Path
    line: int
    byte: int
    data: bytes | None
    decoded: Decoded


def read_rows(paths: FilePaths) -> Iterator[ReadRow]:
    """Yield the rows of one or several files, streaming.

    Nothing is raised for what is wrong with a row. A file that is none, is empty or is not UTF-8 text has no rows; what
    is wrong with it is what `check` is for.

    Args:
        paths: As `check` takes them.

    Raises:
        OSError: A file can no longer be read, or not be unpacked.
    """
    for path in listed(paths):
        source = open_source(path)
        if not isinstance(source, Source):
            continue
        with source:
            chunks = source.blocks()
            head = next(chunks, b"")
            if encoding_of(head) != "UTF-8":
                continue
            for line in lines(chain((head,), chunks)):
                decoded = decode(line.data)
                if not any(fault.kind == "blank" for fault in decoded.faults):
                    yield ReadRow(path, line.number, line.offset, line.data, decoded)
