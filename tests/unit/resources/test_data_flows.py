"""Data assets: versions counted on, a version that somebody else took, lists over all names."""

import json
from typing import Any

import pytest

from maas_client.errors import (
    AmbiguousWriteError,
    BrokenResponseError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    NotFoundError,
)
from maas_client.resources.data import AsyncData, Data
from tests.unit.resources.world import World, refusal, world

URI = "azureml://datastores/workspaceblobstore/paths/t.jsonl"


def version(number: str, name: str = "bot", **properties: Any) -> dict[str, Any]:
    return {"id": f"/w/data/{name}/versions/{number}", "name": number, "properties": {"dataUri": URI, **properties}}


def data(asked: World) -> Data:
    return Data(AsyncData(asked.session()))


def taken() -> Any:
    return refusal(400, message="(UserError) Asset paths cannot be updated.")


def test_a_version_that_somebody_else_took_is_counted_past():
    asked = world()
    asked.on("DataContainers_Get", {"properties": {"nextVersion": "4"}}, {"properties": {"nextVersion": "5"}}).on(
        "DataVersions_CreateOrUpdate", taken(), version("5")
    )
    assert data(asked).create("bot", URI).version == "5"
    urls = [request.url for request in asked.sent if request.method == "PUT"]
    assert ["/versions/4?" in urls[0], "/versions/5?" in urls[1]] == [True, True]


def test_somebody_who_is_always_faster_ends_it():
    asked = world().on("DataContainers_Get", refusal(404)).on("DataVersions_CreateOrUpdate", taken())
    with pytest.raises(ConflictError):
        data(asked).create("bot", URI)
    assert asked.operations().count("DataVersions_CreateOrUpdate") == 3


def lost() -> World:
    return world().on("DataContainers_Get", refusal(404)).on("DataVersions_CreateOrUpdate", BrokenResponseError("cut"))


def test_a_version_whose_answer_was_lost_is_found_and_stays_one():
    asked = lost().on("DataVersions_Get", version("1"))
    assert data(asked).create("bot", URI).version == "1"
    assert asked.operations().count("DataVersions_CreateOrUpdate") == 1


def test_another_s_version_of_that_number_is_counted_past():
    asked = world().on("DataContainers_Get", refusal(404), {"properties": {"nextVersion": "2"}})
    asked.on("DataVersions_CreateOrUpdate", BrokenResponseError("cut"), version("2"))
    asked.on("DataVersions_Get", version("1", dataUri="azureml://datastores/d/paths/other.jsonl"))
    assert data(asked).create("bot", URI).version == "2"


def test_a_version_that_is_not_there_leaves_the_error_that_lost_it():
    with pytest.raises(BrokenResponseError):
        data(lost().on("DataVersions_Get", refusal(404))).create("bot", URI)


def test_a_version_whose_outcome_cannot_be_told_is_said_to_be_unknown():
    with pytest.raises(AmbiguousWriteError, match="The version 1 of bot may or may not") as caught:
        data(lost().on("DataVersions_Get", ConnectError("refused"))).create("bot", URI)
    assert caught.value.intent == {"operation": "DataVersions_CreateOrUpdate", "name": "bot", "version": "1"}


def test_a_version_that_was_chosen_is_not_changed():
    asked = world().on("DataVersions_CreateOrUpdate", taken())
    with pytest.raises(ConflictError):
        data(asked).create("bot", URI, version="7", description="d", tags={"a": "b"})
    (request,) = asked.sent
    assert json.loads(str(request.body, "ascii"))["properties"]["description"] == "d"  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "uri"), [("bot", "train.jsonl"), ("no name", URI), ("", URI)])
def test_what_is_wrong_is_not_sent(name, uri):
    asked = world()
    with pytest.raises(ConfigurationError):
        data(asked).create(name, uri)
    assert asked.sent == []


def test_the_newest_version():
    asked = world().on("DataContainers_Get", {"properties": {"latestVersion": "9"}})
    asked.on("DataVersions_Get", version("9"))
    assert data(asked).get("bot").version == "9"
    asked.on("DataContainers_Get", {})
    with pytest.raises(NotFoundError, match="names no newest"):
        data(asked).get("bot")


def test_lists_span_names_and_leave_out_what_is_gone():
    asked = world().on("DataContainers_List", {"value": [{"name": "a"}, {"name": "b"}]})
    asked.on("DataVersions_List", {"value": [version("2", "a"), version("1", "a")]}, refusal(404))
    assert [(one.name, one.version) for one in data(asked).list(archived=True)] == [("a", "2"), ("a", "1")]
    assert all("listViewType=All" in request.url for request in asked.sent)
    assert [one.version for one in data(asked.on("DataVersions_List", {"value": [version("1")]})).list(name="bot")] == [
        "1"
    ]


def test_archive_and_restore_write_the_version_back():
    asked = world().on(
        "DataVersions_Get", version("1", tags={"a": "b"}, etag="x", isArchived=False, dataType="uri_file")
    )
    asked.on("DataVersions_CreateOrUpdate", version("1", isArchived=True))
    assert data(asked).archive("bot", "1").is_archived
    data(asked).restore("bot", "1")
    bodies = [json.loads(request.body) for request in asked.sent if isinstance(request.body, bytes)]
    assert [body["properties"]["isArchived"] for body in bodies] == [True, False]
    assert all(body["properties"].keys() == {"dataUri", "dataType", "tags", "isArchived"} for body in bodies)
