"""What a route is given and what it returns: plain values, so that a route is a function without HTTP."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from maas_client.server.clock import iso7
from maas_client.server.service import fates
from maas_client.server.service.errors import ServiceError, user_error
from maas_client.server.service.fates import Fate
from maas_client.server.service.world import Workspace, World

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read in full.

    Attributes:
        world: The service.
        now: Virtual seconds since the epoch, one value for the whole request: the time of its workspace, or the
            server's where there is none.
        base: `http://host:port` or `https://host:port`, as the client wrote it.
        path: Path parameters.
        query: Query parameters; of a repeated one, the last.
        body: The JSON object that was sent, or an empty one.
        where: The workspace that the path names, if it names one.
        fate: What a fault program has decided for what this request begins.
    """

    world: World
    now: float
    base: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    where: Workspace | None = None
    fate: Fate = fates.NONE

    @property
    def workspace(self) -> Workspace:
        """The workspace of the path, of an operation that has one there."""
        if self.where is None:
            raise LookupError("this operation's path names no workspace")
        return self.where

    @property
    def host(self) -> str:
        """Host and port as the client wrote them."""
        return self.base.partition("://")[2]

    @property
    def scheme(self) -> str:
        """`http` or `https`, as this server is served."""
        return self.base.partition("://")[0]

    def properties(self) -> Json:
        """Return the `properties` of the body.

        Raises:
            ServiceError: 400, there are none.
        """
        value = self.body.get("properties")
        if not isinstance(value, dict):
            raise user_error("properties is required and must be an object.", target="properties")
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a status, a JSON value or none, and headers."""

    status: int = 200
    body: Json | list[Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the route table.

    Attributes:
        name: The operation's name in the specification, shown when it is not implemented.
        method: HTTP method.
        path: Path template; compared without case, `{name}` takes one segment.
        versions: Accepted api-versions; None: the parameter is optional and not looked at (data plane).
        handler: None: the real service has it, this server answers 501.
        public: True: no Authorization header is asked for.
        small: True: reads a few rows and writes nothing, so that it may be answered without a thread of its own.
        missing: What the handler does not do of what the service does, for the ledger; empty: nothing that is known.
    """

    name: str
    method: str
    path: str
    versions: frozenset[str] | None = None
    handler: Handler | None = None
    public: bool = False
    small: bool = False
    missing: str = ""


def system_data(created: float) -> Json:
    """Return the `systemData` of a resource."""
    stamp = iso7(created)
    who = {"createdBy": "maas-ft local user", "createdByType": "User"}
    return {
        "createdAt": stamp,
        **who,
        "lastModifiedAt": stamp,
        "lastModifiedBy": who["createdBy"],
        "lastModifiedByType": "User",
    }


def listing(values: Iterable[Json], next_link: str | None = None) -> Reply:
    """Return one page of a list."""
    return Reply(200, {"value": list(values), "nextLink": next_link})


class View(StrEnum):
    """What a list shows. Source: azure-rest-api-specs, `ListViewType`."""

    ACTIVE = "ActiveOnly"
    ARCHIVED = "ArchivedOnly"
    ALL = "All"

    def shows(self, *, archived: bool) -> bool:
        """Say whether something belongs to the list."""
        return self is View.ALL or archived == (self is View.ARCHIVED)


def list_view(call: Call) -> View:
    """Read `listViewType`, without regard to case.

    Raises:
        ServiceError: 400, it is none.
    """
    asked = call.query.get("listViewType", View.ACTIVE).lower()
    for view in View:
        if view.lower() == asked:
            return view
    raise user_error(f"listViewType must be one of {', '.join(View)}.", target="listViewType")


def operation_links(call: Call, where: Workspace, operation: str, *, status_document: bool) -> dict[str, str]:
    """Return the headers of a long-running operation.

    `Retry-After` is in real seconds whatever the clock; 0 would count as absent.

    Source: azure-mgmt-core 1.6 polling rules, recorded; ids of mfeOperationsStatus as in azure-rest-api-specs examples.
    """
    kind = "mfeOperationsStatus" if status_document else "mfeOperationResults"
    url = (
        f"{call.base}/subscriptions/{quote(where.subscription)}/providers/Microsoft.MachineLearningServices"
        f"/locations/{where.location}/{kind}/{quote(operation, safe=':')}"
        f"?api-version={quote(call.query.get('api-version', ''))}"
    )
    header = "Azure-AsyncOperation" if status_document else "Location"
    return {header: url, "Retry-After": "1", "x-ms-async-operation-timeout": "PT1H"}


def skip_token(call: Call) -> int | None:
    """Read the opaque continuation of a list.

    Raises:
        ServiceError: 400, it is not one of ours.
    """
    text = call.query.get("$skip")
    if not text:
        return None
    try:
        return int(text.removeprefix("c-"), 16)
    except ValueError as error:
        raise ServiceError(400, "UserError", f"The continuation '{text[:64]}' is not valid.", target="$skip") from error


def next_link(call: Call, path: str, token: int | None) -> str | None:
    """Return the absolute url of the next page with the query of this one, or None after the last."""
    if token is None:
        return None
    query = {**call.query, "$skip": f"c-{token:x}"}
    return f"{call.base}{path}?" + "&".join(f"{quote(key, safe='$')}={quote(value)}" for key, value in query.items())
