"""A file of this machine that is to be sent."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from maas_client.core.io import IO, SourceFile
from maas_client.errors import ConfigurationError


@asynccontextmanager
async def opened(io: IO, path: str) -> AsyncGenerator[SourceFile, None]:
    """Open it, and close it at the end.

    Raises:
        ConfigurationError: It is missing, empty, or not a regular file.
    """
    source = await io.open_file(path)
    try:
        if source.size == 0:
            raise ConfigurationError(f"{path} is empty.", hint="A training file has a conversation a line.")
        yield source
    finally:
        await source.close()
