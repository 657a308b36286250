"""Each check of a preflight over a world that follows a script: what makes it a warning, a failure, or skipped."""

import base64
import json
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from maas_client.core import stepping
from maas_client.core.io import Response
from maas_client.core.surroundings import Way
from maas_client.errors import ConfigurationError, ConnectError, CredentialError, RequestTimeoutError
from maas_client.resources.preflight import checks
from maas_client.types import CheckStatus, PreflightCheck
from tests.unit.backends.exchanges import encode
from tests.unit.resources.world import BEGIN, DATA, World, job, refusal

PROVIDER = "Microsoft.MachineLearningServices/workspaces"
MODEL = "Phi-4-mini-instruct"
BLOB = {"datastoreType": "AzureBlob", "accountName": "wsaccount", "containerName": "azureml"}


def dated(seconds: float = 0.0, body: Any = ()) -> Response:
    """An answer whose service has a clock that is ahead by so much."""
    date = format_datetime(BEGIN + timedelta(seconds=seconds), usegmt=True)
    return Response(200, {"date": date, "content-type": "application/json"}, encode(list(body)))


def well() -> World:
    """A world in which every check is ok."""
    properties = {"workspaceId": "w", "discoveryUrl": f"{DATA}/discovery", "provisioningState": "Succeeded"}
    registry = {"primaryRegionResourceProviderUri": DATA, "subscriptionId": "s", "resourceGroup": "g"}
    return (
        World()
        .on("Metadata_Get", dated())
        .on("Workspaces_Get", {"location": "eastus2", "properties": properties})
        .on("Permissions_ListForResource", {"value": [{"actions": ["*"], "notActions": []}]})
        .on("Discovery_Get", {"api": DATA})
        .on("Datastores_Get", {"properties": BLOB})
        .on("Datastores_ListSecrets", {"secretsType": "Sas", "sasToken": "sp=rcwl&sig=c2lnbmF0dXJl"})
        .on("Blob_Put", refusal(412, "ConditionNotMet"))
        .on("Registries_GetDiscovery", registry)
        .on("RegistryModelVersions_List", {"value": [{"name": "1", "properties": {}}]})
        .on("RegistryModelVersions_Get", registered("eastus2, westus3"))
        .on("Jobs_Get", refusal(404, "ResourceNotFound"))
        .on("ServerlessEndpoints_Get", refusal(404, "ResourceNotFound"))
    )


def registered(regions: str) -> dict[str, Any]:
    return {"name": "1", "properties": {"tags": {"maas-finetuning-deploy-regions": regions}}}


def look(
    world: World, model: str | None = None, name: str | None = None, deploy: str | None = None
) -> dict[str, PreflightCheck]:
    return {check.name: check for check in stepping.iterate(checks(world.session(), model, name, deploy))}


def only(world: World, check: str, **wanted: str) -> PreflightCheck:
    return look(world, **wanted)[check]


def states(found: dict[str, PreflightCheck], status: CheckStatus) -> list[str]:
    return [name for name, check in found.items() if check.status is status]


def jwt(**claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


def test_a_world_in_which_all_is_well() -> None:
    found = look(well(), MODEL, "new", "new")

    assert states(found, CheckStatus.OK) == list(found)
    assert found["dns"].message == "management.azure.com is 10.0.0.4, a private address."
    assert found["storage"].message == (
        "wsaccount.blob.core.windows.net (10.0.0.4, a private address) takes training files with a signature "
        "(rights rcwl); nothing was written to find out."
    )


# The line


def test_a_proxy_is_named_and_resolves_the_names() -> None:
    world = well()
    world.way_there = Way(proxy="proxy.example:3128", proxy_variable="HTTPS_PROXY", authorities="those of X")
    found = look(world)

    assert found["proxy"].message == (
        "To management.azure.com: HTTPS_PROXY sends it through proxy.example:3128; certificates: those of X."
    )
    assert found["dns"].status is CheckStatus.SKIPPED
    assert found["dns"].message == "The proxy proxy.example:3128 resolves names."
    assert "(through the proxy proxy.example:3128)" in found["storage"].message
    assert "(through the proxy proxy.example:3128)" in found["data_plane"].message


def test_a_bundle_for_other_programs_is_a_warning() -> None:
    world = well()
    world.way_there = Way(authorities="those of the operating system", ignored_bundle="/etc/corp.pem")
    check = only(world, "proxy")

    assert check.status is CheckStatus.WARNING
    assert check.hint == "If the connection fails by its certificate: export SSL_CERT_FILE=/etc/corp.pem"


def test_a_proxy_variable_that_is_wrong_fails() -> None:
    world = well()
    world.way_there = ConfigurationError("HTTPS_PROXY does not hold the address of a proxy.", hint="Mend it.")
    check = only(world, "proxy")

    assert (check.status, check.error, check.hint) == (CheckStatus.FAILED, "ConfigurationError", "Mend it.")


def test_a_name_that_is_not_known_is_told_once() -> None:
    world = well().on("Metadata_Get", ConnectError("Could not connect: its name is not known."))
    world.names = {"management.azure.com": ConnectError("The name management.azure.com is not known here.")}
    found = look(world, MODEL)

    assert states(found, CheckStatus.FAILED) == ["dns"]
    assert found["service"].message == "It needs dns."
    assert states(found, CheckStatus.SKIPPED) == [
        "service", "clock", "workspace", "role", "data_plane", "storage", "region"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ConnectError("Refused."), "ConnectError"),
        (RequestTimeoutError("Late."), "RequestTimeoutError"),
        (refusal(503), "ServerError"),
        (refusal(429), "RateLimitError"),
        (Response(403, {"content-type": "text/html"}, b"<html>Blocked"), "PermissionDeniedError"),
        (Response(200, {"content-type": "text/html"}, b"<html>Sign in to the hotel's network"), "BrokenResponseError"),
    ],
)
def test_a_service_that_does_not_answer_fails(answer: Any, error: str) -> None:
    check = only(well().on("Metadata_Get", answer), "service")

    assert (check.status, check.error) == (CheckStatus.FAILED, error)


def test_any_answer_of_the_service_is_one() -> None:
    assert only(well().on("Metadata_Get", refusal(404)), "service").status is CheckStatus.OK


def test_whoever_signs_a_connection_anew_is_named() -> None:
    error = ConnectError(
        "Could not connect to h: its certificate cannot be verified (no issuer).", hint="SSL_CERT_FILE"
    )
    error.permanent = True
    check = only(well().on("Metadata_Get", error), "service")

    assert "It is signed by 'Example Inspection CA': if that is no public authority, something" in check.message
    assert check.hint == "SSL_CERT_FILE"


def test_behind_a_proxy_nobody_is_named() -> None:
    error = ConnectError("Could not connect to h: its certificate cannot be verified (no issuer).")
    error.permanent = True
    world = well().on("Metadata_Get", error)
    world.way_there = Way(proxy="proxy.example:3128", proxy_variable="HTTPS_PROXY")

    assert "Example" not in only(world, "service").message


@pytest.mark.parametrize(
    ("ahead", "status"),
    [(0, CheckStatus.OK), (-59, CheckStatus.OK), (61, CheckStatus.WARNING), (-299, CheckStatus.WARNING),
     (301, CheckStatus.FAILED), (-90000, CheckStatus.FAILED)],
)  # fmt: skip
def test_a_clock_that_is_off(ahead: float, status: CheckStatus) -> None:
    check = only(well().on("Metadata_Get", dated(ahead)), "clock")

    assert check.status is status
    assert (check.error == "AuthenticationError") == (status is CheckStatus.FAILED)


def test_an_answer_without_a_date_tells_nothing_of_the_clock() -> None:
    assert only(well().on("Metadata_Get", {}), "clock").status is CheckStatus.SKIPPED


# Sign-in


def sign_in(**claims: object) -> PreflightCheck:
    world = well()
    world.bearer = jwt(**claims)
    return only(world, "sign_in")


def test_an_opaque_token_says_nothing_of_itself() -> None:
    check = only(well(), "sign_in")

    assert check.status is CheckStatus.OK
    assert check.message == "By a token that was given; it does not say whose it is, nor when it ends."


def test_a_token_says_whose_it_is_and_for_how_long() -> None:
    ends = BEGIN.timestamp() + 3600
    check = sign_in(upn="ada@contoso.example", tid="t-1", exp=ends, aud="https://management.core.windows.net/")

    assert check.status is CheckStatus.OK
    assert check.message == (
        "By a token that was given, ada@contoso.example, tenant t-1, good for 60 minutes (until 13:00 UTC)."
    )


def test_an_application_and_a_day_that_no_calendar_has() -> None:
    check = sign_in(appid="a-1", exp=1e20)

    assert "application a-1, good for" in check.message
    assert "until a day that no calendar has" in check.message


def test_a_token_that_has_ended_fails() -> None:
    check = sign_in(exp=BEGIN.timestamp() - 7200)

    assert (check.status, check.error) == (CheckStatus.FAILED, "AuthenticationError")
    assert "the token ended 2 hours ago, by this machine's clock" in check.message


def test_a_token_that_ends_soon_and_one_for_others_are_warnings() -> None:
    soon = sign_in(exp=BEGIN.timestamp() + 600)
    other = sign_in(aud="https://graph.microsoft.com")

    assert soon.status is other.status is CheckStatus.WARNING
    assert other.hint == "az account get-access-token --resource https://management.azure.com"


def test_a_token_that_is_renewed_may_end_soon() -> None:
    world = well()
    world.who, world.bearer = "DefaultAzureCredential (AzureCliCredential)", jwt(exp=BEGIN.timestamp() + 600)
    check = only(world, "sign_in")

    assert check.status is CheckStatus.OK
    assert check.message.startswith("By DefaultAzureCredential (AzureCliCredential), good for 10 minutes")


def test_no_token_fails_and_what_needs_one_is_skipped() -> None:
    world = well()
    world.bearer = CredentialError("No token could be had. x\ny", hint="az login")
    found = look(world)

    assert found["sign_in"].message == "No token could be had. x y"
    assert found["sign_in"].error == "CredentialError"
    assert states(found, CheckStatus.SKIPPED) == ["workspace", "role", "data_plane", "storage"]
    assert found["role"].message == "It needs sign-in."


def test_a_sign_in_that_does_not_trust_the_way_is_told_where_its_trust_is_kept() -> None:
    world = well()
    world.bearer = CredentialError("No token: CERTIFICATE_VERIFY_FAILED", hint="az login")

    assert "REQUESTS_CA_BUNDLE" in (only(world, "sign_in").hint or "")


# The workspace


def test_a_workspace_that_is_not_there() -> None:
    answer = refusal(404, "ResourceNotFound", "No such workspace.")
    found = look(well().on("Workspaces_Get", answer).on("Permissions_ListForResource", answer))

    assert found["workspace"].error == "NotFoundError"
    assert "resource group rg-ft, workspace ws-ft; `maas-ft config show`" in (found["workspace"].hint or "")
    assert found["role"].status is CheckStatus.SKIPPED


def test_a_workspace_that_is_not_ready_is_a_warning() -> None:
    check = only(well().on("Workspaces_Get", {"properties": {"provisioningState": "Updating"}}), "workspace")

    assert check.status is CheckStatus.WARNING
    assert check.message.startswith("ws-ft in a region that it does not name answers in ")


def grants(*roles: tuple[list[str], list[str]]) -> World:
    value = [{"actions": actions, "notActions": not_actions} for actions, not_actions in roles]
    return well().on("Permissions_ListForResource", {"value": value})


@pytest.mark.parametrize(
    ("roles", "deploy", "status"),
    [
        (
            [([f"{PROVIDER}/*/read", f"{PROVIDER}/*/write", f"{PROVIDER}/*/action"], [])],
            "dep",
            "ok",
        ),
        ([(["*/read"], []), ([f"{PROVIDER}/jobs/*"], [])], None, "warning"),
        ([(["*/read"], []), ([f"{PROVIDER}/jobs/*"], [])], "dep", "failed"),
        ([(["*"], [f"{PROVIDER}/JOBS/write"])], None, "failed"),
        ([(["*"], [f"{PROVIDER}/jobs/write"]), ([f"{PROVIDER}/jobs/write"], [])], None, "ok"),
        ([], None, "failed"),
    ],
)
def test_roles(roles: list[tuple[list[str], list[str]]], deploy: str | None, status: str) -> None:
    check = look(grants(*roles), deploy=deploy)["role"]

    assert check.status == status
    assert (check.hint is None) == (status == "ok")


def test_roles_on_two_pages_and_of_an_odd_form() -> None:
    first = {"value": [{"actions": "*"}], "nextLink": "https://management.azure.com/next"}
    world = well().on("Permissions_ListForResource", first, {"value": [{"actions": ["*", 1]}]})

    assert only(world, "role").status is CheckStatus.OK


def test_roles_that_cannot_be_told_are_a_warning() -> None:
    check = only(well().on("Permissions_ListForResource", refusal(403)), "role")

    assert check.status is CheckStatus.WARNING
    assert check.message == "It cannot be told which roles you have: no"


# Its parts


def private() -> World:
    properties = {"workspaceId": "w", "discoveryUrl": f"{DATA}/discovery", "publicNetworkAccess": "Disabled"}
    world = well().on("Workspaces_Get", {"location": "eastus2", "properties": properties})
    world.names = {"eastus2.api.azureml.ms": ("20.1.2.3",)}
    return world


def test_a_private_workspace_at_a_public_address_is_a_warning() -> None:
    found = look(private())

    assert "takes calls from its private network alone" in found["workspace"].message
    assert found["data_plane"].status is CheckStatus.WARNING
    assert "eastus2.api.azureml.ms (20.1.2.3, a public address)" in found["data_plane"].message
    assert "privatelink.api.azureml.ms" in (found["data_plane"].hint or "")


def test_a_private_workspace_at_its_private_endpoint_is_well() -> None:
    world = private()
    world.names = {}

    assert only(world, "data_plane").status is CheckStatus.OK


def test_a_data_plane_out_of_reach() -> None:
    public = only(well().on("Discovery_Get", refusal(403)), "data_plane")
    hidden = only(private().on("Discovery_Get", ConnectError("Refused.")), "data_plane")

    assert public.error == "PermissionDeniedError"
    assert hidden.error == "ConnectError"
    assert "privatelink.api.azureml.ms" in (hidden.hint or "")


def test_a_workspace_that_does_not_say_where_its_data_plane_is() -> None:
    assert only(well().on("Workspaces_Get", {}), "data_plane").status is CheckStatus.SKIPPED


def test_storage_by_key_and_by_ones_own_sign_in() -> None:
    by_key = only(well().on("Datastores_ListSecrets", {"secretsType": "AccountKey", "key": "a2V5"}), "storage")
    own = only(well().on("Datastores_ListSecrets", refusal(403)), "storage")

    assert "takes training files with the account's key; nothing" in by_key.message
    assert "takes training files with your own sign-in; nothing" in own.message


def test_what_is_asked_of_the_storage_writes_nothing() -> None:
    world = well()
    look(world)
    (sent,) = [request for request in world.sent if request.operation == "Blob_Put"]

    assert sent.headers["if-match"] == '"0x0"'
    assert sent.body == b""


def test_a_storage_that_takes_no_writes_fails() -> None:
    mismatch = only(well().on("Blob_Put", refusal(403, "AuthorizationPermissionMismatch")), "storage")
    firewall = only(well().on("Blob_Put", refusal(403, "AuthorizationFailure")), "storage")
    unreached = only(well().on("Blob_Put", ConnectError("Refused.")), "storage")

    assert mismatch.hint is not None
    assert mismatch.hint.startswith("The workspace hands out a signature with the rights rcwl;")
    assert mismatch.error == firewall.error == "PermissionDeniedError"
    assert "firewall" in (firewall.hint or "")
    assert "privatelink.blob.core.windows.net" in (unreached.hint or "")


def test_a_blob_that_was_written_all_the_same_is_told() -> None:
    check = only(well().on("Blob_Put", Response(201, {}, b"")), "storage")

    assert check.status is CheckStatus.WARNING
    assert "left the empty blob LocalUpload/maas-client-preflight." in check.message


# What is meant


@pytest.mark.parametrize(
    ("model", "status", "said"),
    [
        (MODEL, "ok", "Phi-4-mini-instruct is tuned as a service, and no end of that is announced (as of 2026-"),
        ("Phi-3-mini-4k-instruct", "failed", "Azure retired fine-tuning of Phi-3-mini-4k-instruct on 2025-08-30."),
        ("Phi-3-mini-4k-instrukt", "failed", "Unknown model 'Phi-3-mini-4k-instrukt'. Did you mean"),
    ],
)
def test_lifecycle(model: str, status: str, said: str) -> None:
    check = only(well(), "lifecycle", model=model)

    assert check.status == status
    assert check.message.startswith(said)
    assert (check.error == "ConfigurationError") == (status == "failed")


def test_a_model_whose_end_is_announced_is_a_warning() -> None:
    world = well()
    world.clock = -500 * 86400.0  # in July 2025
    check = only(world, "lifecycle", model="Phi-3-mini-4k-instruct")

    assert check.status is CheckStatus.WARNING
    assert "deprecated since 2025-06-30 and ends on 2025-08-30. Use Phi-4-mini-instruct. (as of 2026-" in check.message


@pytest.mark.parametrize(
    ("registry", "location", "status", "said"),
    [
        (registered("eastus2,westus3"), "East US 2", "ok", "eastus2 tunes Phi-4-mini-instruct, says its registry."),
        (registered("westus3"), "eastus2", "failed", "eastus2 does not tune Phi-4-mini-instruct, says its registry."),
        (registered(""), "eastus2", "ok", "eastus2 tunes Phi-4-mini-instruct (as of 2025-11-30; its registry"),
        (refusal(404), "eastus2", "ok", "eastus2 tunes Phi-4-mini-instruct (as of 2025-11-30; its registry"),
        (registered(""), "moon", "warning", "moon is not among the regions that are known to tune"),
        (registered("eastus2"), "", "skipped", "The workspace does not say in which region it is."),
    ],
)
def test_region(registry: Any, location: str, status: str, said: str) -> None:
    world = well().on("RegistryModelVersions_Get", registry).on("Workspaces_Get", {"location": location})
    check = only(world, "region", model=MODEL)

    assert check.status == status
    assert check.message.startswith(said)


def test_the_region_of_a_model_that_is_not_known_is_not_looked_at() -> None:
    assert only(well(), "region", model="Phi-0").status is CheckStatus.SKIPPED


def test_names_that_are_taken_and_names_that_are_none() -> None:
    endpoint = {"name": "old", "location": "eastus2", "properties": {"modelSettings": {"modelId": "m"}}}
    world = well().on("Jobs_Get", job("Running", name="old")).on("ServerlessEndpoints_Get", endpoint)
    taken = look(world, name="old", deploy="old")
    illegal = look(well(), name="a.b", deploy="1")

    assert taken["job_name"].message == "A job named old exists (running)."
    assert taken["deployment"].message.startswith("A deployment named old exists (")
    assert taken["deployment"].hint == "Use another name, or delete it first: maas-ft deployments delete old"
    assert taken["job_name"].error == taken["deployment"].error == "ConflictError"
    assert illegal["job_name"].error == illegal["deployment"].error == "ConfigurationError"


# Time and patience


def test_a_service_that_fails_is_asked_twice() -> None:
    world = well().on("Metadata_Get", refusal(503))
    list(stepping.iterate(checks(world.session(max_retries=5), None, None, None)))

    assert world.operations() == ["Metadata_Get"] * 2


def test_the_clock_is_looked_at_anew() -> None:
    session = well().on("Metadata_Get", dated(4000), dated(0)).session()
    found = [{check.name: check for check in stepping.iterate(checks(session, None, None, None))} for _ in range(2)]

    assert [each["clock"].status for each in found] == [CheckStatus.FAILED, CheckStatus.OK]
    assert session.caller.skew.seconds is None


def test_a_check_that_hangs_is_ended() -> None:
    world = well()
    world.hanging = True
    check = only(world, "dns")

    assert (check.status, check.error) == (CheckStatus.FAILED, "RequestTimeoutError")
    assert check.message == "It was not done within 9 s."
