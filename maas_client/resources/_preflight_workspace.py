"""Checks of the workspace: is it there, what may be done in it, and do its parts answer."""

from urllib.parse import parse_qs

from maas_client.backends.azureml.preflight import DEPLOYMENT_ACTIONS, PROVIDER, TRAINING_ACTIONS, TRIAL, missing
from maas_client.backends.azureml.storage import DEFAULT_DATASTORE, Store
from maas_client.errors import ConnectError, NotFoundError, PermissionDeniedError, StatusError
from maas_client.resources._probe import Finding, Probe, failed, failure, host_of, named, ok, skipped, warning

_ROLE = "Ask for the role Azure AI Developer on the resource group, or a role of your own with these actions."
_PRIVATE_ZONES = (
    "Reach it from its network (VPN, ExpressRoute), where the private DNS zone {zone} leads to its endpoint."
)


async def workspace(probe: Probe) -> Finding:
    """Whether the workspace is there for whoever signs in."""
    target = probe.session.dialect.target
    began = await probe.session.io.monotonic()
    try:
        found = await probe.session.run(probe.session.dialect.preflight.workspace())
    except NotFoundError as error:
        error.hint = (
            f"Check the names: subscription {target.subscription_id}, resource group {target.resource_group}, "
            f"workspace {target.workspace}; `maas-ft config show` says where they come from."
        )
        return failure(error)
    probe.found = found
    took = (await probe.session.io.monotonic() - began) * 1000
    private = " takes calls from its private network alone and" if found.is_private else ""
    region = found.location or "a region that it does not name"
    message = f"{target.workspace} in {region}{private} answers in {took:.0f} ms."
    if found.state not in {"", "Succeeded"}:
        return warning(f"{message} Its state is {found.state}.", "Wait until who made it is done, or ask them.")
    return ok(message)


async def role(probe: Probe) -> Finding:
    """Whether the caller's roles give what a job, and a deployment, need."""
    try:
        grants = await probe.session.run(probe.session.dialect.preflight.grants())
    except NotFoundError:
        return skipped("There is no such workspace to have a role in.")
    except PermissionDeniedError as error:
        return warning(
            f"It cannot be told which roles you have: {error.message}",
            "Only trying tells. To train and deploy takes the role Azure AI Developer.",
        )
    lacking = missing(grants, TRAINING_ACTIONS)
    no_deployment = missing(grants, DEPLOYMENT_ACTIONS)
    if lacking or (probe.deploy is not None and no_deployment):
        actions = (*lacking, *(no_deployment if probe.deploy is not None else ()))
        return failed(f"Your roles do not give {_listed(actions)}.", _ROLE, PermissionDeniedError)
    if no_deployment:
        return warning(f"Your roles let you train, but not deploy: they do not give {_listed(no_deployment)}.", _ROLE)
    return ok("Your roles let you train and deploy.")


async def data_plane(probe: Probe) -> Finding:
    """Whether run history, metrics and logs are within reach: they have a host of their own."""
    found = probe.found
    if found is None or not found.discovery_url:
        return skipped("The workspace does not say where its data plane is.")
    try:
        where, is_public = await probe.where(found.discovery_url)
        url = await probe.session.run(probe.session.dialect.preflight.data_plane(found.discovery_url))
    except (ConnectError, StatusError) as error:
        if found.is_private:
            error.hint = _PRIVATE_ZONES.format(zone="privatelink.api.azureml.ms")
        return failure(error)
    message = f"{named(found.discovery_url, where)} answers: metrics and logs are at {host_of(url) or 'no host'}."
    if found.is_private and is_public:
        return warning(
            f"{message} The workspace is private, and this is not its private endpoint.",
            _PRIVATE_ZONES.format(zone="privatelink.api.azureml.ms"),
        )
    return ok(message)


async def storage(probe: Probe) -> Finding:
    """Whether a training file can be stored; nothing is."""
    dialect = probe.session.dialect
    store = await probe.session.run(dialect.storage.open(DEFAULT_DATASTORE))
    try:
        where, _ = await probe.where(store.url)
        nothing = await probe.session.run(dialect.preflight.write_nothing(store))
    except ConnectError as error:
        zone = f"privatelink.blob.{dialect.target.storage_suffix}"
        error.hint = f"{error.hint or ''} {_PRIVATE_ZONES.format(zone=zone)}".strip()
        return failure(error)
    except PermissionDeniedError as error:
        error.hint = _why_not(store, error)
        return failure(error)
    message = f"{named(store.url, where)} takes training files {_way_in(store)}"
    if not nothing:
        return warning(
            f"{message}; the trial, which was to leave nothing, left the empty blob {TRIAL}.",
            f"Delete it from the datastore {DEFAULT_DATASTORE}; something in between drops the header If-Match.",
        )
    return ok(f"{message}; nothing was written to find out.")


def _why_not(store: Store, error: PermissionDeniedError) -> str | None:
    if error.code == "AuthorizationFailure":
        # Source: learn.microsoft.com "Troubleshoot 403 errors" of Azure Storage: the code of a network not let in.
        return "Its firewall may not let this network in: ask who runs the account, or use its private network."
    if store.access.signature is not None:
        return (
            f"The workspace hands out a signature with the rights {_rights(store)}; to write takes c or w. Ask who "
            "runs the workspace."
        )
    return error.hint


def _rights(store: Store) -> str:
    return parse_qs(store.access.signature or "").get("sp", ["?"])[0]


def _way_in(store: Store) -> str:
    access = store.access
    if access.key is not None:
        return "with the account's key"
    if access.scope is not None:
        return "with your own sign-in"
    ends = f", good for {access.lifetime_seconds / 60:.0f} minutes" if access.lifetime_seconds is not None else ""
    return f"with a signature (rights {_rights(store)}{ends})"


def _listed(actions: tuple[str, ...]) -> str:
    return f"{', '.join(action.removeprefix(f'{PROVIDER}/') for action in actions)} (of {PROVIDER})"
