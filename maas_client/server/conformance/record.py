"""Write what came of exchanges: a line of JSON for each, in a file that only its owner reads."""

import json
import os
from pathlib import Path
from typing import Any


class Record:
    """A file of findings. Every line is one write to its end, so that several processes may share it."""

    def __init__(self, path: Path) -> None:
        """Open a record.

        Args:
            path: The file, or a folder, in which each process has a file of its own.

        Raises:
            OSError: It cannot be written.
        """
        target = path / f"conformance-{os.getpid()}.jsonl" if path.is_dir() else path
        self._file = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, line: dict[str, Any]) -> None:
        """Append a line."""
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
