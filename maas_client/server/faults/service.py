"""Actions that let the service do what it is asked for, and decide what becomes of it: runs, deployments, operations.

They are for requests that begin something, which a program names by `match.operation`; a request that is refused, or
that changes nothing, begins nothing. What they decide is stored with what was begun and survives a restart, unless its
description says otherwise.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from starlette.datastructures import MutableHeaders

from maas_client.server.faults.action import Action
from maas_client.server.faults.exchange import Exchange

_STARTS = (
    "Jobs_Cancel",
    "Jobs_Delete",
    "ServerlessEndpoints_CreateOrUpdate",
    "ServerlessEndpoints_Delete",
)
_WRITES = (
    *_STARTS,
    "Jobs_CreateOrUpdate",
    "ServerlessEndpoints_Update",
    "DataVersions_CreateOrUpdate",
    "ModelVersions_CreateOrUpdate",
    "MarketplaceSubscriptions_CreateOrUpdate",
    "MarketplaceSubscriptions_Delete",
)
_CREATES = tuple(name for name in _WRITES if name.endswith("_CreateOrUpdate"))
_LINKS = ("Azure-AsyncOperation", "Location", "Retry-After", "x-ms-async-operation-timeout")

Code = Annotated[str, Meta(min_length=1, description="`error.code`.")]
Message = Annotated[str, Meta(min_length=1, description="`error.message`.")]
Seconds = Annotated[float, Meta(gt=0, le=1e9)]


class _Decides(Action, frozen=True, kw_only=True):
    """Lets the request through with what is decided for it."""

    served = "yes"

    async def run(self, exchange: Exchange) -> None:
        """Let the service answer, and tell it."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "times"}
        exchange.scope["maas.fate"] = {"do": self.name(), **fields}
        await exchange.let_through()


class RunFails(_Decides, frozen=True, kw_only=True, tag="run-fails"):
    """The job's run fails: when it reads its data, in the middle of its training, or when it registers the model."""

    operations: ClassVar[tuple[str, ...]] = ("Jobs_CreateOrUpdate",)

    stage: Annotated[Literal["data", "training", "registration"], Meta(description="When.")] = "training"
    code: Code = "SystemError"
    message: Message = "A fault program fails this run."


class RunStuck(_Decides, frozen=True, kw_only=True, tag="run-stuck"):
    """The job's run stops in the middle of a status, for a while or until it is cancelled."""

    operations: ClassVar[tuple[str, ...]] = ("Jobs_CreateOrUpdate",)

    status: Annotated[
        Literal["NotStarted", "Provisioning", "Preparing", "Queued", "Running", "NotResponding", "Finalizing"],
        Meta(description="Which; `NotResponding` comes in the middle of `Running`."),
    ] = "Running"
    seconds: Annotated[Seconds | None, Meta(description="Virtual seconds; null: until it is cancelled.")] = None


class RunSilent(_Decides, frozen=True, kw_only=True, tag="run-silent"):
    """The job's run tells nothing: no metric, no line of log."""

    operations: ClassVar[tuple[str, ...]] = ("Jobs_CreateOrUpdate",)


class DeploymentFails(_Decides, frozen=True, kw_only=True, tag="deployment-fails"):
    """The deployment does not come up: its operation and it end as failed."""

    operations: ClassVar[tuple[str, ...]] = ("ServerlessEndpoints_CreateOrUpdate",)

    code: Code = "InternalServerError"
    message: Message = "A fault program fails this deployment."


class DeploymentNotOnline(_Decides, frozen=True, kw_only=True, tag="deployment-not-online"):
    """The deployment's operation succeeds, and the deployment is not online yet."""

    operations: ClassVar[tuple[str, ...]] = ("ServerlessEndpoints_CreateOrUpdate",)

    seconds: Annotated[Seconds | None, Meta(description="Virtual seconds; null: it never is.")] = None


class OperationStuck(_Decides, frozen=True, kw_only=True, tag="operation-stuck"):
    """The long-running operation never ends, and what it was to do is never done."""

    operations: ClassVar[tuple[str, ...]] = _STARTS


class OperationGone(_Decides, frozen=True, kw_only=True, tag="operation-gone"):
    """The long-running operation is forgotten when it is done: its address answers 404."""

    operations: ClassVar[tuple[str, ...]] = _STARTS


class OperationUnlinked(Action, frozen=True, kw_only=True, tag="operation-unlinked"):
    """The answer that begins a long-running operation has none of the headers that say where to follow it."""

    served = "yes"
    operations: ClassVar[tuple[str, ...]] = _STARTS

    async def run(self, exchange: Exchange) -> None:
        """Answer without them."""

        def change(headers: MutableHeaders) -> None:
            for name in _LINKS:
                del headers[name]

        await exchange.let_through(change)


class StaleReads(_Decides, frozen=True, kw_only=True, tag="stale-reads"):
    """The next reads of what was written are answered as before the write, by 404 if it was not there. In memory."""

    operations: ClassVar[tuple[str, ...]] = _WRITES

    reads: Annotated[int, Meta(ge=1, le=1_000_000, description="How many.")] = 1


class ListLag(_Decides, frozen=True, kw_only=True, tag="list-lag"):
    """The next lists do not show what was made; each page counts. In memory."""

    operations: ClassVar[tuple[str, ...]] = _CREATES

    lists: Annotated[int, Meta(ge=1, le=1_000_000, description="How many.")] = 1
    seconds: Annotated[Seconds | None, Meta(description="Instead of `lists`: virtual seconds.")] = None


class BadSas(_Decides, frozen=True, kw_only=True, tag="bad-sas"):
    """The signature that is given out for storage is no good, or not for long."""

    operations: ClassVar[tuple[str, ...]] = ("Datastores_ListSecrets",)

    flaw: Annotated[
        Literal["expired", "not-yet-valid", "read-only", "runs-out"],
        Meta(description="`runs-out`: it has expired after `requests` (in memory)."),
    ] = "expired"
    requests: Annotated[int, Meta(ge=0, le=1_000_000, description="That it opens until it has run out.")] = 0


ACTIONS: tuple[type[Action], ...] = (
    RunFails,
    RunStuck,
    RunSilent,
    DeploymentFails,
    DeploymentNotOnline,
    OperationStuck,
    OperationGone,
    OperationUnlinked,
    StaleReads,
    ListLag,
    BadSas,
)
