"""What a run has written: its log from the beginning on, the files of its model once it has ended."""

from collections.abc import Iterator
from dataclasses import dataclass

from maas_client.server.service import blobs
from maas_client.server.service.blobs import Blob
from maas_client.server.service.jobs import Job
from maas_client.server.service.logs import LOG_PATH, log_text
from maas_client.server.service.settle import artifact_folder
from maas_client.server.service.world import ARTIFACT_CONTAINER, Workspace, World

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of a run.

    Attributes:
        path: Inside the run's folder.
        size: In bytes.
        created: Virtual seconds since the epoch.
        blob: Where it lies; None for the log of a run that goes on, which is in no store yet.
    """

    path: str
    size: int
    created: float
    blob: Blob | None


def artifacts(world: World, workspace: Workspace, job: Job, now: float, prefix: str = "") -> list[Artifact]:
    """Return the files of a run whose path begins with `prefix`, in order of path."""
    found = [_of_blob(job, blob) for blob in _blobs(world, workspace, job, prefix)]
    if not job.settled and LOG_PATH.startswith(prefix):
        found.append(Artifact(LOG_PATH, len(log_text(job, now).encode()), job.created, None))
    return found


def artifact(world: World, workspace: Workspace, job: Job, now: float, path: str) -> Artifact | None:
    """Return the file of a run at a path, or None."""
    return next((found for found in artifacts(world, workspace, job, now, path) if found.path == path), None)


def _blobs(world: World, workspace: Workspace, job: Job, prefix: str) -> Iterator[Blob]:
    after = ""
    while True:
        page = blobs.page(
            world,
            workspace.account,
            ARTIFACT_CONTAINER,
            prefix=f"{artifact_folder(job.name)}/{prefix}",
            after=after,
            limit=_PAGE,
        )
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].path


def _of_blob(job: Job, blob: Blob) -> Artifact:
    return Artifact(blob.path.removeprefix(f"{artifact_folder(job.name)}/"), blob.size, blob.modified, blob)
