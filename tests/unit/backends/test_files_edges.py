"""Whether what lies at a file's place is that file, and what is sent to store it."""

import pytest

from maas_client.backends.azureml.files import Place, Upload
from maas_client.backends.azureml.storage import Access, Store
from maas_client.core.io import FileBody, Response
from maas_client.errors import ConflictError
from tests.unit.backends.exchanges import dialect

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
    flow.throw(ConflictError("taken", status=409))
    try:
        flow.send(Response(200, {name.replace("_", "-"): value for name, value in headers.items()}, b""))
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it asked for more")


def test_a_file_is_sent_with_what_it_contains():
    request = next(dialect().files.put(UPLOAD, PLACE))
    assert (request.operation, request.method, request.body, request.expect) == ("Blob_Put", "PUT", BODY, (201,))


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
