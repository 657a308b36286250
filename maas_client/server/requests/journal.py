"""The requests that were asked last: in memory, at most `KEPT`, each without its secrets."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Scope

from maas_client.server.clock import wall_seconds
from maas_client.server.naming import SESSION_HEADER
from maas_client.server.requests import redact
from maas_client.server.requests.entry import Entry

KEPT: Final = 10_000
_MAX_LOST = 10_000
_SESSION = SESSION_HEADER.encode()
_SAID = frozenset({b"user-agent", b"x-ms-client-request-id", _SESSION})


class RequestJournal:
    """The journal; entries begin, and are looked at, in the event loop's thread."""

    def __init__(self, key: bytes, kept: int = KEPT) -> None:
        """Begin an empty journal.

        Args:
            key: A secret of the server, for the hashes of credentials.
            kept: Entries at most.
        """
        self._key = key
        self._kept = kept
        self._entries: deque[Entry] = deque()
        self._lost: dict[str, int] = {}
        self._lost_of_all = 0
        self.last = 0

    def begin(self, scope: Scope) -> Entry:
        """Note a request that begins."""
        said = {name: value for name, value in scope["headers"] if name in _SAID}
        query = scope["query_string"].decode("latin-1")
        self.last += 1
        entry = Entry(
            number=self.last,
            received=wall_seconds(),
            request_id=scope["maas.ids"]["request"],
            method=scope["method"],
            path=redact.scanned(scope["path"]),
            query=redact.query(query) if query else "",
            user_agent=redact.short(said.get(b"user-agent", b"").decode("latin-1")),
            client_request_id=redact.identity(said.get(b"x-ms-client-request-id", b"").decode("latin-1")),
            session=redact.identity(said.get(_SESSION, b"").decode("latin-1")),
            credentials=redact.credentials(
                scope["headers"], dict(parse_qsl(query)) if "sig=" in query else {}, self._key
            ),
        )
        if len(self._entries) == self._kept:
            self._forget(self._entries.popleft())
        self._entries.append(entry)
        return entry

    def entries(self) -> list[Entry]:
        """Return what is kept, oldest first."""
        return list(self._entries)

    def remove(self, gone: Callable[[Entry], bool] | None) -> int:
        """Remove the entries of which a function says so, or all, and what is remembered of lost ones; count them."""
        before = len(self._entries)
        if gone is None:
            self._entries.clear()
            self._lost.clear()
            self._lost_of_all = 0
        else:
            self._entries = deque(entry for entry in self._entries if not gone(entry))
        return before - len(self._entries)

    def lost(self, about: Iterable[str] | None) -> int:
        """Return the number of the last entry that there was no room for; 0: none was lost.

        Args:
            about: What it may have been about: keys, ids, accounts and labels of workspaces, or `session_key`. None:
                anything.
        """
        if about is None:
            return self._lost_of_all
        return max((self._lost.get(each, 0) for each in about), default=0)

    def _forget(self, entry: Entry) -> None:
        named = entry.named
        label = named.endpoint.rpartition(".")[2] if named.endpoint else None
        about = (named.workspace, named.account, named.guid, label, session_key(entry.session))
        for each in about:
            if each:
                self._lost[each] = entry.number
        self._lost_of_all = entry.number
        if len(self._lost) > _MAX_LOST:
            # The oldest are forgotten twice: whoever asks for so old a thing finds out by its entries' numbers.
            self._lost = dict(sorted(self._lost.items(), key=lambda item: item[1])[_MAX_LOST // 2 :])


def session_key(session: str | None) -> str:
    """Return what stands for a session among what entries are about."""
    return f"session:{session}" if session else ""
