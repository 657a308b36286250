"""Uploads and data assets from the command line, against the local server."""

import json

import pytest

from tests.cli.program import MODEL, row

pytestmark = pytest.mark.usefixtures("one_server")


def test_a_file_becomes_an_asset_that_a_job_can_take(inside, data):
    data.write_text(data.read_text() + row(7000) + "\n")  # no other test uploads the same
    uploaded = inside("files", "upload", str(data), "--asset", "support", "--local", "--output", "json")
    assert uploaded.returncode == 0, uploaded.stderr
    document = json.loads(uploaded.stdout)
    (file,), asset = document["files"], document["asset"]
    assert (asset["name"], asset["version"], asset["uri"]) == ("support", "1", file["id"])
    assert "uploaded." in uploaded.stderr

    again = inside("files", "upload", str(data), "--asset", "support:1", "--local")
    assert again.stdout.splitlines() == [file["id"], "support:1"]
    assert "nothing was sent" in again.stderr

    created = inside("assets", "create", "support", file["id"], "--description", "second", "--tag", "a=b", "--local")
    assert created.returncode == 0, created.stderr
    assert "support:2" in created.stdout
    shown = json.loads(inside("assets", "get", "support", "--local", "--output", "json").stdout)
    assert (shown["version"], shown["description"], shown["tags"]) == ("2", "second", {"a": "b"})
    archived = inside("assets", "archive", "support:1", "--local")
    assert "archived" in archived.stdout
    listed = json.loads(inside("assets", "list", "support", "--archived", "--local", "--output", "json").stdout)
    assert {one["version"]: one["is_archived"] for one in listed} == {"1": True, "2": False}
    assert "(archived)" in inside("assets", "list", "support", "--archived", "--local").stdout
    assert "archived" not in inside("assets", "restore", "support:1", "--local").stdout
    missing = inside("assets", "get", "none", "--local")
    assert (missing.returncode, missing.stdout) == (5, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("files", "upload", "a", "b", "--asset", "x", "--local"), "--asset names one file"),
        (("assets", "archive", "support", "--local"), "Which version of support?"),
        (("assets", "create", "support", "train.jsonl", "--local"), "not where an uploaded file lies"),
        (("files", "upload", "missing.jsonl", "--local"), "There is no file"),
    ],
)
def test_what_is_wrong_is_told(inside, arguments, words):
    done = inside(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_files_of_a_job_and_its_model_come_down(inside, data, tmp_path):
    done = inside("submit", "--local", "--model", MODEL, "--train", str(data), "--name", "down", "--epochs", "1")
    assert done.returncode == 0, done.stderr
    listed = json.loads(inside("jobs", "artifacts", "down", "--local", "-o", "json").stdout)
    assert "adapter_config.json" in inside("jobs", "artifacts", "down", "--local").stdout
    fetched = inside("jobs", "download", "down", "job", "--local")
    assert fetched.returncode == 0, fetched.stderr
    assert f"{len(listed)} files" in fetched.stderr
    assert all((tmp_path / line).is_file() for line in fetched.stdout.splitlines())
    again = inside("models", "download", "down", "model", "--local", "-o", "json")
    assert {"adapter_config.json"} <= {one["path"] for one in json.loads(again.stdout)["artifacts"]}
    (tmp_path / "model" / "adapter_config.json").write_text("mine")
    refused = inside("models", "download", "down", "model", "--local")
    assert (refused.returncode, "--overwrite" in refused.stderr) == (2, True)
    replaced = inside("models", "download", "down", "model", "--local", "--overwrite")
    assert (replaced.returncode, "were there already" in replaced.stderr) == (0, True)


def test_base_models_of_a_registry(inside):
    shown = inside("models", "get", "Phi-4-mini-instruct", "--registry", "azureml", "--local")
    assert "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/" in shown.stdout
    listed = json.loads(inside("models", "versions", "Phi-4-mini-instruct", "--local", "-o", "json").stdout)
    assert {one["registry"] for one in listed} == {"azureml"}
    assert "Phi-4-mini-instruct" in inside("models", "versions", "Phi-4-mini-instruct", "--local").stdout
    as_json = json.loads(
        inside("models", "get", "Phi-4-mini-instruct", "--registry", "azureml", "--local", "-o", "json").stdout
    )
    assert as_json["version"] == listed[0]["version"]


def test_the_cloud_is_a_setting_like_others(inside):
    names = ("--subscription", "s", "--resource-group", "g", "--workspace", "w")
    wrong = inside("jobs", "list", *names, "--cloud", "AzureMoon")
    assert (wrong.returncode, "AzureUSGovernment" in wrong.stderr) == (2, True)
    local = inside("jobs", "list", "--local", "--cloud", "AzureCloud")
    assert (local.returncode, "--local is a workspace of its own" in local.stderr) == (2, True)
