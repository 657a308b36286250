"""One request of the journal, and what became of it."""

from dataclasses import dataclass, field
from typing import Any

from maas_client.server.clock import iso_z
from maas_client.server.naming import Named, name_of, workspace_of
from maas_client.server.service.world import World

OPEN, ANSWERED, CUT, UNANSWERED = "open", "answered", "cut", "unanswered"
OUTCOMES = (OPEN, ANSWERED, CUT, UNANSWERED)
"""Whether the answer goes on, left as a whole, broke off, or never began."""


@dataclass(slots=True)
class Entry:
    """A request.

    Attributes:
        number: They are numbered from 1, in the order in which they began.
        received: Wall time, in seconds since the epoch.
        request_id: As the answer names it.
        method, path, query: Without what is not to be told.
        user_agent, client_request_id, session: What the client says of itself, or None.
        credentials: Kind and short hash of each.
        size: Bytes of the body that were read.
        sha256: Of the body, once it was read to its end; None of one that carries a credential.
        fields: What may be told of a JSON body.
        status: Of the answer that the client was sent, or None.
        answer_size: Bytes of the answer's body.
        outcome: One of `OUTCOMES`.
        seconds: How long it took, or None as long as it goes on.
        fault: The fault program that it met, and what that did.
    """

    number: int
    received: float
    request_id: str
    method: str
    path: str
    query: str
    user_agent: str | None
    client_request_id: str | None
    session: str | None
    credentials: tuple[tuple[str, str], ...]
    size: int = 0
    sha256: str | None = None
    fields: dict[str, str | int | float | bool] = field(default_factory=dict)
    status: int | None = None
    answer_size: int = 0
    outcome: str = OPEN
    seconds: float | None = None
    fault: dict[str, Any] | None = None
    _named: Named | None = None
    _workspace: str | None = None

    @property
    def named(self) -> Named:
        """What it is called. Found when somebody asks: most requests are never looked at."""
        if self._named is None:
            self._named = name_of(self.method, self.path, self.query)
        return self._named

    def workspace(self, world: World) -> str | None:
        """Return the workspace that it is about, or None. Takes the store's lock: not for the event loop."""
        if self._workspace is None:
            self._workspace = workspace_of(world, self.named)
        return self._workspace

    def as_json(self, world: World) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "number": self.number,
            "received": iso_z(self.received),
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
            "operation": self.named.operation,
            "workspace": self.workspace(world),
            "session": self.session,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "user_agent": self.user_agent,
            "credentials": [{"kind": kind, "hash": short} for kind, short in self.credentials],
            "body": {"size": self.size, "sha256": self.sha256, "fields": self.fields} if self.size else None,
            "status": self.status,
            "answer_size": self.answer_size,
            "outcome": self.outcome,
            "duration_seconds": None if self.seconds is None else round(self.seconds, 6),
            "fault": self.fault,
        }
