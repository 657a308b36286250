"""What reads do not show yet: answers of before a write, and lists that lack what was made. Kept in memory.

A fault program says of a write how many reads of its resource, or lists of its kind, are behind it.
"""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Late:
    left: int
    before: object


@dataclass(slots=True)
class _Hidden:
    lists: int | None
    until: float


@dataclass(slots=True)
class Lag:
    """What is behind, by path, which is compared without case."""

    _reads: dict[str, _Late] = field(default_factory=dict)
    _lists: dict[str, dict[str, _Hidden]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self, path: str) -> None:
        """Show what is behind below a path; with an empty one, everything."""
        with self._lock:
            for behind in (self._reads, self._lists):
                for key in [key for key in behind if key.startswith(path.lower())]:
                    del behind[key]

    def keep(self, path: str, before: object, reads: int) -> None:
        """Let so many reads of a resource have the answer of before."""
        with self._lock:
            self._reads[path.lower()] = _Late(reads, before)

    def hide(self, path: str, lists: int | None, until: float) -> None:
        """Leave a resource out of lists of its kind: of so many, or, for None, of all until an instant."""
        kind, _, name = path.rpartition("/")
        with self._lock:
            self._lists.setdefault(kind.lower(), {})[name] = _Hidden(lists, until)

    def before(self, path: str) -> object:
        """Return the answer of before that a read is given, or None when it is not behind; it is counted."""
        if not self._reads:
            return None
        with self._lock:
            late = self._reads.get(path.lower())
            if late is not None:
                late.left -= 1
                if late.left == 0:
                    del self._reads[path.lower()]
            return None if late is None else late.before

    def hidden(self, path: str, now: float) -> frozenset[str]:
        """Return the names that a list does not show now; it is counted."""
        if not self._lists:
            return frozenset()
        with self._lock:
            of_kind = self._lists.get(path.lower(), {})
            names = frozenset(name for name, hidden in of_kind.items() if hidden.lists or now < hidden.until)
            for name, hidden in list(of_kind.items()):
                if hidden.lists is not None:
                    hidden.lists -= 1
                if name not in names or hidden.lists == 0:
                    del of_kind[name]
            return names
