"""Which requests are meant, and how many there must be: what is asked of the journal, read and applied."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from maas_client.server.admin import scope_of
from maas_client.server.requests.entry import Entry
from maas_client.server.requests.journal import session_key
from maas_client.server.service.errors import ServiceError
from maas_client.server.service.world import World

_Count = Annotated[int, Meta(ge=0)]
_Status = Annotated[str, Meta(pattern="^([1-5][0-9][0-9]|[1-5]xx|none)$")]
_Kind = Literal["bearer", "shared-key", "basic", "key", "sas", "identity-header", "auxiliary", "other", "any", "none"]
_Outcome = Literal["open", "answered", "cut", "unanswered"]
_Distinct = Literal["path", "operation", "workspace", "session", "query", "body", "credentials", "client_request_id"]
_T = TypeVar("_T", bound="Filter")
_WILD = frozenset("*?[")


class Filter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests; all that is given must hold. Patterns know `*`, `?` and `[...]`.

    Attributes:
        operation: Pattern of the operation's name, or several.
        workspace: Pattern of the workspace's name, or of `subscription/group/name`, without case; or an ARM id.
        session: Pattern of the header `x-maas-session`.
        method: HTTP method.
        path: Pattern of the decoded path, without case.
        status: Of the answer: `201`, `2xx`, or `none` where there was none.
        outcome: What became of the answer.
        credential: A kind that it carried, `any`, or `none`.
        since: Only requests with a higher number.
    """

    operation: str | list[str] | None = None
    workspace: str | None = None
    session: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | _Status | None = None
    outcome: _Outcome | None = None
    credential: _Kind | None = None
    since: _Count = 0

    def takes(self, entry: Entry, world: World) -> bool:
        """Say whether a request is meant."""
        return (
            entry.number > self.since
            and self.method in (None, entry.method)
            and self.outcome in (None, entry.outcome)
            and _status(self.status, entry.status)
            and _credential(self.credential, entry)
            and (self.session is None or fnmatchcase(entry.session or "", self.session))
            and (self.path is None or fnmatchcase(entry.path.lower(), self.path.lower()))
            and (self.operation is None or _operation(self.operation, entry.named.operation))
            and (self.workspace is None or named_so(entry.workspace(world), self.workspace))
        )

    def about(self, world: World) -> set[str] | None:
        """Return what the requests that are meant may be about, as `RequestJournal.lost` has it; None: anything."""
        if self.workspace is not None:
            rows = world.store.all("SELECT key, guid, account FROM workspaces")
            return {
                each
                for row in rows
                if named_so(row["key"], self.workspace)
                for each in (row["key"], row["guid"], row["account"], row["guid"].replace("-", "")[:12])
            }
        if self.session is not None and not _WILD & set(self.session):
            return {session_key(self.session)}
        return None


class Asked(Filter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests to show.

    Attributes:
        limit: So many, the last ones.
    """

    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000


class Assertion(Filter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many requests there must be.

    Attributes:
        times: Exactly so many.
        at_least: So many or more.
        at_most: So many or fewer.
        distinct: Count not requests, but how many different ones of this there are among them.
    """

    times: _Count | None = None
    at_least: _Count | None = None
    at_most: _Count | None = None
    distinct: _Distinct | None = None

    def counted(self, entries: list[Entry], world: World) -> int:
        """Return the number that the assertion is about."""
        if self.distinct is None:
            return len(entries)
        value = _VALUES.get(self.distinct)
        if value is None:
            return len({entry.workspace(world) for entry in entries})
        return len({value(entry) for entry in entries})

    def problem(self, found: int) -> str | None:
        """Say what is wrong with a number, or None when it is as it must be."""
        of = f"different {self.distinct}" if self.distinct else "requests"
        if self.times is not None and found != self.times:
            return f"{found} {of} were found, not {self.times}."
        if self.at_least is not None and found < self.at_least:
            return f"{found} {of} were found, not at least {self.at_least}."
        if self.at_most is not None and found > self.at_most:
            return f"{found} {of} were found, not at most {self.at_most}."
        return None


_VALUES: Mapping[str, Callable[[Entry], object]] = {
    "path": lambda entry: entry.path,
    "operation": lambda entry: entry.named.operation,
    "session": lambda entry: entry.session,
    "query": lambda entry: entry.query,
    "body": lambda entry: entry.sha256,
    "credentials": lambda entry: entry.credentials,
    "client_request_id": lambda entry: entry.client_request_id,
}


def read(kind: type[_T], given: Mapping[str, Any], *, text: bool = False) -> _T:
    """Read what is asked.

    Args:
        kind: What it is to be.
        given: A JSON object, or a query.
        text: All values are texts, as in a query.

    Raises:
        ServiceError: 400, naming the field.
    """
    try:
        return msgspec.convert(given, kind, strict=not text)
    except msgspec.ValidationError as error:
        message = str(error)
        if "unknown field" in message:
            message += f"; known: {', '.join(kind.__struct_fields__)}"
        raise ServiceError(400, "UserError", f"{message}.") from None


def named_so(key: str | None, pattern: str) -> bool:
    """Say whether a workspace, as `subscription/group/name` in lower case, has a name or is one of a pattern."""
    if key is None:
        return False
    pattern = scope_of(pattern).lower()
    return fnmatchcase(key.rpartition("/")[2] if "/" not in pattern else key, pattern)


def _operation(wanted: str | list[str], name: str | None) -> bool:
    patterns = [wanted] if isinstance(wanted, str) else wanted
    return name is not None and any(fnmatchcase(name, pattern) for pattern in patterns)


def _status(wanted: int | str | None, status: int | None) -> bool:
    if wanted is None:
        return True
    if status is None or wanted == "none":
        return status is None and wanted == "none"
    text = str(wanted)
    return str(status) == text or (text.endswith("xx") and text[0] == str(status)[0])


def _credential(wanted: str | None, entry: Entry) -> bool:
    if wanted is None:
        return True
    if wanted in {"any", "none"}:
        return bool(entry.credentials) == (wanted == "any")
    return any(kind == wanted for kind, _ in entry.credentials)
