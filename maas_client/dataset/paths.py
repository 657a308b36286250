"""How files are named: one, or several that are one set."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

FilePath = str | PathLike[str]
FilePaths = FilePath | Iterable[FilePath]


def listed(paths: FilePaths) -> list[Path]:
    """Return one path or several as a list."""
    return [Path(paths)] if isinstance(paths, str | PathLike) else [Path(path) for path in paths]
