"""Whether what lies at a file's place is that file, and what is sent to store it."""

from dataclasses import replace

import pytest

from maas_client.backends.azureml.files import (
    BLOCK_BYTES,
    LARGEST_BLOCK_BYTES,
    MAX_BLOCKS,
    Place,
    Upload,
    block_bytes,
    stored_name,
)
from maas_client.backends.azureml.storage import Access, Store
from maas_client.core.io import Digests, FileBody, Response
from maas_client.errors import ConfigurationError, ConflictError
from tests.unit.backends.exchanges import dialect, play

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
BODY = FileBody(source=None, length=4096)  # type: ignore[arg-type]
UPLOAD = Upload("train.jsonl", DIGEST, BODY)
PLACE = Place(
    Store("workspaceblobstore", "https://stacct.blob.core.windows.net/c", "stacct", Access(signature="sig=x")),
    f"LocalUpload/{DIGEST[:32]}/train.jsonl",
    taken=False,
)


def taken_by(**headers):
    """Store the file where something lies already; return what is made of that."""
    flow = dialect().files.put(UPLOAD, PLACE)
    next(flow)
    assert flow.throw(ConflictError("taken", status=409)).operation == "Blob_GetProperties"
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        flow.send(Response(200, {"x-ms-blob-type": "BlockBlob", **named}, b""))
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it asked for more")


def test_a_file_is_sent_with_what_it_contains():
    request = next(dialect().files.put(UPLOAD, PLACE))
    assert (request.operation, request.method, request.body, request.expect) == ("Blob_Put", "PUT", BODY, (201,))


def test_each_call_has_the_name_of_the_specification():
    flows = dialect().files
    staging = next(flows.stage(PLACE, "MDA=", Digests(sha256=DIGEST, md5="x"), BODY))
    assert (staging.operation, staging.body) == ("Blob_PutBlock", BODY)
    assert next(flows.staged(PLACE)).operation == "Blob_GetBlockList"
    assert next(flows.commit(UPLOAD, PLACE, ["MDA="])).operation == "Blob_PutBlockList"


def test_where_nothing_lies_no_block_waits_whatever_the_answer_says():
    flow = dialect().files.staged(PLACE)
    next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(404, {}, b"<html>not found"))
    assert stop.value.value == frozenset()


def test_a_file_is_named_after_its_datastore():
    elsewhere = replace(PLACE, store=replace(PLACE.store, datastore="mine"))
    assert dialect().files.file(UPLOAD, elsewhere, reused=False).id.startswith("azureml://datastores/mine/paths/")


def test_the_largest_file_goes_in_the_largest_blocks():
    assert block_bytes(MAX_BLOCKS * LARGEST_BLOCK_BYTES) == LARGEST_BLOCK_BYTES
    assert isinstance(block_bytes(MAX_BLOCKS * BLOCK_BYTES + 1), int)
    with pytest.raises(ConfigurationError) as caught:
        block_bytes(MAX_BLOCKS * LARGEST_BLOCK_BYTES + 1)
    assert caught.value.hint == "Split the file."


def test_bytes_that_are_no_text_are_stored_as_underscores():
    assert stored_name("a\udcffb\ud800.jsonl") == "a_b_.jsonl"


def test_the_same_content_is_taken_over():
    assert taken_by(content_length="4096", x_ms_meta_sha256=DIGEST).reused


def test_content_of_the_same_length_without_a_digest_is_taken_over():
    # The place is named by the digest; azure-ai-ml stores none beside it.
    assert taken_by(content_length="4096").reused


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": "4097", "x_ms_meta_sha256": DIGEST},
        {"content_length": "4096", "x_ms_meta_sha256": DIGEST[::-1]},
        {"x_ms_meta_sha256": DIGEST},
    ],
)
def test_other_content_is_refused(headers):
    with pytest.raises(ConflictError, match=r"^Other content \(.*\) lies where train\.jsonl \(4096 bytes\)") as caught:
        taken_by(**headers)
    assert (caught.value.status, caught.value.operation) == (409, "Blob_Put")
    assert caught.value.hint == "Rename the file, or delete the blob."


def test_other_content_is_found_before_anything_is_sent():
    larger = replace(UPLOAD, body=replace(BODY, length=5000))
    with pytest.raises(ConflictError, match=r"Other content \(4096 bytes\)"):
        play(dialect().files.find(larger), "datastore_get_200", "datastore_list_secrets_200", "blob_head_200")
