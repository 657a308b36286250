"""Real credentials of azure-identity, as they are: tokens had, renewed and lost, and what they open.

One server serves all of these, over https, and takes none but its own tokens.
"""

import base64
import json
import ssl
import stat
from typing import Any
from urllib.parse import urlencode

import aiohttp.connector
import azure.identity.aio
import jwt
import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)

from maas_client import AsyncMaaSClient, MaaSClient
from maas_client.errors import AuthenticationError, CredentialError
from tests.unit.server.conftest import rows, start_server

ARM = "https://management.azure.com/.default"
STORAGE = "https://storage.azure.com/.default"


@pytest.fixture(scope="module")
def signing(tmp_path_factory):
    options = ("--tls", "--auth", "strict", "--datastore-auth", "identity")
    running = start_server(tmp_path_factory.mktemp("sign-in") / "state", *options)
    yield running
    assert running.stop() == 0


@pytest.fixture
def facts(signing, monkeypatch):
    """The ready line of the server, which everything in this process trusts."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, signing.ready["ca_file"])
    # aiohttp reads the variables when it is imported, which another test of this process may have done.
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context())
    return signing.ready


@pytest.fixture
def managed(facts, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{facts['url']}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", facts["identity_header"])


@pytest.fixture
def in_environment(facts, monkeypatch):
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", facts["url"])
    for name in ("tenant_id", "client_id", "client_secret"):
        monkeypatch.setenv(f"AZURE_{name.upper()}", facts[name])


@pytest.fixture
def client_of(facts, space_of, signing):
    def make(credential, kind=MaaSClient, **more):
        space = space_of(signing)
        where = {"subscription_id": "sub-1", "resource_group": "rg-1", "workspace": space.name}
        return kind(base_url=facts["url"], emulator=True, credential=credential, **where, **more)

    return make


def secret_of(facts, **changes):
    known = {name: facts[name] for name in ("tenant_id", "client_id", "client_secret")}
    return ClientSecretCredential(**(known | changes), authority=facts["url"], disable_instance_discovery=True)


def certificate_of(facts):
    path = facts["client_certificate"]
    where = {"authority": facts["url"], "disable_instance_discovery": True}
    return CertificateCredential(facts["tenant_id"], facts["client_id"], path, **where)


CREDENTIALS = {
    "secret": secret_of,
    "certificate": certificate_of,
    "managed": lambda facts: ManagedIdentityCredential(),
    "default": lambda facts: DefaultAzureCredential(disable_instance_discovery=True),
}
ASYNC = {
    "secret": lambda facts: azure.identity.aio.ClientSecretCredential(
        facts["tenant_id"], facts["client_id"], facts["client_secret"], authority=facts["url"]
    ),
    "certificate": lambda facts: azure.identity.aio.CertificateCredential(
        facts["tenant_id"], facts["client_id"], facts["client_certificate"], authority=facts["url"]
    ),
    "managed": lambda facts: azure.identity.aio.ManagedIdentityCredential(),
    "default": lambda facts: azure.identity.aio.DefaultAzureCredential(disable_instance_discovery=True),
}


@pytest.mark.usefixtures("managed", "in_environment")
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_credential_is_signed_in_and_keeps_its_token(kind, facts, client_of):
    with CREDENTIALS[kind](facts) as credential, client_of(credential) as client:
        assert list(client.jobs.list()) == []
        assert credential.get_token(ARM).token == credential.get_token(ARM).token


@pytest.mark.usefixtures("managed", "in_environment")
@pytest.mark.parametrize("kind", ASYNC)
async def test_an_asynchronous_credential_is_signed_in(kind, facts, client_of):
    async with ASYNC[kind](facts) as credential, client_of(credential, AsyncMaaSClient) as client:
        assert [job async for job in client.jobs.list()] == []


@pytest.mark.usefixtures("in_environment")
def test_the_managed_identity_of_a_virtual_machine(facts, client_of, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", facts["url"])
    with ManagedIdentityCredential() as credential, client_of(credential) as client:
        assert list(client.jobs.list()) == []


def test_msal_finds_the_authority_by_asking_it(facts):
    authority = f"{facts['url']}/{facts['tenant_id']}"
    secret, discovery = facts["client_secret"], f"{facts['url']}/common/discovery/instance"
    app = msal.ConfidentialClientApplication(
        facts["client_id"], client_credential=secret, authority=authority, instance_discovery=discovery
    )
    assert app.acquire_token_for_client([ARM])["token_type"] == "Bearer"


def test_the_published_key_verifies_a_token(signing, facts):
    found = signing.send("GET", f"/{facts['tenant_id']}/v2.0/.well-known/openid-configuration").json
    with secret_of(facts) as credential:
        token = credential.get_token(ARM).token
    (key,) = signing.send("GET", found["jwks_uri"]).json["keys"]
    # Its times are those of the server's clock, which other tests move.
    claims = jwt.decode(
        token,
        jwt.PyJWK(key),
        ["RS256"],
        audience="https://management.azure.com",
        issuer=found["issuer"],
        options={"verify_nbf": False, "verify_iat": False},
    )
    assert (claims["tid"], claims["appid"]) == (facts["tenant_id"], facts["client_id"])
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]


def test_keys_are_private_and_outlive_the_server(tmp_path, start):
    def key(running):
        (found,) = running.send("GET", f"/{running.ready['tenant_id']}/discovery/v2.0/keys").json["keys"]
        return found["n"], running.ready["client_secret"]

    first = start(tmp_path / "state", "--tls")
    before = key(first)
    assert first.stop() == 0
    for name in ("token-key.pem", "client.pem"):
        assert stat.S_IMODE((tmp_path / "state" / name).stat().st_mode) == 0o600
    assert key(start(tmp_path / "state", "--tls")) == before
    assert key(start(tmp_path / "other")) != before


WRONG: dict[str, Any] = {
    "secret": ({"client_secret": "not-it"}, "AADSTS7000215: Invalid client secret provided."),
    "application": ({"client_id": "00000000-0000-4000-8000-0000000000ff"}, "AADSTS700016: "),
}


@pytest.mark.parametrize("kind", WRONG)
def test_our_client_tells_in_entras_words_why_nobody_is_signed_in(kind, facts, client_of):
    changes, words = WRONG[kind]
    with (
        secret_of(facts, **changes) as credential,
        client_of(credential) as client,
        pytest.raises(CredentialError, match=words),
    ):
        list(client.jobs.list())


def test_an_unknown_tenant_is_no_authority(facts):
    with (
        secret_of(facts, tenant_id="00000000-0000-4000-8000-0000000000ff") as credential,
        pytest.raises(ClientAuthenticationError, match="check your tenant"),
    ):
        credential.get_token(ARM)


FORM = {"grant_type": "client_credentials", "scope": ARM}
REFUSED: dict[str, Any] = {
    "tenant": ({}, "nowhere.example", 400, "invalid_request", 90002),
    "no grant": ({"grant_type": ""}, None, 400, "invalid_request", 900144),
    "grant": ({"grant_type": "password"}, None, 400, "unsupported_grant_type", 70003),
    "no client": ({"client_id": ""}, None, 400, "invalid_request", 900144),
    "client": ({"client_id": "nobody"}, None, 400, "unauthorized_client", 700016),
    "no secret": ({"client_secret": None}, None, 401, "invalid_client", 7000216),
    "secret": ({"client_secret": "wr\u00f6ng"}, None, 401, "invalid_client", 7000215),
    "assertion": ({"client_secret": None, "client_assertion": "a.b.c"}, None, 401, "invalid_client", 700027),
    "no scope": ({"scope": ""}, None, 400, "invalid_request", 900144),
    "scope": ({"scope": "https://management.azure.com/user_impersonation"}, None, 400, "invalid_scope", 1002012),
    "two scopes": ({"scope": f"{ARM} {STORAGE}"}, None, 400, "invalid_scope", 1002012),
    "resource": ({"scope": "https://graph.example/.default"}, None, 400, "invalid_resource", 500011),
    "too long": ({"filler": "x" * 70_000}, None, 413, "invalid_request", 9002313),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_of_the_token_endpoint(kind, signing, facts):
    changes, tenant, status, error, code = REFUSED[kind]
    known = {name: facts[name] for name in ("client_id", "client_secret")}
    form = {name: value for name, value in (FORM | known | changes).items() if value is not None}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "client-request-id": "mine"}
    path = f"/{tenant or facts['tenant_id']}/oauth2/v2.0/token"
    answer = signing.send("POST", path, urlencode(form).encode(), headers)
    body = answer.json
    assert (answer.status, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["correlation_id"] == "mine"
    assert facts["client_secret"] not in answer.content.decode()
    assert answer.headers["cache-control"] == "no-store, no-cache"


@pytest.mark.parametrize("audience", ["https://ml.azure.com", "https://cognitiveservices.azure.com", None])
def test_tokens_for_every_resource_of_the_cloud(audience, facts):
    with secret_of(facts) as credential:
        token = credential.get_token(f"{audience or facts['url']}/.default").token
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == (audience or facts["url"])


MANAGED = {"resource": "https://management.azure.com", "api-version": "2019-08-01"}


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"resource": None}, 400, "resource is required"),
        ({"resource": "https://graph.example"}, 400, "AADSTS500011"),
        ({"api-version": "2017-09-01"}, 400, "2019-08-01"),
        ({"client_id": "nobody"}, 400, "No User Assigned or Delegated Managed Identity"),
        ({"mi_res_id": "/subscriptions/s"}, 400, "No User Assigned or Delegated Managed Identity"),
    ],
)
def test_a_refusal_of_the_managed_identity(changes, status, words, signing, facts):
    query = {name: value for name, value in (MANAGED | changes).items() if value is not None}
    header = {"X-IDENTITY-HEADER": facts["identity_header"]}
    answer = signing.send("GET", f"/msi/token?{urlencode(query)}", headers=header)
    assert (answer.status, answer.json["statusCode"]) == (status, status)
    assert words in answer.json["message"]
    machine = {**query, "api-version": "2018-02-01" if "api-version" not in changes else "1"}
    path = f"/metadata/identity/oauth2/token?{urlencode(machine)}"
    answer = signing.send("GET", path, headers={"Metadata": "true"})
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def test_managed_identities_open_to_those_who_run_there(signing, facts):
    path = f"/msi/token?{urlencode(MANAGED)}"
    for headers in ({}, {"X-IDENTITY-HEADER": "guess"}):
        assert signing.send("GET", path, headers=headers).status == 401
    path = f"/metadata/identity/oauth2/token?{urlencode(MANAGED | {'api-version': '2018-02-01'})}"
    assert signing.send("GET", path).json["error_description"] == "Required metadata header not specified"
    mine = {"X-IDENTITY-HEADER": facts["identity_header"]}
    named = urlencode(MANAGED | {"client_id": "00000000-0000-4000-8000-0000000000D0"})
    assert signing.send("GET", f"/msi/token?{named}", headers=mine).status == 200


@pytest.mark.usefixtures("managed")
def test_another_identity_than_that_of_the_server_is_unavailable(facts):
    with (
        ManagedIdentityCredential(client_id="nobody") as credential,
        pytest.raises(CredentialUnavailableError, match="400, No User Assigned"),
    ):
        credential.get_token(ARM)


def revoke(running, **body):
    headers = {"x-maas-admin-token": running.ready["admin_token"]}
    answer = running.send("POST", "/_maas/tokens/revoke", body, headers)
    assert answer.status == 200, answer.content
    return answer.json


@pytest.mark.usefixtures("managed", "in_environment")
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_revoked_token_is_replaced_and_the_call_goes_on(kind, signing, facts, client_of):
    with CREDENTIALS[kind](facts) as credential, client_of(credential) as client:
        assert list(client.jobs.list()) == []
        revoke(signing)
        assert list(client.jobs.list()) == []


@pytest.mark.usefixtures("managed", "in_environment")
@pytest.mark.parametrize("kind", ASYNC)
async def test_a_revoked_token_is_replaced_asynchronously(kind, signing, facts, client_of):
    async with ASYNC[kind](facts) as credential, client_of(credential, AsyncMaaSClient) as client:
        assert [job async for job in client.jobs.list()] == []
        revoke(signing)
        assert [job async for job in client.jobs.list()] == []


@pytest.mark.usefixtures("managed", "in_environment")
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_token_that_ended_on_a_manual_clock_is_replaced(kind, signing, facts, client_of):
    with CREDENTIALS[kind](facts) as credential, client_of(credential) as client:
        assert list(client.jobs.list()) == []
        signing.advance(3601)
        assert list(client.jobs.list()) == []


@pytest.mark.usefixtures("in_environment")
def test_storage_is_opened_by_tokens_for_storage_alone_also_over_a_revocation(signing, facts, client_of, tmp_path):
    with secret_of(facts) as credential, client_of(credential) as client:
        for count in (11, 12):
            (tmp_path / "train.jsonl").write_bytes(rows(count))
            kept = client.files.upload(tmp_path / "train.jsonl")
            assert client.files.upload(tmp_path / "train.jsonl").id == kept.id
            revoke(signing)


@pytest.mark.usefixtures("in_environment")
async def test_storage_is_opened_over_a_revocation_asynchronously(signing, facts, client_of, tmp_path):
    async with ASYNC["secret"](facts) as credential, client_of(credential, AsyncMaaSClient) as client:
        for count in (11, 12):
            (tmp_path / "train.jsonl").write_bytes(rows(count))
            kept = await client.files.upload(tmp_path / "train.jsonl")
            assert (await client.files.upload(tmp_path / "train.jsonl")).id == kept.id
            revoke(signing)


def test_a_revoked_token_that_cannot_be_replaced_is_an_error(signing, facts, client_of):
    with secret_of(facts) as credential:
        token = credential.get_token(ARM).token
        with client_of(token) as client, client_of(credential) as other:
            assert list(client.jobs.list()) == []
            assert list(other.jobs.list()) == []
            assert revoke(signing, sign_in=False)["sign_in"] is False
            try:
                with pytest.raises(AuthenticationError) as refused:
                    list(client.jobs.list())
                with pytest.raises(CredentialError, match="AADSTS7000112"):
                    list(other.jobs.list())
            finally:
                revoke(signing, sign_in=True)
    # Another one: msal remembers a refusal for a minute.
    with secret_of(facts) as credential, client_of(credential) as other:
        assert list(other.jobs.list()) == []
    assert refused.value.code == "TokenIssuedBeforeRevocationTimestamp"


def test_the_challenge_of_a_revocation_asks_for_a_newer_token(signing, facts, space_of):
    with secret_of(facts) as credential:
        token = credential.get_token(ARM).token
    revoke(signing)
    answer = signing.send(
        "GET", f"{space_of(signing).arm_id}?api-version=2024-10-01", headers={"Authorization": f"Bearer {token}"}
    )
    challenge = answer.headers["www-authenticate"]
    assert f'authorization_uri="{facts["url"]}/{facts["tenant_id"]}", error="insufficient_claims"' in challenge
    claims = json.loads(base64.b64decode(challenge.partition('claims="')[2].partition('"')[0]))
    assert claims["access_token"]["nbf"]["essential"] is True


def test_a_revocation_takes_the_admin_token_and_outlives_the_server(tmp_path, start, space_of):
    first = start(tmp_path / "state", "--auth", "strict")
    assert first.send("POST", "/_maas/tokens/revoke", {}).status == 401
    wrong = {"x-maas-admin-token": first.ready["admin_token"]}
    assert first.send("POST", "/_maas/tokens/revoke", {"sign_in": "no"}, wrong).status == 400
    header = {"X-IDENTITY-HEADER": first.ready["identity_header"]}
    token = first.send("GET", f"/msi/token?{urlencode(MANAGED)}", headers=header).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    path = f"{space_of(first).arm_id}?api-version=2024-10-01"
    assert first.send("GET", path, headers=bearer).status == 200
    assert revoke(first)["revocations"] == 1
    assert first.stop() == 0
    again = start(tmp_path / "state", "--auth", "strict").send("GET", path, headers=bearer)
    assert (again.status, again.error["code"]) == (401, "TokenIssuedBeforeRevocationTimestamp")


def test_short_lived_tokens_are_fetched_anew_each_time(tmp_path, start, monkeypatch):
    facts = start(tmp_path / "state", "--tls", "--token-lifetime", "60").ready
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", facts["ca_file"])
    with secret_of(facts) as credential:
        first, second = (credential.get_token(ARM) for _ in range(2))
    assert first.token != second.token
    claims = jwt.decode(first.token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 60


def test_a_sign_in_that_meets_faults_and_a_challenge_to_its_token(facts, signing, client_of):
    admin = {"x-maas-admin-token": facts["admin_token"]}
    busy = {"match": {"operation": "Entra_GetToken"}, "actions": [{"do": "status", "status": 503, "retry_after": 0}]}
    challenge = {"match": {"operation": "Jobs_List"}, "actions": ["claims-challenge"]}
    ids = signing.send("POST", "/_maas/faults", {"programs": [busy, challenge]}, admin).json["ids"]
    credential = secret_of(facts)
    with credential, client_of(credential) as client:
        assert list(client.jobs.list()) == []
    for identity in ids:
        assert signing.send("GET", f"/_maas/faults/{identity}", headers=admin).json["completed"]
