"""Uploads in blocks: in order, in bounded memory, resumed, and never of a file that changed."""

import hashlib
import re
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from maas_client.core.io import FileBody, Response
from maas_client.errors import ConfigurationError
from maas_client.resources.files import AsyncFiles, Files
from tests.unit.resources.world import World, refusal, world

MIB = 1024 * 1024
SIZE = 67 * MIB + 5
CONTENT = bytes(range(256)) * (SIZE // 256) + b"abcde"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def storage() -> World:
    asked = world().on("Datastores_Get", {"properties": {"accountName": "acct", "containerName": "con"}})
    asked.on("Datastores_ListSecrets", {"sasToken": "sig=s"}).on("Blob_GetProperties", refusal(404))
    asked.on("Blob_GetBlockList", refusal(404))
    asked.on("Blob_PutBlock", Response(201, {}, b"")).on("Blob_PutBlockList", Response(201, {}, b""))
    asked.files["/data/t.jsonl"] = CONTENT
    return asked


def send(asked: World, **options: Any) -> Any:
    return Files(AsyncFiles(asked.session())).upload("/data/t.jsonl", **options)


def blocks(asked: World) -> dict[str, bytes]:
    sent = [request for request in asked.sent if request.operation == "Blob_PutBlock"]
    found = {}
    for request in sent:
        assert isinstance(request.body, FileBody)
        assert request.body.offset + request.body.length <= SIZE
        part = CONTENT[request.body.offset : request.body.offset + request.body.length]
        assert request.headers["content-md5"] == b64encode(hashlib.md5(part).digest()).decode()
        found[parse_qs(urlsplit(request.url).query)["blockid"][0]] = part
    return found


def committed(asked: World) -> list[str]:
    (request,) = [request for request in asked.sent if request.operation == "Blob_PutBlockList"]
    assert isinstance(request.body, bytes)
    return re.findall("<Latest>(.*?)</Latest>", request.body.decode())


def test_a_large_file_goes_in_blocks_and_comes_out_whole():
    asked = storage()
    file = send(asked)
    assert (file.bytes, file.sha256, file.reused) == (SIZE, DIGEST, False)
    sent, order = blocks(asked), committed(asked)
    assert [len(sent[name]) for name in order] == [8 * MIB] * 8 + [3 * MIB + 5]
    assert b"".join(sent[name] for name in order) == CONTENT
    assert [b64decode(name)[:5] for name in order] == [b"%05d" % index for index in range(9)]
    assert "Blob_Put" not in asked.operations()


def test_only_the_blocks_that_are_missing_are_sent():
    first = storage()
    send(first)
    order = committed(first)
    waiting = "".join(f"<Block><Name>{name}</Name><Size>{8 * MIB}</Size></Block>" for name in order[:5])
    asked = storage()
    asked.on(
        "Blob_GetBlockList",
        Response(200, {}, f"<BlockList><UncommittedBlocks>{waiting}</UncommittedBlocks></BlockList>".encode()),
    )
    send(asked)
    assert list(blocks(asked)) == order[5:]
    assert committed(asked) == order


def test_what_is_there_is_not_sent():
    asked = storage()
    headers = {"x-ms-blob-type": "BlockBlob", "content-length": str(SIZE), "x-ms-meta-sha256": DIGEST}
    asked.on("Blob_GetProperties", Response(200, headers, b""))
    assert send(asked, sha256=DIGEST.upper()).reused
    assert not {"Blob_PutBlock", "Blob_PutBlockList", "Blob_GetBlockList"} & set(asked.operations())


@pytest.mark.parametrize("digest", ["ab" * 32, hashlib.sha256(CONTENT[:-1]).hexdigest()])
def test_a_file_that_is_not_what_its_digest_says_is_never_committed(digest):
    asked = storage()
    with pytest.raises(ConfigurationError, match="nothing was stored") as caught:
        send(asked, sha256=digest)
    assert str(caught.value.hint).startswith("Did it change while it was read?")
    assert "Blob_PutBlockList" not in asked.operations()


def test_the_datastore_may_be_another():
    asked = storage()
    assert send(asked, datastore="lake").id.startswith("azureml://datastores/lake/paths/LocalUpload/")
    assert "/datastores/lake?" in asked.sent[0].url
    assert "/datastores/lake/listSecrets?" in asked.sent[1].url
