"""The workspace, its datastore, and blobs."""

import base64
import re
from uuid import UUID

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Group, Makes, holds, same
from maas_client.testing.contract.wire import Answer

STORAGE = Group("storage")
_SPEC = "azure-rest-api-specs, machinelearningservices 2024-10-01-preview"
_SDK = "azure-ai-ml 1.35.2, recorded"
_BLOB = "Microsoft Learn, Azure Storage REST API"


@STORAGE.states("The workspace has its id, name, location, and a GUID of its own.", source=_SPEC)
def workspace(bench: Bench) -> None:
    answer = bench.arm("GET", "").expect(200)
    same(answer.at("id", kind=str).lower(), bench.scope.lower(), "id")
    same(answer.at("name", kind=str).lower(), bench.wire.target.workspace.lower(), "name")
    holds(answer.at("location", kind=str), "location is empty")
    guid = answer.at("properties", "workspaceId", kind=str)
    try:
        UUID(guid)
    except ValueError:
        holds(condition=False, otherwise=f"properties.workspaceId {guid!r} is not a GUID")


@STORAGE.states("The discovery URL answers without a token and names the data plane as api.", source=_SDK)
def discovery(bench: Bench) -> None:
    url = bench.arm("GET", "").expect(200).at("properties", "discoveryUrl", kind=str)
    holds(bench.wire.send("GET", url).expect(200).at("api", kind=str).startswith("http"), "api is not a URL")


@STORAGE.states("Exactly one datastore is the default.", source=_SDK)
def default_datastore(bench: Bench) -> None:
    query = {"isDefault": "true", "count": "30", "orderByAsc": "false"}
    found = bench.arm("GET", "/datastores", query=query).expect(200).at("value", kind=list)
    same([each["properties"]["isDefault"] for each in found], [True], "isDefault of the defaults")


@STORAGE.states("A datastore says where its blobs are, and shows no secret.", source=_SPEC)
def datastore(bench: Bench) -> None:
    answer = bench.arm("GET", "/datastores/workspaceblobstore").expect(200)
    for name in ("accountName", "containerName", "endpoint"):
        holds(answer.at("properties", name, kind=str), f"properties.{name} is empty")
    same(answer.at("properties", "datastoreType"), "AzureBlob", "properties.datastoreType")
    text = answer.body.decode()
    holds(not re.search(r'"(key|sasToken)"\s*:\s*"', text), "the datastore shows a secret")


@STORAGE.states("A datastore that is not there answers 404.", source=_SPEC)
def unknown_datastore(bench: Bench) -> None:
    bench.arm("GET", f"/datastores/{bench.name('nobody')}").refusal(404)


@STORAGE.states("An expirable secret of a datastore is a signature with an end.", source=_SPEC)
def secrets(bench: Bench) -> None:
    wanted = {"expirableSecret": True, "expireAfterHours": 1}
    answer = bench.arm("POST", "/datastores/workspaceblobstore/listSecrets", wanted).expect(200)
    same(answer.at("secretsType"), "Sas", "secretsType")
    fields = {part.partition("=")[0] for part in answer.at("sasToken", kind=str).removeprefix("?").split("&")}
    holds({"sv", "sig", "se"} <= fields, f"the signature has {sorted(fields)} and lacks sv, sig or se")


@STORAGE.states("Put Blob answers 201 with ETag and Last-Modified.", Makes.FILES, source=f"{_BLOB}, Put Blob")
def put_blob(bench: Bench) -> None:
    answer = bench.put_blob(f"LocalUpload/{bench.name()}/a.txt", b"hello")
    answer.header("ETag")
    answer.header("Last-Modified")


@STORAGE.states(
    "A blob comes back byte for byte, and its properties tell length, type and metadata.",
    Makes.FILES,
    source=f"{_BLOB}, Get Blob and Get Blob Properties",
)
def read_blob(bench: Bench) -> None:
    path, content = f"LocalUpload/{bench.name()}/a.bin", bytes(range(256)) * 5
    bench.put_blob(path, content, x_ms_meta_purpose="contract")
    holds(bench.blob("GET", path).expect(200).body == content, "the bytes are not those that were put")
    head = bench.blob("HEAD", path).expect(200)
    same(head.header("Content-Length"), str(len(content)), "Content-Length")
    same(head.header("x-ms-blob-type"), "BlockBlob", "x-ms-blob-type")
    same(head.headers.get("x-ms-meta-purpose"), "contract", "x-ms-meta-purpose")
    head.header("ETag")
    head.header("Last-Modified")


@STORAGE.states("A range of a blob answers 206 with Content-Range.", Makes.FILES, source=f"{_BLOB}, Get Blob")
def blob_range(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.txt"
    bench.put_blob(path, b"0123456789")
    answer = bench.blob("GET", path, x_ms_range="bytes=2-5").expect(206)
    same((answer.body, answer.header("Content-Range")), (b"2345", "bytes 2-5/10"), "the part")


@STORAGE.states(
    "A blob that is not there answers 404 with x-ms-error-code BlobNotFound, to HEAD without a body.",
    source=f"{_BLOB}, error codes",
)
def unknown_blob(bench: Bench) -> None:
    for method in ("HEAD", "GET"):
        answer = bench.blob(method, f"LocalUpload/{bench.name('nobody')}").expect(404)
        same(answer.header("x-ms-error-code"), "BlobNotFound", f"x-ms-error-code of {method}")


@STORAGE.states(
    "If-None-Match: * does not write over a blob: 409 BlobAlreadyExists.",
    Makes.FILES,
    source=f"{_BLOB}, conditional headers",
)
def no_overwriting(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.txt"
    bench.put_blob(path, b"first")
    answer = bench.blob("PUT", path, b"second", x_ms_blob_type="BlockBlob", if_none_match="*").expect(409)
    same(answer.header("x-ms-error-code"), "BlobAlreadyExists", "x-ms-error-code")
    same(bench.blob("GET", path).expect(200).body, b"first", "the blob")


@STORAGE.states("Metadata is replaced without touching the bytes.", Makes.FILES, source=f"{_SDK}; Set Blob Metadata")
def metadata(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.txt"
    bench.put_blob(path, b"kept", x_ms_meta_old="1")
    bench.blob("PUT", path, query="comp=metadata", x_ms_meta_upload_status="completed").expect(200)
    answer = bench.blob("GET", path).expect(200)
    same(answer.body, b"kept", "the blob")
    found = {name: value for name, value in answer.headers.items() if name.startswith("x-ms-meta-")}
    holds(len(found) == 1 and "completed" in found.values(), f"the metadata is {found}")


def _put_block(bench: Bench, path: str, number: int) -> str:
    identity = base64.b64encode(f"{number:06}".encode()).decode()
    quoted = identity.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    bench.blob("PUT", path, f"part {number};".encode(), query=f"comp=block&blockid={quoted}").expect(201)
    return identity


def _commit(bench: Bench, path: str, identities: list[str]) -> Answer:
    latest = "".join(f"<Latest>{identity}</Latest>" for identity in identities)
    text = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{latest}</BlockList>'
    return bench.blob("PUT", path, text.encode(), query="comp=blocklist", content_type="application/xml")


@STORAGE.states(
    "Blocks that were sent in any order make a blob in the order of the list, and none before.",
    Makes.FILES,
    source=f"{_BLOB}, Put Block and Put Block List; {_SDK}: blocks go up out of order",
)
def blocks(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.bin"
    third, first, second = (_put_block(bench, path, number) for number in (3, 1, 2))
    bench.blob("GET", path).expect(404)
    _commit(bench, path, [first, second, third]).expect(201)
    same(bench.blob("GET", path).expect(200).body, b"part 1;part 2;part 3;", "the blob")


@STORAGE.states(
    "A list with a block that was never sent answers 400 InvalidBlockList.", source=f"{_BLOB}, Put Block List"
)
def unknown_block(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.bin"
    answer = _commit(bench, path, [base64.b64encode(b"000001").decode()]).expect(400)
    same(answer.header("x-ms-error-code"), "InvalidBlockList", "x-ms-error-code")


@STORAGE.states("A list by prefix shows the blobs below it and no others.", Makes.FILES, source=f"{_BLOB}, List Blobs")
def list_blobs(bench: Bench) -> None:
    folder, other = f"LocalUpload/{bench.name()}", f"LocalUpload/{bench.name()}"
    for path in (f"{folder}/a.txt", f"{folder}/deep/b.txt", f"{other}/c.txt"):
        bench.put_blob(path, b"x")
    query = f"restype=container&comp=list&prefix={folder.replace('/', '%2F')}%2F"
    answer = bench.blob("GET", "", query=query).expect(200)
    found = re.findall(r"<Blob>.*?<Name>([^<]*)</Name>", answer.body.decode(), re.DOTALL)
    same(sorted(found), [f"{folder}/a.txt", f"{folder}/deep/b.txt"], "the list")


@STORAGE.states("A signature that was changed opens nothing: 403.", Makes.FILES, source=f"{_BLOB}, Authorization")
def changed_signature(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.txt"
    bench.put_blob(path, b"secret")
    changed = re.sub(r"sig=[^&]*", "sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D", bench.signature())
    answer = bench.blob("GET", path, signature=changed).expect(403)
    holds(b"secret" not in answer.body, "the refusal shows the blob")


@STORAGE.states("Without a signature nothing is shown.", Makes.FILES, source=f"{_BLOB}, Authorization")
def no_signature(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/a.txt"
    bench.put_blob(path, b"secret")
    answer = bench.blob("GET", path, signature="").expect(401, 403, 404, 409)
    holds(b"secret" not in answer.body, "the refusal shows the blob")
