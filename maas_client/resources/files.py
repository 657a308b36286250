"""`client.files`."""

import os

from maas_client.backends.azureml.files import LARGEST_SINGLE_PUT_BYTES, Upload, stored_name
from maas_client.backends.azureml.storage import DEFAULT_DATASTORE
from maas_client.core import stepping
from maas_client.core.io import FileBody
from maas_client.errors import ConfigurationError
from maas_client.resources._session import Session, mirrors
from maas_client.resources._upload import send_in_blocks
from maas_client.types import File


class AsyncFiles:
    """Training and validation files."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def upload(
        self, path: str | os.PathLike[str], *, sha256: str | None = None, datastore: str = DEFAULT_DATASTORE
    ) -> File:
        """Store a local file; return once the service holds it. The same content is never sent twice.

        The file is streamed: memory does not grow with its size. Above 64 MiB it goes in blocks, four at once; after an
        upload that was broken off only the missing ones are sent. Its content is not judged here: that is what
        `maas_client.dataset.check` is for, whose digest may be given as `sha256` so that it is not computed again.

        Args:
            path: UTF-8 JSONL, one conversation a line; the name should end in `.jsonl`.
            sha256: Digest of the content, 64 hex digits, if it is known.
            datastore: Blob storage of the workspace to keep it in.

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
            name = stored_name(source.name)
            return await self._send(Upload(filename=name, sha256=digest, body=body, datastore=datastore))
        finally:
            await source.close()

    async def _send(self, upload: Upload) -> File:
        flows = self._session.dialect.files
        place = await self._session.run(flows.find(upload))
        if place.taken:
            return flows.file(upload, place, reused=True)
        if upload.body.length <= LARGEST_SINGLE_PUT_BYTES:
            return await self._session.run(flows.put(upload, place))
        return await send_in_blocks(self._session, upload, place)


@mirrors(AsyncFiles)
class Files:
    def __init__(self, files: AsyncFiles) -> None:
        self._files = files

    def upload(
        self, path: str | os.PathLike[str], *, sha256: str | None = None, datastore: str = DEFAULT_DATASTORE
    ) -> File:
        return stepping.run(self._files.upload(path, sha256=sha256, datastore=datastore))
