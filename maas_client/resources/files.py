"""`client.files`."""

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

from maas_client.backends.azureml.files import LARGEST_SINGLE_PUT_BYTES, Place, Upload, stored_name
from maas_client.backends.azureml.storage import DEFAULT_DATASTORE
from maas_client.core import stepping
from maas_client.core.io import FileBody
from maas_client.resources._local_file import opened
from maas_client.resources._session import Session, mirrors
from maas_client.resources._upload import Sending
from maas_client.resources._upload_meter import Meter
from maas_client.types import File, UploadEvent

EVENT_SECONDS = 2.0
"""Between two events. After each the blocks in flight come to their end before new ones are begun."""


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
        async with self._found(path, sha256, datastore) as (upload, place):
            if not _goes_in_blocks(upload, place):
                return await self._put(upload, place)
            sending = Sending(self._session, upload, place)
            await sending.begin()
            file: File | None = None
            while file is None:
                while sending.is_open:
                    await sending.go_round()
                file = await sending.finish()
            return file

    async def upload_events(
        self, path: str | os.PathLike[str], *, sha256: str | None = None, datastore: str = DEFAULT_DATASTORE
    ) -> AsyncGenerator[UploadEvent, None]:
        """Store a local file as `upload` does, and iterate over how far it is; the last event has the `file`.

        Of what goes in blocks an event comes every two seconds, or when a block that takes longer is there. Leaving the
        loop stops the upload; what was sent is found again by the next one.

        Args:
            path: UTF-8 JSONL, one conversation a line; the name should end in `.jsonl`.
            sha256: Digest of the content, 64 hex digits, if it is known.
            datastore: Blob storage of the workspace to keep it in.

        Raises:
            ConfigurationError: The file is missing, empty, not a regular file, or changed while it was read.
            ConflictError: Other content lies under this digest's name.
            StatusError: The service said no.
            TransportError: No usable answer.
        """
        io = self._session.io
        began = await io.monotonic()
        async with self._found(path, sha256, datastore) as (upload, place):
            meter = Meter(upload.filename, upload.body.length, began)
            if not _goes_in_blocks(upload, place):
                yield meter.last(await io.monotonic(), await self._put(upload, place))
                return
            sending = Sending(self._session, upload, place)
            await sending.begin()
            file: File | None = None
            while file is None:
                while sending.is_open:
                    await sending.go_round(EVENT_SECONDS)
                    sent, found = sum(sending.sent), sum(sending.found)
                    yield meter.event(await io.monotonic(), sent=sent, found=found, lanes=sending.lanes)
                file = await sending.finish()
            yield meter.last(await io.monotonic(), file)

    @asynccontextmanager
    async def _found(
        self, path: str | os.PathLike[str], sha256: str | None, datastore: str
    ) -> AsyncGenerator[tuple[Upload, Place], None]:
        """Open and digest a file, and find its place."""
        async with opened(self._session.io, os.fspath(path)) as source:
            digest = (sha256 or await source.sha256()).lower()
            body = FileBody(source=source, length=source.size)
            upload = Upload(filename=stored_name(source.name), sha256=digest, body=body, datastore=datastore)
            yield upload, await self._session.run(self._session.dialect.files.find(upload))

    async def _put(self, upload: Upload, place: Place) -> File:
        """Store a file in one call, unless it is there."""
        flows = self._session.dialect.files
        if place.taken:
            return flows.file(upload, place, reused=True)
        return await self._session.run(flows.put(upload, place))


def _goes_in_blocks(upload: Upload, place: Place) -> bool:
    return not place.taken and upload.body.length > LARGEST_SINGLE_PUT_BYTES


@mirrors(AsyncFiles)
class Files:
    def __init__(self, files: AsyncFiles) -> None:
        self._files = files

    def upload(
        self, path: str | os.PathLike[str], *, sha256: str | None = None, datastore: str = DEFAULT_DATASTORE
    ) -> File:
        return stepping.run(self._files.upload(path, sha256=sha256, datastore=datastore))

    def upload_events(
        self, path: str | os.PathLike[str], *, sha256: str | None = None, datastore: str = DEFAULT_DATASTORE
    ) -> Generator[UploadEvent, None, None]:
        return stepping.iterate(self._files.upload_events(path, sha256=sha256, datastore=datastore))
