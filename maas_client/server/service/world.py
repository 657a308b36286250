"""Everything the service stands on, and the workspaces in it."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Row

from maas_client.server.clock import Clock, ClockSetting
from maas_client.server.content import Content
from maas_client.server.engine import TrainingInput, TrainingPlan
from maas_client.server.entra.identity import Identity
from maas_client.server.models_data import BaseModel
from maas_client.server.service.lag import Lag
from maas_client.server.service.names import check_scope
from maas_client.server.service.options import ServiceOptions
from maas_client.server.signing import Spending
from maas_client.server.store import Store

BLOBSTORE = "workspaceblobstore"
ARTIFACTSTORE = "workspaceartifactstore"
ARTIFACT_CONTAINER = "azureml"
_ACCOUNT = "stmaas"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace: any with a valid name exists, and keeps its ids and its region.

    Attributes:
        key: Its names, in lower case.
        account: Its storage account.
        ahead: Virtual seconds by which its time was moved ahead of the server's.
        skew: The same of the time of signatures and retention: more than 0 only when a manual clock was moved.
    """

    key: str
    guid: str
    account: str
    subscription: str
    resource_group: str
    name: str
    location: str
    ahead: float = 0.0
    skew: float = 0.0

    def time(self, now: float) -> float:
        """Return the virtual time of the workspace when it is `now` on the server's clock."""
        return now + self.ahead

    @property
    def label(self) -> str:
        """What tells its endpoints from those of other workspaces in the addresses of models."""
        return self.account.removeprefix(_ACCOUNT)

    @property
    def arm_id(self) -> str:
        """The ARM id, in the case in which the workspace was first named."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    @property
    def blob_container(self) -> str:
        """The container of `workspaceblobstore`."""
        return f"azureml-blobstore-{self.guid}"

    def container(self, datastore: str) -> str | None:
        """Return the container of a datastore, or None when there is no such datastore."""
        return {BLOBSTORE: self.blob_container, ARTIFACTSTORE: ARTIFACT_CONTAINER}.get(datastore.lower())


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing becomes due while the store has seen `writes` transactions and both clocks are before these instants."""

    writes: int
    until: float
    until_real: float


@dataclass(slots=True)
class World:
    """Store, clock, bytes, catalog and engine: what every operation of the service is given."""

    folder: Path
    store: Store
    clock: Clock
    content: Content
    models: Mapping[str, BaseModel]
    make_plan: Callable[[TrainingInput], TrainingPlan]
    secret: bytes
    options: ServiceOptions
    identity: Identity
    lag: Lag = field(default_factory=Lag)
    spending: Spending = field(default_factory=Spending)
    plans: dict[int, TrainingPlan] = field(default_factory=dict)
    """Decoded plans by the job's row number; a cache, at most `PLANS_KEPT`."""
    quiet: Quiet | None = None
    """How long nothing will become due; None: not known."""

    @property
    def registries(self) -> frozenset[str]:
        """The registries of Microsoft's own models."""
        return frozenset(model.registry for model in self.models.values()) | {"azureml"}

    def real(self, where: Workspace | None) -> float:
        """Return the time of signatures and retention of a workspace, in seconds since the epoch."""
        return self.clock.real() + (0.0 if where is None else where.skew)

    def close(self) -> None:
        """Stop the clock and close the store."""
        self.clock.stop()
        self.store.close()


def open_world(
    folder: Path,
    setting: ClockSetting,
    models: Mapping[str, BaseModel],
    make_plan: Callable[[TrainingInput], TrainingPlan],
    options: ServiceOptions,
) -> World:
    """Open the state of a folder, or begin a new one there.

    Raises:
        StoreError: The folder holds something that cannot be read.
        OSError: It cannot be written.
    """
    store = Store(folder)
    content = Content(folder / "blobs")
    start, skew = store.meta("virtual_now"), store.meta("skew")

    def save(now: float, skew: float) -> None:
        with store.writing(counted=False):
            store.set_meta("virtual_now", now)
            store.set_meta("skew", skew)

    clock = Clock(setting, None if start is None else float(start), save, float(skew or 0.0))
    secret = store.meta("signing_secret")
    if secret is None:
        secret = secrets.token_hex(32)
        store.set_meta("signing_secret", secret)
    key = bytes.fromhex(str(secret))
    identity = Identity(folder, key, store, clock, mode=options.auth, lifetime=options.token_lifetime)
    return World(folder, store, clock, content, models, make_plan, key, options, identity)


def workspace(world: World, subscription: str, resource_group: str, name: str) -> Workspace:
    """Return a workspace by its names (compared without case); first use gives it its ids and its region for good.

    Raises:
        ServiceError: 404, the names are not valid.
    """
    check_scope(subscription, resource_group, name)
    found = known_workspace(world, subscription, resource_group, name)
    if found is None:
        key = _key(subscription, resource_group, name)
        guid = str(uuid.uuid4())
        account = f"{_ACCOUNT}{guid.replace('-', '')[:12]}"
        location = world.options.regions.get(name.lower(), world.options.region)
        made = Workspace(key, guid, account, subscription, resource_group, name, location)
        with world.store.writing("workspaces.put") as db:
            db.execute(
                "INSERT INTO workspaces VALUES (?,?,?,?,?,?,?,?,?)",
                (key, guid, account, subscription, resource_group, name, location, made.ahead, made.skew),
            )
        return made
    return found


def known_workspace(world: World, subscription: str, resource_group: str, name: str) -> Workspace | None:
    """Return a workspace by its names if it was used before, or None."""
    row = world.store.one("SELECT * FROM workspaces WHERE key=?", _key(subscription, resource_group, name))
    return None if row is None else _from_row(row)


def _key(subscription: str, resource_group: str, name: str) -> str:
    return f"{subscription}/{resource_group}/{name}".lower()


def workspace_by_guid(world: World, guid: str) -> Workspace | None:
    """Return the workspace of an id, or None."""
    row = world.store.one("SELECT * FROM workspaces WHERE guid=?", guid.lower())
    return None if row is None else _from_row(row)


def workspace_by_key(world: World, key: str) -> Workspace:
    """Return the workspace of a stored key."""
    row = world.store.one("SELECT * FROM workspaces WHERE key=?", key)
    if row is None:
        raise LookupError(key)
    return _from_row(row)


def workspace_by_account(world: World, account: str) -> Workspace | None:
    """Return the workspace whose storage account this is, or None."""
    row = world.store.one("SELECT * FROM workspaces WHERE account=?", account)
    return None if row is None else _from_row(row)


def workspace_by_label(world: World, label: str) -> Workspace | None:
    """Return the workspace of which a model's address speaks, or None."""
    return workspace_by_account(world, _ACCOUNT + label)


def advance(world: World, where: Workspace, seconds: float) -> None:
    """Move the time of one workspace forward; the others', and the server's, stay."""
    with world.store.writing() as db:
        db.execute(
            "UPDATE workspaces SET ahead=ahead+?, skew=skew+? WHERE key=?",
            (seconds, world.clock.skew_of(seconds), where.key),
        )


def _from_row(row: Row) -> Workspace:
    return Workspace(*row)
