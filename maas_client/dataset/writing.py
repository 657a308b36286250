"""Files that are written: whole under their name, or not there at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from maas_client.base.whole import whole
from maas_client.errors import ConfigurationError


def check_new(path: Path, *, force: bool = False) -> None:
    """Refuse to write over something that is there, unless `force` allows it for a file.

    Raises:
        ConfigurationError: It is there, or its folder is not.
    """
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder.", hint="Name a file.")
    if path.exists() and not force:
        raise ConfigurationError(f"{path} is there already.", hint="Choose another name, or add --force.")
    if not path.parent.is_dir():
        raise ConfigurationError(f"There is no folder {path.parent}.", hint="Create it, or choose another one.")


@contextmanager
def writing(path: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """Write a file that gets its name when the block ends well; otherwise nothing is left of it.

    Raises:
        ConfigurationError: The file is there already and `force` is false, or it cannot be written.
    """
    check_new(path, force=force)
    try:
        with whole(path) as file:
            yield file
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Check the folder and the space left on it."
        ) from error
