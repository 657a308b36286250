"""Files that are written whole under their name, or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Write a file that gets its name when the block ends well; otherwise nothing is left of it.

    Args:
        path: Its name; what is there is replaced.
        mode: Permissions, from which the process's mask is taken.

    Raises:
        OSError: It cannot be written.
    """
    # What a name may have is 255 bytes on most file systems.
    temporary = path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
