"""Registered models: what can be written over a version, what cannot, and what lists show of it."""

import pytest

VERSION = "/models/my-model/versions/1"


def put(space, path=VERSION, **properties):
    return space.call("PUT", path, {"properties": properties})


def shown(space, view):
    found = space.call("GET", "/models/my-model/versions", query=f"&listViewType={view}")
    return [each["name"] for each in found.json["value"]]


@pytest.fixture
def trained(space):
    space.train("first")
    return space


def test_a_version_sent_back_changed_keeps_what_was_trained(trained):
    before = trained.call("GET", VERSION).json
    changed = {"description": "for support", "tags": {"a": "b"}, "isArchived": False, "stage": "Production"}
    sent = {**before, "properties": {**before["properties"], **changed}}
    sent["properties"]["properties"] = {**before["properties"]["properties"], "reviewed": "yes"}
    answer = trained.call("PUT", VERSION, sent)
    assert answer.status == 200
    assert answer.json == trained.call("GET", VERSION).json
    assert answer.json["properties"] == sent["properties"]
    assert trained.call("GET", "/models/my-model/versions").json["value"] == [answer.json]

    emptied = put(trained, properties={"second": "2"}).json["properties"]
    kept = {**sent["properties"]["properties"], "second": "2"}
    assert (emptied["description"], emptied["tags"], emptied["properties"]) == (None, {}, kept)
    assert "stage" not in emptied
    assert emptied["modelUri"] == before["properties"]["modelUri"]


def test_what_a_put_leaves_out_of_properties_stays_and_nothing_of_them_changes(trained):
    assert put(trained, properties={"mine": "1"}).status == 200
    for key, value in (("mine", "2"), ("baseWeightsId", "other")):
        refused = put(trained, properties={key: value})
        assert (refused.status, refused.error["code"], refused.error["target"]) == (
            400,
            "UserError",
            f"properties.{key}",
        )
    assert trained.call("GET", VERSION).json["properties"]["properties"]["mine"] == "1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("modelUri", "azureml://datastores/workspaceblobstore/paths/elsewhere"),
        ("jobName", "other"),
        ("modelType", "mlflow_model"),
        ("isArchived", "yes"),
        ("description", 1),
        ("stage", []),
        ("tags", "a"),
        ("properties", {"a": {}}),
    ],
)
def test_what_cannot_be_written_is_refused_and_changes_nothing(trained, key, value):
    before = trained.call("GET", VERSION).json
    refused = put(trained, **{"description": "new", key: value})
    assert (refused.status, refused.error["code"]) == (400, "UserError")
    assert key in refused.error["message"]
    assert trained.call("GET", VERSION).json == before


def test_no_model_is_registered_from_a_path(trained):
    for path in ("/models/my-model/versions/2", "/models/other/versions/1"):
        refused = put(
            trained, path, modelUri="azureml://datastores/workspaceblobstore/paths/a", modelType="custom_model"
        )
        assert (refused.status, refused.error["code"]) == (400, "UserError")
        assert "fine-tuning jobs" in refused.error["message"]
        assert trained.call("GET", path).status == 404


def test_versions_are_listed_by_view_and_an_archived_one_still_opens(trained):
    trained.train("second")
    assert put(trained, isArchived=True).json["properties"]["isArchived"] is True
    views = {view: shown(trained, view) for view in ("activeonly", "ArchivedOnly", "All")}
    assert views == {"activeonly": ["2"], "ArchivedOnly": ["1"], "All": ["2", "1"]}
    assert trained.call("GET", VERSION).status == 200
    assert [each["name"] for each in trained.call("GET", "/models").json["value"]] == ["my-model"]
    assert trained.call("GET", "/models", query="&listViewType=ArchivedOnly").json["value"] == []
    assert trained.call("GET", "/models/my-model/versions", query="&listViewType=Some").status == 400
    put(trained, isArchived=False)
    assert shown(trained, "ActiveOnly") == ["2", "1"]
