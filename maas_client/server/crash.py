"""Points at which the server can be told to end as kill -9 ends it, and what lies between two of them.

A step of the service is a transaction; it has a point before its commit and one after it, when the answer is not sent
yet. Where bytes are stored that rows will name, there is one in between too.
"""

import os
from collections.abc import Mapping
from typing import Final

EXIT_CODE: Final = 137
"""That of a process that was killed, as shells tell it: 128 + SIGKILL."""

STEPS: Final[Mapping[str, str]] = {
    "jobs.put": "a job is stored",
    "jobs.plan": "what happens in a job is stored; begun when the job was answered",
    "jobs.cancel": "the cancellation of a job is stored",
    "jobs.delete": "the deletion of a job is stored",
    "jobs.end": "a job that has ended gets its artifacts, its log and its registered model",
    "jobs.update": "tags, properties or names of a job are changed",
    "removal": "what was to be deleted goes",
    "blobs.put": "a blob that came whole is stored",
    "blobs.metadata": "metadata of a blob is stored",
    "blocks.put": "a block is stored",
    "blocks.list": "a blob is made of its blocks",
    "data.put": "a data asset is stored",
    "models.put": "a registered model is changed",
    "endpoints.put": "an endpoint is stored",
    "endpoints.update": "an endpoint is changed",
    "endpoints.delete": "the deletion of an endpoint is stored",
    "endpoints.keys": "a key of an endpoint is replaced",
    "subscriptions.put": "a marketplace subscription is stored",
    "subscriptions.delete": "the deletion of a marketplace subscription is stored",
    "workspaces.put": "a workspace gets its ids at its first use",
    "reset": "a workspace, or all, is emptied",
    "restore": "a snapshot is brought back",
    "snapshot": "a snapshot that is on disk gets its name",
}
"""Transactions by name."""

_CONTENT: Final[Mapping[str, str]] = {
    "jobs.end": "the files of an ended job are on disk, and nothing names them",
    "blobs.put": "the bytes of a blob are on disk, and nothing names them",
    "blocks.put": "the bytes of a block are on disk, and nothing names them",
}
_PLACES: Final = {"before-commit": "about to be durable", "after-commit": "durable, and answered to nobody"}

POINTS: Final[Mapping[str, str]] = {
    **{f"{step}.content-written": text for step, text in _CONTENT.items()},
    **{f"{step}.{place}": f"{what}: {when}" for step, what in STEPS.items() for place, when in _PLACES.items()},
}
"""All points, and what is so there."""


class CrashPoints:
    """Which points end the process."""

    def __init__(self) -> None:
        self._armed: set[str] = set()

    def arm(self, point: str) -> None:
        """End the process when it next comes to a point."""
        self._armed.add(point)

    def reach(self, point: str) -> None:
        """Be at a point; this is the end, if it is armed."""
        if point in self._armed:
            os._exit(EXIT_CODE)
