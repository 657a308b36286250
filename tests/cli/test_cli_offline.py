"""Commands that need no service: data, models of the catalog, settings."""

import json

import pytest

from maas_client.cli._options import parse_fields


def test_a_good_file_passes(invoke, data):
    result = invoke("data", "check", data.name)

    assert (result.exit_code, result.stdout) == (0, "")
    assert "train.jsonl  60 rows" in result.stderr
    assert "0 errors, 0 warnings" in result.stderr


def test_findings_are_data(invoke, data, broken):
    result = invoke("data", "check", data.name, broken.name)

    assert result.exit_code == 3
    assert result.stdout.startswith("broken.jsonl:7:")
    assert result.stderr.splitlines()[-1] == "1 error, 0 warnings"


def test_json_is_one_document_for_all_files(invoke, data, broken):
    result = invoke("data", "check", data.name, broken.name, "--output", "json")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (3, False)
    assert [(found["file"], found["line"]) for found in document["findings"]] == [("broken.jsonl", 7)]
    assert [file["path"] for file in document["summary"]["files"]] == [data.name, "broken.jsonl"]
    assert (document["summary"]["errors"], sum(document["summary"]["rules"].values())) == (1, 1)

    one = json.loads(invoke("data", "check", broken.name, "--output", "json").stdout)
    assert one.keys() == document.keys()
    assert one["findings"] == document["findings"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.jsonl",), "none.jsonl: There is no such file."),
        (("train.jsonl", "broken.jsonl", "--validation", "held-out.jsonl"), "held-out.jsonl: There is no such file."),
        (("train.jsonl", "--model", "Phi-5"), "Unknown model 'Phi-5'. Did you mean Phi-4"),
    ],
)
def test_wrong_use_of_check(invoke, data, broken, arguments, words):
    result = invoke("data", "check", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr


def test_the_catalog_needs_no_workspace(invoke):
    listed = invoke("models", "list")
    shown = invoke("models", "get", "phi-4-mini-instruct")

    assert listed.exit_code == shown.exit_code == 0
    assert "Phi-3-mini-4k-instruct" in listed.stdout
    assert shown.stdout.split()[:2] == ["model", "Phi-4-mini-instruct"]
    facts = {model["id"]: model for model in json.loads(invoke("models", "list", "-o", "json").stdout)}
    assert facts["Phi-3-mini-4k-instruct"]["finetune"]["state"] == "retired"
    assert json.loads(invoke("models", "get", "Phi-4", "-o", "json").stdout)["id"] == "Phi-4"


def test_an_unknown_model_is_told_with_near_ones(invoke):
    result = invoke("models", "get", "Phi-4-mimi-instruct")

    assert result.exit_code == 2
    assert "Did you mean Phi-4-mini-instruct" in result.stderr


def test_settings_are_shown_with_their_origin_and_masked(invoke, monkeypatch, tmp_path):
    monkeypatch.setenv("MAAS_TOKEN", "very-secret")
    (tmp_path / "config.toml").write_text('[profiles.dev]\nworkspace = "w1"\n')
    text = invoke("config", "show", "--profile", "dev", "--subscription", "s1")
    document = json.loads(invoke("config", "show", "--profile", "dev", "-o", "json").stdout)

    assert "very-secret" not in text.stdout + json.dumps(document)
    assert document["profile"] == "dev"
    assert document["settings"]["workspace"]["origin"].startswith("profile dev in ")
    assert document["settings"]["token"] == {"value": "********", "origin": "MAAS_TOKEN"}
    rows = {line.split()[0]: line.split() for line in text.stdout.splitlines()}
    assert rows["subscription_id"] == ["subscription_id", "s1", "argument"]


def test_the_local_server_is_shown_without_being_started(invoke, own_folders):
    facts = json.loads(invoke("config", "show", "--local", "-o", "json").stdout)["local"]

    assert facts == {"folder": str(own_folders), "running": False, "url": None, "pid": None, "clock": "scaled:100"}
    assert not own_folders.exists()
    assert "running  False" in invoke("config", "show", "--local").stdout


def test_an_unknown_profile_is_told(invoke):
    result = invoke("jobs", "list", "--profile", "none")

    assert result.exit_code == 2
    assert "There is no configuration file" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("jobs", "list"),
        ("deployments", "delete", "x", "--yes"),
        ("deployments", "create", "x", "--model", "Phi-4", "--yes"),
        ("models", "list", "--fine-tuned"),
        ("chat", "x", "Hello"),
    ],
)
def test_without_a_workspace_nothing_is_sent(invoke, arguments):
    result = invoke(*arguments)

    assert result.exit_code == 2
    assert "It is not known which workspace is meant" in result.stderr


def test_deploying_and_deleting_ask_first(invoke):
    real = ("--subscription", "s", "--resource-group", "g", "--workspace", "w")
    created = invoke("deployments", "create", "x", "--model", "Phi-4", *real)
    deleted = invoke("deployments", "delete", "x", *real)

    assert created.exit_code == deleted.exit_code == 2
    assert "add --yes" in created.stderr
    assert "add --yes" in deleted.stderr


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (("deployments", "keys", "x", "--regenerate", "primary"), "Whoever uses it will be refused"),
        (("marketplace", "create", "x", "--model", "azureml://registries/azureml-mistral/models/m"), "publisher bills"),
        (("marketplace", "delete", "x"), "End the subscription x?"),
    ],
)
def test_keys_and_subscriptions_are_not_changed_unasked(invoke, arguments, question):
    result = invoke(*arguments, "--subscription", "s", "--resource-group", "g", "--workspace", "w")

    assert result.exit_code == 2
    assert question in result.stderr
    assert "add --yes" in result.stderr


def test_a_model_of_microsoft_needs_no_subscription(invoke):
    text = invoke("marketplace", "create", "x", "--model", "phi-4")
    document = invoke("marketplace", "create", "x", "--model", "Phi-4", "-o", "json")

    assert (text.exit_code, text.stdout) == (0, "")
    assert "phi-4 needs no subscription: deploy it as it is. Nothing was sent." in text.stderr
    assert json.loads(document.stdout) == {"needed": False, "subscription": None}
    assert invoke("marketplace", "create", "x", "--model", "Ministral-3B").exit_code == 2


def test_an_update_without_a_tag_is_wrong_usage(invoke):
    assert "Give --tag." in invoke("deployments", "update", "x", "--local").stderr


def test_a_deployment_is_of_a_model_or_of_a_job(invoke):
    result = invoke("deployments", "create", "x", "--local")

    assert result.exit_code == 2
    assert "Give one of --model and --job." in result.stderr


def test_nothing_to_ask_is_an_error(invoke):
    result = invoke("chat", "x", "-", "--local", text="  \n")

    assert result.exit_code == 2
    assert "There is nothing to ask" in result.stderr


@pytest.mark.parametrize(
    ("typed", "read"), [("40", 40), ("[1, 2]", [1, 2]), ("true", True), ("plain words", "plain words"), ("a=b", "a=b")]
)
def test_other_fields_of_a_chat_are_json_or_text(typed, read):
    assert parse_fields(None, None, (f"k={typed}",)) == {"k": read}  # type: ignore[arg-type]
