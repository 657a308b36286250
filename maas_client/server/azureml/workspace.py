"""Workspace, discovery and datastores.

Source: azure-ai-ml 1.35.2, recorded; azure-rest-api-specs 2024-10-01-preview `Workspace`, `Datastore`.
"""

from maas_client.server.azureml.wire import Call, Json, Reply, listing, system_data
from maas_client.server.service.errors import not_found, user_error
from maas_client.server.service.world import ARTIFACTSTORE, BLOBSTORE, Workspace
from maas_client.server.signing import account_key, sign

_PERMISSIONS = "racwl"
_MAX_HOURS = 24 * 7


def get_workspace(call: Call) -> Reply:
    """GET the workspace: its region and its id."""
    where = call.workspace
    properties = {
        "friendlyName": where.name,
        "description": "simulated by the local reference server",
        "workspaceId": where.guid,
        "discoveryUrl": f"{call.base}/discovery",
        "mlFlowTrackingUri": f"azureml://{call.host}/mlflow/v1.0{where.arm_id}",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
        "hbiWorkspace": False,
        "storageAccount": f"/subscriptions/{where.subscription}/resourceGroups/{where.resource_group}"
        f"/providers/Microsoft.Storage/storageAccounts/{where.account}",
    }
    body = {
        "id": where.arm_id,
        "name": where.name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": where.location,
        "kind": "Project",
        "tags": {},
        "properties": properties,
    }
    return Reply(200, body)


def list_permissions(_call: Call) -> Reply:
    """GET what the caller may do: everything, for there are no roles here."""
    everything = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
    return listing([everything])


def discovery(call: Call) -> Reply:
    """GET the discovery document: where the data plane is."""
    return Reply(200, {"api": call.base, "history": call.base, "metric": call.base, "mlflow": call.base})


def list_datastores(call: Call) -> Reply:
    """GET the datastores; `isDefault=true` leaves the default one."""
    where = call.workspace
    names = (BLOBSTORE, ARTIFACTSTORE)
    wanted = _boolean(call, "isDefault")
    _boolean(call, "orderByAsc")
    count = call.query.get("count", "")
    if count and not (count.isascii() and count.isdigit()):
        raise user_error("count must be a number.", target="count")
    return listing(
        _datastore(call, where, name) for name in names if wanted in ("", "true" if name == BLOBSTORE else "false")
    )


def _boolean(call: Call, name: str) -> str:
    value = call.query.get(name, "").lower()
    if value not in ("", "true", "false"):
        raise user_error(f"{name} must be true or false.", target=name)
    return value


def get_datastore(call: Call) -> Reply:
    """GET one datastore."""
    return Reply(200, _datastore(call, call.workspace, _name(call)))


def list_secrets(call: Call) -> Reply:
    """POST for a SAS of the datastore's container, valid `expireAfterHours` (1 to 168, default 1) real hours.

    A secret that does not expire is the account's key, and so is every secret of a server that was told to give keys.
    """
    where, name = call.workspace, _name(call)
    hours = call.body.get("expireAfterHours", 1)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= _MAX_HOURS:
        raise user_error(f"expireAfterHours must be a whole number from 1 to {_MAX_HOURS}.", target="expireAfterHours")
    expirable = call.body.get("expirableSecret", True)
    if not isinstance(expirable, bool):
        raise user_error("expirableSecret must be true or false.", target="expirableSecret")
    world = call.world
    if world.options.datastore_auth == "identity":
        # The words of this refusal are ours: the contract has none. SDKs go on with the caller's token on any refusal.
        raise user_error(f"Datastore {name} uses identity-based access: it has no secret.", target="credentials")
    if world.options.datastore_auth == "key" or not expirable:
        return Reply(200, {"secretsType": "AccountKey", "key": account_key(world.secret, where.account)})
    resource = f"{where.account}/{where.container(name)}"
    return Reply(200, {"secretsType": "Sas", "sasToken": _sas(call, resource, hours * 3600.0)})


def _sas(call: Call, resource: str, seconds: float) -> str:
    """Return a signature, flawed where a fault program says so."""
    world, real = call.world, call.world.real(call.where)
    flaw = call.fate.fields["flaw"] if call.fate.do == "bad-sas" else ""
    token = sign(
        world.secret,
        resource,
        "rl" if flaw == "read-only" else _PERMISSIONS,
        # A second less, so that the next one is another.
        real + {"expired": -60, "runs-out": seconds - 1}.get(flaw, seconds),
        starts=real + seconds / 2 if flaw == "not-yet-valid" else None,
    )
    if flaw == "runs-out":
        world.spending.limit(token, call.fate.fields["requests"])
    return token


def _name(call: Call) -> str:
    for name in (BLOBSTORE, ARTIFACTSTORE):
        if call.path["name"].lower() == name:
            return name
    raise not_found(f"Datastore {call.path['name']} was not found in workspace {call.workspace.name}.", target="name")


def _datastore(call: Call, where: Workspace, name: str) -> Json:
    by_identity = call.world.options.datastore_auth == "identity"
    # A client builds {protocol}://{accountName}.blob.{endpoint}/...: the slash makes that a path of this server.
    properties = {
        "datastoreType": "AzureBlob",
        "isDefault": name == BLOBSTORE,
        "accountName": f"{call.host}/{where.account}",
        "containerName": where.container(name),
        "endpoint": "core.windows.net",
        "protocol": call.scheme,
        "credentials": {"credentialsType": "None" if by_identity else "AccountKey"},
        "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity" if by_identity else "None",
        "subscriptionId": where.subscription,
        "resourceGroup": where.resource_group,
        "description": None,
        "tags": None,
        "properties": None,
    }
    return {
        "id": f"{where.arm_id}/datastores/{name}",
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/datastores",
        "properties": properties,
        "systemData": system_data(0.0),
    }
