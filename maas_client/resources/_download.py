"""Fetch the files of a job or model: below one folder, in bounded memory, and on from where an attempt broke off."""

from collections.abc import Sequence

from maas_client.backends.azureml.blobs import Folder, Found
from maas_client.core.io import TargetFile
from maas_client.core.paging import AsyncPager, Page
from maas_client.errors import BrokenResponseError, ConfigurationError
from maas_client.resources._session import Session
from maas_client.types import Artifact, Download

PIECE_BYTES = 8 * 1024 * 1024
FILES_AT_ONCE = 4
SAME_MOMENT_SECONDS = 2.0
"""Some file systems keep no finer time."""


def artifacts_uri(job: str) -> str:
    """Return where a job leaves its files.

    Source: azure-ai-ml 1.35.2 (`jobs.download`).
    """
    return f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{job}"


def artifacts(session: Session, uri: str) -> AsyncPager[Artifact]:
    """List the files that lie at a place."""
    flows = session.dialect.blobs
    opened: list[Folder] = []

    async def fetch(cursor: str | None) -> Page[Artifact]:
        if not opened:
            opened.append(await session.run(flows.open(uri)))
        page = await session.run(flows.page(opened[0], cursor))
        return Page(_values(page.items), page.next_cursor)

    return AsyncPager(fetch, key=lambda artifact: artifact.path)


async def download(session: Session, uri: str, folder: str, *, overwrite: bool) -> Download:
    """Fetch the files that lie at a place; nothing is fetched before it is known where each may go.

    Raises:
        ConfigurationError: A file is there already and differs, or cannot be written there.
        PreconditionFailedError: A file changed at the service while it was fetched.
    """
    flows = session.dialect.blobs
    place = await session.run(flows.open(uri))
    pager = AsyncPager(lambda cursor: session.run(flows.page(place, cursor)), key=lambda found: found.path)
    found = [item async for item in pager]
    missing = [item for item in found if not await _is_here(session, folder, item, overwrite=overwrite)]

    async def fetch(item: Found) -> None:
        version = f"{item.blob.etag} {item.blob.size}"
        target = await session.io.create_file(folder, item.path, version=version, overwrite=overwrite)
        try:
            await _fill(session, place, item, target)
            await target.finish(item.blob.modified.timestamp() if item.blob.modified else None)
        finally:
            await target.close()

    await session.io.map(fetch, missing, limit=FILES_AT_ONCE)
    return Download(folder=folder, artifacts=_values(found), reused=len(found) - len(missing))


async def _is_here(session: Session, folder: str, item: Found, *, overwrite: bool) -> bool:
    there = await session.io.find_file(folder, item.path)
    if there is None:
        return False
    modified = item.blob.modified
    same_time = modified is not None and abs(there.modified - modified.timestamp()) <= SAME_MOMENT_SECONDS
    if same_time and there.size == item.blob.size:
        return True
    if not overwrite:
        raise ConfigurationError(
            f"{item.path} is in {folder} already, and is another file.",
            hint="Choose another folder, or allow overwriting (overwrite=True, --overwrite). Nothing was fetched.",
        )
    return False


async def _fill(session: Session, place: Folder, item: Found, target: TargetFile) -> None:
    flows, blob = session.dialect.blobs, item.blob
    if target.size > blob.size:
        await target.discard()
        raise _damaged(item)
    while target.size < blob.size:
        length = min(PIECE_BYTES, blob.size - target.size)
        await target.append(await session.run(flows.read(place, blob, target.size, length)))
    if blob.md5 is not None and await target.md5() != blob.md5:
        await target.discard()
        raise _damaged(item)


def _damaged(item: Found) -> BrokenResponseError:
    return BrokenResponseError(
        f"What came of {item.path} is not what the service says it is.", hint="Download it again.", operation="Blob_Get"
    )


def _values(found: Sequence[Found]) -> tuple[Artifact, ...]:
    return tuple(Artifact(path=item.path, bytes=item.blob.size, modified_at=item.blob.modified) for item in found)
