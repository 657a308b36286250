"""Data assets against golden exchanges."""

from datetime import UTC, datetime

import pytest

from maas_client.backends.azureml.data import AssetDraft
from maas_client.errors import ConflictError, ResponseError
from tests.unit.backends.exchanges import dialect, feed, play

URI = "azureml://datastores/workspaceblobstore/paths/LocalUpload/9f86d081884c7d659a2feaa0c55ad015/train.jsonl"


def draft():
    return AssetDraft("support-data", URI, "Questions of May", {"team": "support"})


def test_create_a_version():
    asset = play(dialect().data.create(draft(), "3"), "data_version_put_201")
    assert asset.id.endswith("/workspaces/ws-ft/data/support-data/versions/3")
    assert (asset.name, asset.version, asset.uri, asset.type) == ("support-data", "3", URI, "uri_file")
    assert (asset.description, asset.tags, asset.is_archived) == ("Questions of May", {"team": "support"}, False)
    assert asset.created_at == datetime(2025, 5, 21, 0, 20, 48, 384016, tzinfo=UTC)


def test_a_version_of_another_file_is_a_conflict():
    with pytest.raises(ConflictError, match="Asset paths cannot be updated") as caught:
        play(dialect().data.create(draft(), "3"), "data_version_put_400")
    assert "another version" in str(caught.value.hint)


def test_the_next_version():
    assert play(dialect().data.next_version("support-data"), "data_container_get_200") == "3"
    assert play(dialect().data.next_version("support-data"), "data_container_get_404") == "1"
    assert feed(dialect().data.next_version("a"), {}) == "1"


def test_the_latest_version():
    assert play(dialect().data.latest_version("support-data"), "data_container_get_200") == "2"
    assert feed(dialect().data.latest_version("a"), {"properties": {"latestVersion": None}}) is None


def test_get_a_version():
    assert play(dialect().data.get("support-data", "3"), "data_version_get_200").version == "3"


def test_archive_a_version():
    flow = dialect().data.set_archived("support-data", "3", archived=True)
    assert play(flow, "data_version_get_200", "data_version_archive_200").is_archived


def test_a_page_of_versions_leads_to_the_next():
    page = play(dialect().data.versions_page("support-data", None, view="ActiveOnly"), "data_versions_first_200")
    assert [asset.version for asset in page.items] == ["3", "2"]
    last = play(
        dialect().data.versions_page("support-data", page.next_cursor, view="ActiveOnly"), "data_versions_next_200"
    )
    assert ([asset.version for asset in last.items], last.next_cursor) == (["1"], None)


def test_a_page_of_names_leads_to_the_next():
    page = play(dialect().data.names_page(None, view="All"), "data_containers_first_200")
    assert page.items == ("support-data",)
    assert play(dialect().data.names_page(page.next_cursor, view="All"), "data_containers_next_200").items == ("other",)


def test_names_are_quoted():
    request = next(dialect().data.get("a/../b", "1?x"))
    assert "/data/a%2F..%2Fb/versions/1%3Fx?" in request.url


def test_a_version_without_a_file_is_no_version():
    with pytest.raises(ResponseError, match=r"properties\.dataUri"):
        feed(dialect().data.get("a", "1"), {"id": "/a", "name": "1"})
