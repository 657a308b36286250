"""One test's part of a server: a workspace of its own, and the time and the faults of that workspace alone."""

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from maas_client.testing.server import ClientSettings, Server

if TYPE_CHECKING:
    from maas_client.client import AsyncMaaSClient, MaaSClient

_NAME_CHARACTERS = 20
"""Of the test's name, kept for whoever reads the server's journal; a workspace's name has at most 33."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of a server. Any valid name is one; it is empty until something is put there.

    Attributes:
        server: Its server.
        name: Its name.
    """

    server: Server
    name: str

    @classmethod
    def fresh(cls, server: Server, test: str = "") -> "Workspace":
        """Return a workspace that nobody has used, with a name that begins like the test's."""
        words = re.sub(r"[^a-zA-Z0-9]+", "-", test.removeprefix("test_"))[:_NAME_CHARACTERS].strip("-")
        return cls(server, "-".join(word for word in ("t", words, uuid.uuid4().hex[:8]) if word))

    @property
    def scope(self) -> str:
        """`subscription/resource group/name`, by which control routes find it, used or not."""
        return f"{self.server.ready.subscription_id}/{self.server.ready.resource_group}/{self.name}"

    def settings(self) -> ClientSettings:
        """Return the arguments of a client of it."""
        return self.server.settings(self.name)

    def environment(self) -> dict[str, str]:
        """Return the variables by which `MaaSClient.from_env()` and `maas-ft` find it."""
        return self.server.environment(self.name)

    def client(self) -> "MaaSClient":
        """Make a client of it; whoever asks for it closes it."""
        return self.server.client(self.name)

    def async_client(self) -> "AsyncMaaSClient":
        """Make an asynchronous client of it; whoever asks for it closes it."""
        return self.server.async_client(self.name)


class Clock:
    """The time of one workspace; of the others nothing moves."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def now(self) -> datetime:
        """Return the time there (UTC)."""
        return self._workspace.server.now(workspace=self._workspace.name)

    def advance(self, seconds: float) -> datetime:
        """Move the time forward and return it.

        Args:
            seconds: How far; what becomes due on the way, such as the end of a job, has happened when this returns.
        """
        return self._workspace.server.advance(seconds, workspace=self._workspace.name)

    @contextmanager
    def flowing(self, *, step_seconds: float = 600.0, pause_seconds: float = 0.02) -> Iterator[None]:
        """Let the time pass while the block runs, for code that waits by itself.

        Args:
            step_seconds: Seconds of the workspace's time in one step.
            pause_seconds: Real seconds between two steps.
        """
        over = threading.Event()
        problems: list[Exception] = []

        def flow() -> None:
            try:
                while not over.wait(pause_seconds):
                    self.advance(step_seconds)
            except Exception as error:  # noqa: BLE001 (raised again where the block ends)
                problems.append(error)

        thread = threading.Thread(target=flow, name="maas-clock", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        if problems:
            raise problems[0]
