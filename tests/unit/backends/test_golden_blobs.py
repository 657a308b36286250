"""Reading the files of jobs and models against golden exchanges."""

from datetime import UTC, datetime

import pytest

from maas_client.backends.azureml._blob_xml import read_blobs
from maas_client.backends.azureml.blobs import split_datastore_uri
from maas_client.core.io import Response
from maas_client.errors import (
    BrokenResponseError,
    ConfigurationError,
    PreconditionFailedError,
    UnsupportedByServiceError,
)
from tests.unit.backends.exchanges import SUBSCRIPTION, dialect, feed, play

URI = "azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.support-bot/"
LONG = f"subscriptions/{SUBSCRIPTION}/resourcegroups/RG-FT/workspaces/ws-ft/datastores/d/paths/a/b"


def opened():
    azureml = dialect()
    return azureml, play(azureml.blobs.open(URI), "datastore_get_artifacts_200", "datastore_list_secrets_artifacts_200")


def test_a_folder_is_listed_page_by_page():
    azureml, folder = opened()
    page = play(azureml.blobs.page(folder, None), "blob_list_first_200")
    (found,) = page.items
    assert (found.path, found.blob.size, found.blob.etag) == (
        "model/adapter_config.json",
        11,
        '"0x8DD97F1C2A3B4C5"',
    )
    assert found.blob.modified == datetime(2025, 5, 21, 0, 20, 48, tzinfo=UTC)
    assert found.blob.md5 == "XrY7u+Ae7tCTyyK7j1rNww=="
    last = play(azureml.blobs.page(folder, page.next_cursor), "blob_list_next_200")
    assert ([item.path for item in last.items], last.next_cursor) == (["odd\x01name.txt"], None)


def test_a_part_is_read():
    azureml, folder = opened()
    (found,) = play(azureml.blobs.page(folder, None), "blob_list_first_200").items
    assert play(azureml.blobs.read(folder, found.blob, 0, 11), "blob_get_206") == b"hello world"
    with pytest.raises(PreconditionFailedError, match="not met"):
        play(azureml.blobs.read(folder, found.blob, 0, 11), "blob_get_412")


@pytest.mark.parametrize(
    "answer",
    [
        Response(206, {"content-range": "bytes 4-7/11"}, b"abcd"),
        Response(206, {"content-range": "bytes 2-6/11"}, b"abcde"),
        Response(206, {}, b"abcd"),
        Response(200, {}, b"abcd"),
    ],
)
def test_another_part_than_asked_for_is_refused(answer):
    azureml, folder = opened()
    (found,) = play(azureml.blobs.page(folder, None), "blob_list_first_200").items
    with pytest.raises(BrokenResponseError, match="Another part"):
        feed(azureml.blobs.read(folder, found.blob, 2, 4), answer)


def test_a_whole_blob_may_come_without_a_range():
    azureml, folder = opened()
    blob = read_blobs(Response(200, {}, page_of("<Content-Length>4</Content-Length>")))[0][0]
    assert (blob.etag, blob.modified, blob.md5) == ("", None, None)
    flow = azureml.blobs.read(folder, blob, 0, 4)
    assert "if-match" not in next(flow).headers
    with pytest.raises(StopIteration) as done:
        flow.send(Response(200, {}, b"abcd"))
    assert done.value.value == b"abcd"


def page_of(properties: str, name: str = "<Name>a</Name>", more: str = "") -> bytes:
    blob = f"<Blob>{name}<Properties>{properties}</Properties>{more}</Blob>"
    return f"<EnumerationResults><Blobs>{blob}</Blobs></EnumerationResults>".encode()


@pytest.mark.parametrize(
    "body",
    [
        page_of("<Content-Length>many</Content-Length>"),
        page_of("<Content-Length>1</Content-Length>", "<Name>a/</Name>"),
        page_of("<Content-Length>1</Content-Length>", "<Name/>"),
        page_of("<Content-Length>1</Content-Length>", ""),
        page_of("<Content-Length>0</Content-Length>", more="<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>"),
    ],
)
def test_what_is_no_file_is_left_out(body):
    assert read_blobs(Response(200, {}, body)) == ((), None)


@pytest.mark.parametrize(
    ("uri", "where"),
    [
        ("azureml://datastores/d/paths/a/b/", ("d", "a/b")),
        ("azureml://datastores/d/paths/", ("d", "")),
        (f"azureml://{LONG}", ("d", "a/b")),
        (f"azureml://{LONG.replace('resourcegroups', 'resourceGroups')}", ("d", "a/b")),
    ],
)
def test_places_in_datastores(uri, where):
    assert split_datastore_uri(dialect().target, uri) == where


@pytest.mark.parametrize(
    "uri", ["", "https://a/b", "azureml://datastores/d", "azureml://models/m/paths/x", "/a/paths/"]
)
def test_what_is_no_place(uri):
    with pytest.raises(ConfigurationError, match="no place"):
        split_datastore_uri(dialect().target, uri)


def test_a_place_in_another_workspace():
    with pytest.raises(UnsupportedByServiceError, match="another workspace"):
        split_datastore_uri(dialect().target, f"azureml://{LONG.replace('ws-ft', 'ws-other')}")


def test_a_blob_at_the_place_itself_keeps_its_name():
    azureml = dialect()
    folder = play(azureml.blobs.open(URI), "datastore_get_artifacts_200", "datastore_list_secrets_artifacts_200")
    body = page_of("<Content-Length>1</Content-Length>", "<Name>ExperimentRun/dcid.support-bot</Name>")
    (found,) = feed(azureml.blobs.page(folder, None), Response(200, {}, body)).items
    assert found.path == "dcid.support-bot"


def test_the_root_of_a_datastore():
    azureml = dialect()
    folder = play(
        azureml.blobs.open("azureml://datastores/workspaceartifactstore/paths/"),
        "datastore_get_artifacts_200",
        "datastore_list_secrets_artifacts_200",
    )
    (found,) = feed(
        azureml.blobs.page(folder, None), Response(200, {}, page_of("<Content-Length>1</Content-Length>"))
    ).items
    assert found.path == "a"
