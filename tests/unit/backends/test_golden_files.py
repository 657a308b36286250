"""Uploads against golden exchanges: whole, in blocks, and by each way into the storage account."""

from datetime import UTC, datetime

import pytest

from maas_client.backends.azureml.files import BLOCK_BYTES, Place, Upload, block_bytes, block_id
from maas_client.backends.azureml.shared_key import SharedKey
from maas_client.backends.azureml.storage import Access, Store
from maas_client.core.io import Digests, FileBody, Request
from maas_client.errors import BadRequestError, ConfigurationError, PermissionDeniedError, UnsupportedByServiceError
from tests.unit.backends.exchanges import dialect, play, store

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TRAIN = f"azureml://datastores/workspaceblobstore/paths/LocalUpload/{DIGEST[:32]}/train.jsonl"
CONTAINER = "https://stacct.blob.core.windows.net/azureml-blobstore-9a1b7c3d-0f2e-4a55-8c11-2d6f7e8a9b0c"
SIGNATURE = "sv=2022-11-02&sr=c&sp=rcwl&se=2026-11-24T01%3A00%3A00Z&sig=c2lnbmF0dXJlLW9mLWEtdGVzdA%3D%3D"
DIGESTS = (
    Digests(sha256=DIGEST, md5="CY9rzUYh03PK3k6DJie09g=="),
    Digests(sha256="2c26b46b68ffc68f", md5="rL0Y20zC+Fzt72VPzMSk2A=="),
)


def upload(datastore="workspaceblobstore"):
    body = FileBody(source=None, length=4096)  # type: ignore[arg-type]
    return Upload(filename="train.jsonl", sha256=DIGEST, body=body, datastore=datastore)


def place():
    opened = Store("workspaceblobstore", CONTAINER, "stacct", Access(signature=SIGNATURE))
    return Place(opened, f"LocalUpload/{DIGEST[:32]}/train.jsonl", taken=False)


def test_upload_with_signature():
    file = play(
        store(dialect(), upload()),
        "datastore_get_200", "datastore_list_secrets_200", "blob_head_404", "blob_put_201",
    )  # fmt: skip
    assert (file.id, file.filename, file.bytes, file.sha256, file.reused) == (TRAIN, "train.jsonl", 4096, DIGEST, False)


def test_upload_of_what_is_there_sends_nothing():
    file = play(store(dialect(), upload()), "datastore_get_200", "datastore_list_secrets_200", "blob_head_200")
    assert (file.id, file.reused) == (TRAIN, True)


def test_upload_with_identity():
    file = play(
        store(dialect(), upload()),
        "datastore_get_identity_200",
        "blob_head_identity_404",
        "blob_put_identity_201",
    )
    assert file.id == TRAIN


def test_upload_that_another_process_finished_first_is_taken_over():
    file = play(
        store(dialect(), upload()),
        "datastore_get_200", "datastore_list_secrets_200", "blob_head_404", "blob_put_409", "blob_head_200",
    )  # fmt: skip
    assert file.reused


def test_upload_with_an_account_key():
    file = play(
        store(dialect(), upload()),
        "datastore_get_200", "datastore_list_secrets_key_200", "blob_head_key_404", "blob_put_key_201",
    )  # fmt: skip
    assert file.id == TRAIN


def test_the_users_token_takes_over_where_the_secret_is_refused():
    file = play(
        store(dialect(), upload()),
        "datastore_get_200", "datastore_list_secrets_403", "blob_head_identity_404", "blob_put_identity_201",
    )  # fmt: skip
    assert file.id == TRAIN


def test_the_users_token_takes_over_where_the_account_takes_no_keys():
    file = play(
        store(dialect(), upload()),
        "datastore_get_200", "datastore_list_secrets_200", "blob_head_403",
        "blob_head_identity_404", "blob_put_identity_201",
    )  # fmt: skip
    assert file.id == TRAIN


@pytest.mark.parametrize(
    "way_there", [("datastore_list_secrets_403",), ("datastore_list_secrets_200", "blob_head_403")], ids=len
)
def test_a_token_without_the_role_is_told_which(way_there):
    with pytest.raises(PermissionDeniedError) as caught:
        play(store(dialect(), upload()), "datastore_get_200", *way_there, "blob_head_identity_403")
    assert caught.value.code == "AuthorizationPermissionMismatch"
    assert "Storage Blob Data Contributor" in str(caught.value.hint)


def test_a_datastore_that_is_not_blob_storage_is_refused():
    with pytest.raises(UnsupportedByServiceError, match="AzureDataLakeGen2"):
        play(store(dialect(), upload(datastore="lake")), "datastore_get_lake_200")


def test_upload_refused_by_storage_reads_the_xml():
    with pytest.raises(PermissionDeniedError, match="Server failed to authenticate") as caught:
        play(
            store(dialect(), upload()),
            "datastore_get_200", "datastore_list_secrets_200", "blob_head_404",
            "blob_put_403", "datastore_list_secrets_200",
        )  # fmt: skip
    assert caught.value.code == "AuthenticationFailed"
    assert "\n" not in caught.value.message


# In blocks


def stage():
    return dialect().files.stage(place(), block_id(0, DIGESTS[0]), DIGESTS[0], upload().body)


def test_blocks_are_named_alike_in_every_process():
    names = [block_id(index, digests) for index, digests in enumerate(DIGESTS)]
    assert names == ["MDAwMDA5Zjg2ZDA4MTg4NGM3ZDY1", "MDAwMDEyYzI2YjQ2YjY4ZmZjNjhm"]
    assert len(block_id(49_999, DIGESTS[0])) == len(names[0])


def test_stage_a_block():
    play(stage(), "blob_block_put_201")


def test_a_block_that_was_damaged_on_its_way_is_sent_again_once():
    play(stage(), "blob_block_put_400", "blob_block_put_201")
    with pytest.raises(BadRequestError, match="MD5 value"):
        play(stage(), "blob_block_put_400", "blob_block_put_400")


def test_a_signature_that_expired_on_the_way_is_asked_for_anew():
    play(stage(), "blob_block_put_403", "datastore_list_secrets_renewed_200", "blob_block_put_renewed_201")


def test_a_way_in_that_another_block_found_is_taken():
    shared = place()
    flow = dialect().files.stage(shared, block_id(0, DIGESTS[0]), DIGESTS[0], upload().body)
    assert "sig=" in next(flow).url
    shared.store.access = Access(scope="https://storage.azure.com/.default")
    request = flow.throw(PermissionDeniedError("no", status=403, code="AuthenticationFailed"))
    assert request.scope == "https://storage.azure.com/.default"
    assert "sig=" not in request.url


def test_blocks_that_wait():
    assert play(dialect().files.staged(place()), "blob_block_list_get_200") == {
        ("MDAwMDA5Zjg2ZDA4MTg4NGM3ZDY1", 8 * 1024 * 1024)
    }
    assert play(dialect().files.staged(place()), "blob_block_list_get_404") == frozenset()


def test_commit():
    names = [block_id(index, digests) for index, digests in enumerate(DIGESTS)]
    assert not play(dialect().files.commit(upload(), place(), names), "blob_block_list_put_201").reused


def test_blocks_grow_where_there_would_be_too_many():
    assert block_bytes(65 * 1024 * 1024) == BLOCK_BYTES
    assert block_bytes(50_000 * BLOCK_BYTES) == BLOCK_BYTES
    grown = block_bytes(50_000 * BLOCK_BYTES + 1)
    assert (grown, grown % (1024 * 1024)) == (BLOCK_BYTES + 1024 * 1024, 0)
    with pytest.raises(ConfigurationError, match="more than one blob"):
        block_bytes(50_001 * 4000 * 1024 * 1024)


# By an account's key

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
COMMON = {"x-ms-client-request-id": "c0ffee", "x-ms-version": "2022-11-02", "accept": "application/xml"}
SIGNED = {
    "put": (
        "PUT",
        "/LocalUpload/ab/tr%C3%A4in%20x.jsonl",
        {
            "x-ms-blob-type": "BlockBlob",
            "content-type": "application/octet-stream",
            "if-none-match": "*",
            "x-ms-meta-sha256": "9f",
            "x-ms-meta-upload_status": "completed",
        },
        4096,
        "IdZlXAm3t3LJD9BvVnrhZpK5dqnOrA75TjJxW9YYh/s=",
    ),
    "block": (
        "PUT",
        "/LocalUpload/ab/train.jsonl?comp=block&blockid=MDAwMDA5Zjg2ZDA4MTg4NGM3ZDY%3D",
        {"content-type": "application/octet-stream", "content-md5": "CY9rzUYh03PK3k6DJie09g=="},
        8,
        "H9jJ9MoGd8UFf4LQlxm4d8EJUcbflB/kElLPNS00EN8=",
    ),
    "list": (
        "GET",
        "?restype=container&comp=list&prefix=ExperimentRun/dcid.bot/&maxresults=1000",
        {},
        0,
        "B/+kFVW5KKfLEaIl1BkaDaV9+IiJYaJrpUDey3XaNk0=",
    ),
    "range": (
        "GET",
        "/ExperimentRun/dcid.bot/model/a.bin",
        {"x-ms-range": "bytes=0-9", "if-match": '"0x8"'},
        0,
        "hZzsXL+W286yqcDSee53HVum42tBubO80uI/1ziCSkw=",
    ),
}
"""The signatures are those of azure-storage-blob 12.31.1 for the same requests, made on 2026-11-24."""


@pytest.mark.parametrize("name", SIGNED)
def test_signatures_are_those_of_the_services_own_library(name):
    method, path, headers, length, signature = SIGNED[name]
    body = FileBody(source=None, length=length) if length else None  # type: ignore[arg-type]
    request = Request("Blob_Any", method, CONTAINER + path, body=body)
    key = SharedKey("stacct", b"not-a-real-key-but-32-bytes-long")
    added = key.sign(request, COMMON | headers, NOON)
    assert added == {"x-ms-date": "Tue, 24 Nov 2026 12:00:00 GMT", "authorization": f"SharedKey stacct:{signature}"}
    assert "not-a-real" not in repr(key)
    assert "not-a-real" not in repr(Access(key=key))
