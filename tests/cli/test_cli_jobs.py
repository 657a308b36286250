"""Looking after jobs: list filters, changes, logs that are followed, deletion."""

import json

import pytest

from tests.cli.program import MODEL

CREATE = ("submit", "--local", "--model", MODEL, "--train", "train.jsonl", "--no-watch")


def test_a_job_is_looked_after(invoke, data):
    assert invoke(*CREATE, "--name", "bot", "--tag", "team=a").exit_code == 0

    def listed(*options: str) -> list[str]:
        return [job["name"] for job in json.loads(invoke("jobs", "list", "--local", "-o", "json", *options).stdout)]

    changed = invoke(
        "jobs", "update", "bot", "--local", "--tag", "stage=prod", "--property", "own=1", "--output", "json"
    )
    job = json.loads(changed.stdout)
    assert (job["tags"], job["properties"]["own"]) == ({"team": "a", "stage": "prod"}, "1")
    assert "display_name" in job
    assert listed("--tag", "stage", "--property", "own=1", "--property", "PipelineType") == ["bot"]
    assert listed("--property", "own=2") == []
    assert "archived" in invoke("jobs", "archive", "bot", "--local").stdout
    assert (listed(), listed("--view", "archived")) == ([], ["bot"])
    assert "archived" not in invoke("jobs", "restore", "bot", "--local").stdout

    followed = invoke("jobs", "logs", "bot", "--local", "--follow")
    assert followed.exit_code == 0
    assert "succeeded" in invoke("jobs", "get", "bot", "--local").stdout
    assert followed.stdout == invoke("jobs", "logs", "bot", "--local").stdout
    lines = invoke("jobs", "logs", "bot", "--local", "--follow", "-o", "json").stdout.splitlines()
    assert [json.loads(line)["line"] for line in lines] == followed.stdout.splitlines()

    metrics = [
        invoke("jobs", "metrics", "bot", "--local", "--source", source).stdout for source in ("mlflow", "native")
    ]
    assert metrics[0] == metrics[1] != ""
    assert invoke("jobs", "children", "bot", "--local").stdout.split() == ["NAME", "STATUS", "TYPE", "DISPLAY", "NAME"]
    assert json.loads(invoke("jobs", "children", "bot", "--local", "-o", "json").stdout) == []

    deleted = invoke("jobs", "delete", "bot", "--local", "--output", "json")
    assert json.loads(deleted.stdout) == {"name": "bot", "deleted": True}
    assert invoke("jobs", "delete", "bot", "--local").exit_code == 5


@pytest.mark.parametrize("noun", ["jobs", "deployments", "marketplace"])
def test_what_was_never_there_is_not_called_deleted(invoke, noun):
    result = invoke(noun, "delete", "nobody", "--local")

    assert (result.exit_code, result.stdout) == (5, "")
    assert "deleted" not in result.stderr


def test_a_running_job_is_not_deleted(invoke, data):
    assert invoke(*CREATE, "--name", "long", "--epochs", "40").exit_code == 0
    refused = invoke("jobs", "delete", "long", "--local")
    assert refused.exit_code == 6
    assert "hint: Cancel it first" in refused.stderr
    assert invoke("jobs", "cancel", "long", "--local").exit_code == 0
    assert invoke("jobs", "watch", "long", "--local").exit_code == 7
    assert invoke("jobs", "delete", "long", "--local").stderr == "Job long deleted.\n"


def test_nothing_to_change_is_wrong_usage_and_deleting_asks_first(invoke):
    real = ("--subscription", "s", "--resource-group", "g", "--workspace", "w")
    assert "Give --display-name" in invoke("jobs", "update", "bot", "--local").stderr
    asked = invoke("jobs", "delete", "bot", *real)
    assert asked.exit_code == 2
    assert "add --yes" in asked.stderr


def test_a_job_file_of_data_that_the_service_has_and_a_deployment_without_a_filter(invoke, data, tmp_path):
    assert invoke(*CREATE, "--name", "first").exit_code == 0
    first = json.loads(invoke("jobs", "get", "first", "--local", "-o", "json").stdout)
    (tmp_path / "job.yaml").write_text(
        f"model: {MODEL}\ntraining_file: {first['training_file']}\nname: second\ntags: {{team: a}}\n"
        "properties: {source: first}\ndeploy: {name: bot, content_safety: false, tags: {stage: test}}\n"
    )
    done = invoke("submit", "--local", "-f", "job.yaml", "-o", "json")

    assert done.exit_code == 0, done.stderr
    assert "Uploading" not in done.stderr
    document = json.loads(done.stdout)
    assert document["files"] == {}
    assert document["job"]["training_file"] == first["training_file"]
    assert document["job"]["properties"]["source"] == "first"
    assert document["deployment"]["content_safety"] is False
    assert document["deployment"]["tags"] == {"team": "a", "stage": "test"}
    assert "content safety  off" in invoke("deployments", "get", "bot", "--local").stdout
