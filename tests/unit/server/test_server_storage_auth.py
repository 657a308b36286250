"""What opens storage: signatures, the account's key, the caller's token; and workspaces in other regions."""

import base64
import hmac
import time
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

BLOCK = {"x-ms-blob-type": "BlockBlob"}
VERSION = {"x-ms-version": "2022-11-02"}


def secrets(space, **body):
    return space.call("POST", "/datastores/workspaceblobstore/listSecrets", body).json


def shared_key(method, url, account, key, headers, *, length=""):
    """Sign as Azure Storage REST, "Authorize with Shared Key", says; written here anew from that page."""
    parts = urlsplit(url)
    canonical = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
    query = "".join(f"\n{name}:{value}" for name, value in sorted(parse_qsl(parts.query)))
    standard = [method, "", "", length, "", headers.get("Content-Type", ""), "", "", "", "", "", ""]
    text = "\n".join(standard) + "\n" + canonical + f"/{account}{parts.path}{query}"
    digest = hmac.digest(base64.b64decode(key), text.encode(), "sha256")
    return {**headers, "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}"}


def code(answer):
    return answer.status, answer.headers["x-ms-error-code"]


def test_the_account_key_signs_requests(space):
    given = secrets(space, expirableSecret=False)
    assert given["secretsType"] == "AccountKey"
    assert len(base64.b64decode(given["key"])) == 64
    assert secrets(space, expirableSecret=False) == given
    url = space.blob_url("signed.jsonl")
    account = unquote(urlsplit(url).path).split("/")[1].split(".")[0]
    own = {**BLOCK, **VERSION, "x-ms-date": formatdate(usegmt=True), "Content-Type": "application/octet-stream"}
    put = space.server.send("PUT", url, b"hello", shared_key("PUT", url, account, given["key"], own, length="5"))
    assert put.status == 201, put.content
    dated = {**VERSION, "x-ms-date": formatdate(usegmt=True)}
    assert (
        space.server.send("GET", url, headers=shared_key("GET", url, account, given["key"], dated)).content == b"hello"
    )
    other = base64.b64encode(b"x" * 64).decode()
    assert code(space.server.send("GET", url, headers=shared_key("GET", url, account, other, dated))) == (
        403,
        "AuthenticationFailed",
    )
    for date in ("Tue, 24 Nov 2009 10:00:00 GMT", "yesterday"):
        old = shared_key("GET", url, account, given["key"], {**VERSION, "x-ms-date": date})
        assert code(space.server.send("GET", url, headers=old)) == (403, "AuthenticationFailed")


def test_who_signs_goes_by_the_wall_clock_or_by_the_time_of_the_workspace(space):
    key = secrets(space, expirableSecret=False)["key"]
    url = space.blob_url("none.jsonl")
    account = unquote(urlsplit(url).path).split("/")[1].split(".")[0]
    token = {"x-maas-admin-token": space.server.ready["admin_token"]}

    def asked(date):
        return code(
            space.server.send("GET", url, headers=shared_key("GET", url, account, key, VERSION | {"x-ms-date": date}))
        )

    def server_time(query=""):
        return space.server.send("GET", f"/_maas/clock{query}", headers=token).json["now_seconds"]

    day = 86_400.0
    moved = {"advance_seconds": 3 * day, "workspace": space.name}
    assert space.server.send("POST", "/_maas/clock", moved, token).status == 200
    ahead = server_time(f"?workspace={space.name}") - server_time()
    wall = time.time()
    found, refused = (404, "BlobNotFound"), (403, "AuthenticationFailed")
    assert asked(formatdate(wall, usegmt=True)) == found
    assert asked(formatdate(wall + day, usegmt=True)) == refused
    assert asked(formatdate(wall - day, usegmt=True)) == refused
    assert ahead == 3 * day


def test_a_server_may_give_keys_only(tmp_path, start, space_of):
    space = space_of(start(tmp_path / "state", "--datastore-auth", "key"))
    assert secrets(space, expirableSecret=True)["secretsType"] == "AccountKey"


def test_a_server_may_take_tokens_only(tmp_path, start, space_of):
    space = space_of(start(tmp_path / "state", "--datastore-auth", "identity"))
    store = space.call("GET", "/datastores/workspaceblobstore").json["properties"]
    assert store["credentials"]["credentialsType"] == "None"
    refused = space.call("POST", "/datastores/workspaceblobstore/listSecrets", {})
    assert (refused.status, refused.error["code"]) == (400, "UserError")
    url = space.blob_url("x.jsonl")
    token = {"Authorization": "Bearer a-token"}
    assert space.server.send("PUT", url, b"x", {**BLOCK, **token}).status == 201
    assert space.server.send("GET", url, headers=token).content == b"x"
    assert code(space.server.send("GET", url)) == (401, "NoAuthenticationInformation")
    signed = {**VERSION, "Authorization": "SharedKey a:b"}
    assert code(space.server.send("GET", url, headers=signed)) == (403, "KeyBasedAuthenticationNotPermitted")
    assert code(space.server.send("GET", f"{url}?sv=1&sig=x")) == (403, "KeyBasedAuthenticationNotPermitted")


def test_workspaces_lie_in_the_regions_that_were_named(tmp_path, start, space_of):
    server = start(tmp_path / "state", "--region", "westus3", "--region", "Elsewhere=northcentralus")
    here, there = space_of(server), space_of(server)
    there.name = "elsewhere"
    assert here.call("GET", "").json["location"] == "westus3"
    assert there.call("GET", "").json["location"] == "northcentralus"
    base = {
        "location": "westus3",
        "properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"}},
    }
    made = here.call("PUT", "/serverlessEndpoints/here", base)
    assert made.status == 201
    assert "/locations/westus3/mfeOperationsStatus/" in made.headers["Azure-AsyncOperation"]
    refused = there.call("PUT", "/serverlessEndpoints/there", base)
    assert (refused.status, refused.error["target"]) == (400, "location")


@pytest.mark.parametrize("option", [("--region", "East US 2"), ("--region", "=westus3"), ("--datastore-auth", "none")])
def test_what_cannot_be_chosen_is_told(tmp_path, start, option):
    with pytest.raises(AssertionError) as caught:
        start(tmp_path / "state", *option)
    assert option[0] in str(caught.value)
