"""`client.files`."""

import os

from maas_client.backends.azureml.files import Upload
from maas_client.core import stepping
from maas_client.core.io import FileBody
from maas_client.errors import ConfigurationError
from maas_client.resources._session import Session, mirrors
from maas_client.types import File


class AsyncFiles:
    """Training and validation files."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def upload(self, path: str | os.PathLike[str], *, sha256: str | None = None) -> File:
        """Store a local file; return once the service holds it. The same content is never sent twice.

        The file is streamed: memory does not grow with its size. Its content is not judged here: that is what
        `maas_client.dataset.check` is for, whose digest may be given as `sha256` so that it is not computed again.

        Args:
            path: UTF-8 JSONL, one conversation a line; the name should end in `.jsonl`.
            sha256: Digest of the content, 64 hex digits, if it is known.

        Returns:
            The file; its `id` is what `jobs.create` takes.

        Raises:
            ConfigurationError: The file is missing, empty, not a regular file, or changed while it was read.
            ConflictError: Other content lies under this digest's name.
            StatusError: The service said no.
            TransportError: No usable answer.
        """
        source = await self._session.io.open_file(os.fspath(path))
        try:
            if source.size == 0:
                raise ConfigurationError(
                    f"{os.fspath(path)} is empty.", hint="A training file has a conversation a line."
                )
            digest = (sha256 or await source.sha256()).lower()
            body = FileBody(source=source, length=source.size)
            file = await self._session.run(
                self._session.dialect.files.upload(Upload(filename=source.name, sha256=digest, body=body))
            )
        finally:
            await source.close()
        return file


@mirrors(AsyncFiles)
class Files:
    def __init__(self, files: AsyncFiles) -> None:
        self._files = files

    def upload(self, path: str | os.PathLike[str], *, sha256: str | None = None) -> File:
        return stepping.run(self._files.upload(path, sha256=sha256))
