"""`submit` up to the first byte that would be sent: nothing here has a server to talk to."""

import json
from datetime import UTC, datetime

import pytest

from maas_client.cli import _plan, _target
from maas_client.cli._jobfile import Deploy, JobFile
from maas_client.cli._merge import deployment_name, merge
from maas_client.errors import ConfigurationError, CredentialError
from maas_client.types import Compute

REAL = ("--subscription", "s", "--resource-group", "g", "--workspace", "w")
PHI3 = ("--model", "Phi-3-mini-4k-instruct")
PHI4 = ("--model", "Phi-4")


@pytest.fixture(autouse=True)
def no_client(monkeypatch):
    """Make the making of a client visible: whatever gets there would have gone on to send."""

    def client(target: _target.Target) -> None:
        raise CredentialError("would have sent")

    monkeypatch.setattr(_target.Target, "client", client)


def test_a_broken_line_is_told_with_its_place_and_nothing_is_sent(invoke, broken):
    result = invoke("submit", "--local", *PHI3, "--train", broken.name)

    assert (result.exit_code, result.stdout) == (3, "")
    assert "broken.jsonl:7:" in result.stderr
    assert ": error JSN002 " in result.stderr
    assert "    hint: " in result.stderr
    assert "error: The data has 1 error, 0 warnings; nothing was sent." in result.stderr


def test_both_files_are_checked_together(invoke, data, broken):
    result = invoke("submit", "--local", *PHI3, "--train", data.name, "--validation", broken.name, "-o", "json")

    assert result.exit_code == 3
    error = json.loads(result.stdout)["error"]
    assert error["report"]["findings"][0]["file"] == "broken.jsonl"
    assert [file["rows"] for file in error["report"]["summary"]["files"]] == [60, 60]


def test_too_many_findings_are_counted(invoke, tmp_path):
    (tmp_path / "bad.jsonl").write_text("{}\n" * 100)
    result = invoke("submit", "--local", *PHI3, "--train", "bad.jsonl")

    assert result.exit_code == 3
    assert result.stderr.count(": error ") == 20
    assert "more (in all: LIM004 x1, SCH002 x100)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((*PHI3, "--train", "none.jsonl"), 2, "none.jsonl: There is no such file."),
        ((*PHI3, "--train", "."), 2, "This is a directory, not a file."),
        ((*PHI3, "--train", "empty.jsonl"), 3, "error FIL004 The file is empty."),
        (("--model", "phi-3-mini", "--train", "train.jsonl"), 2, "Did you mean Phi-3-mini-4k-instruct"),
        ((*PHI3, "--train", "train.jsonl", "--epochs", "0"), 2, "n_epochs must be a whole number of at least 1"),
        ((*PHI3, "--train", "train.jsonl", "--learning-rate", "nan"), 2, "learning_rate must be"),
        ((*PHI3, "--train", "train.jsonl", "--epochs", "many"), 2, "Invalid value for '--epochs'"),
        ((*PHI3, "--train", "train.jsonl", "--name", "a b"), 2, "'a b' is not a job name"),
        ((*PHI3, "--train", "train.jsonl", "--deploy", "a_b"), 2, "'a_b' is not a deployment name"),
        ((*PHI3, "--train", "train.jsonl", "--deploy", "--no-watch"), 2, "--deploy needs the job's end"),
        (PHI3, 2, "A job needs training data (--train)."),
        (("--train", "train.jsonl"), 2, "A job needs a model (--model)."),
        (("-f", "none.yaml"), 2, "none.yaml cannot be read"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(invoke, data, tmp_path, arguments, code, words):
    (tmp_path / "empty.jsonl").touch()
    result = invoke("submit", "--local", *arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert "\nhint: " in result.stderr or "\n    hint: " in result.stderr
    assert "would have sent" not in result.stderr


def test_a_retired_model_is_refused_for_the_real_service_only(invoke, data, monkeypatch):
    monkeypatch.setattr(_plan, "now", lambda: datetime(2026, 11, 24, tzinfo=UTC))
    refused = invoke("submit", *REAL, "--yes", *PHI3, "--train", data.name)
    insisted = invoke("submit", *REAL, "--yes", *PHI3, "--train", data.name, "--allow-retired")
    local = invoke("submit", "--local", *PHI3, "--train", data.name)

    assert refused.exit_code == 2
    assert "Azure retired fine-tuning of Phi-3-mini-4k-instruct on 2025-08-30." in refused.stderr
    assert "Use Phi-4-mini-instruct" in refused.stderr
    assert "would have sent" in insisted.stderr
    assert "warning: Fine-tuning of Phi-3-mini-4k-instruct was retired" in insisted.stderr
    assert "would have sent" in local.stderr


def test_spending_is_not_begun_unasked(invoke, data):
    result = invoke("submit", *REAL, *PHI4, "--train", data.name)

    assert result.exit_code == 2
    assert "Nobody can be asked here: add --yes if you mean it, or decide first (maas-ft plan " in result.stderr
    assert "would have sent" not in result.stderr


@pytest.mark.parametrize(("answer", "sent"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_it_is_asked(invoke, data, monkeypatch, answer, sent):
    monkeypatch.setattr("maas_client.cli._output.can_ask", lambda: True)
    result = invoke("submit", *REAL, *PHI4, "--train", data.name, text=answer)

    assert "Create this job? Azure bills fine-tuning. [y/N]" in result.stderr
    assert ("would have sent" in result.stderr) is sent
    assert result.exit_code == (4 if sent else 130)


def test_no_workspace_is_told_with_the_ways_to_name_one(invoke, data):
    result = invoke("submit", *PHI4, "--train", data.name, "--yes")

    assert result.exit_code == 2
    assert "It is not known which workspace is meant" in result.stderr
    assert "--local" in result.stderr


def test_a_dry_run_shows_the_plan_and_sends_nothing(invoke, data):
    text = invoke("submit", "--dry-run", *PHI4, "--train", data.name, "--epochs", "2", "--name", "a", "--deploy")
    document = invoke("submit", "--dry-run", "--local", *PHI3, "--train", data.name, "-o", "json", "--tag", "k=v")

    assert (text.exit_code, text.stdout) == (0, "")
    for words in (
        "Phi-4",
        "train.jsonl  60 rows  ",
        "epochs        2",
        "deployment    a (billed by the hour, besides)",
        "Dry run: nothing was sent.",
    ):
        assert words in text.stderr
    assert "simulated" not in text.stderr
    assert "simulated" in document.stderr
    told = json.loads(document.stdout)
    assert told["dry_run"] is True
    assert told["target"]["local"] is True
    assert told["plan"]["body"]["properties"]["tags"] == {"k": "v"}
    assert told["plan"]["data"]["rows"] == {"training": 60}


def test_options_come_before_the_file(invoke, data, tmp_path):
    (tmp_path / "job.yaml").write_text(
        "model: Phi-4\ntraining_file: train.jsonl\nname: written\nn_epochs: 5\ntags: {a: '1', b: '2'}\ndeploy: true\n"
    )
    arguments = ("submit", "--dry-run", "-f", "job.yaml", "--name", "typed", "--tag", "b=3", "-o", "json")
    plan = json.loads(invoke(*arguments).stdout)["plan"]

    assert (plan["name"], plan["hyperparameters"]["n_epochs"], plan["deployment"]["name"]) == ("typed", 5, "typed")
    assert plan["body"]["properties"]["tags"] == plan["deployment"]["tags"] == {"a": "1", "b": "3"}


def test_merging_keeps_what_was_not_typed():
    merged = merge(JobFile(model="a", n_epochs=2), {"model": None, "n_epochs": 3, "tags": {}})

    assert (merged.model, merged.n_epochs, merged.tags) == ("a", 3, {})


def test_what_was_typed_goes_into_the_parts_of_the_file():
    compute = Compute(instance_types=("A",), identity="managed")
    written = JobFile(compute=compute, deploy=Deploy(name="bot", content_safety=False), properties={"a": "1"})
    merged = merge(written, {"instance_types": ("B", "C"), "tier": "Spot", "properties": {"b": "2"}, "deploy": "other"})

    assert merged.compute == Compute(instance_types=("B", "C"), tier="Spot", identity="managed")
    assert merged.deploy == Deploy(name="other", content_safety=False)
    assert merged.properties == {"a": "1", "b": "2"}
    assert merge(written, {"deploy": "@job", "content_safety": True}).deploy == Deploy(content_safety=True)
    assert merge(JobFile(deploy=True), {"tier": None, "content_safety": False}).deploy == Deploy(content_safety=False)
    assert merge(JobFile(), {"instance_types": ("A",)}).compute == Compute(instance_types=("A",))
    for lone in ({"tier": "Spot"}, {"content_safety": True}):
        with pytest.raises(ConfigurationError, match="is of"):
            merge(JobFile(), lone)


def test_a_plan_with_compute_and_without_a_filter_says_so(invoke, data):
    options = ("--train", data.name, "--deploy", "bot", "--no-content-safety", "--property", "stage=test")
    options += ("--instance-type", "Standard_NC24ads_A100_v4", "--tier", "Spot")  # type: ignore[assignment]
    text = invoke("submit", "--dry-run", *PHI4, *options).stderr
    plan = json.loads(invoke("submit", "--dry-run", *PHI4, *options, "-o", "json").stdout)["plan"]

    assert "compute       Standard_NC24ads_A100_v4" in text
    assert "filter        off" in text
    assert plan["compute"] == {"instance_types": ["Standard_NC24ads_A100_v4"], "tier": "Spot", "identity": None}
    assert (plan["deployment"]["content_safety"], plan["body"]["properties"]["properties"]["stage"]) == (False, "test")
    refused = invoke("submit", "--dry-run", "--model", "Phi-4-mini-instruct", *options)
    assert "cannot be fine-tuned on compute of your own" in refused.stderr


def test_data_that_the_service_has_is_neither_checked_nor_mixed_with_ours(invoke, data):
    arguments = ("submit", "--dry-run", *PHI4, "--train", "azureml:train:1")
    result = invoke(*arguments, "--validation", "azureml://datastores/d/paths/v.jsonl", "-o", "json")
    mixed = invoke(*arguments, "--validation", data.name)
    ours = invoke("submit", "--dry-run", *PHI4, "--train", data.name, "--validation", "azureml:v:1", "-o", "json")

    assert "/data/train/versions/1 (at the service; not checked here)" in result.stderr
    plan = json.loads(result.stdout)["plan"]
    assert (plan["files"], plan["data"], plan["cost"]) == ([], None, None)
    assert plan["training_file"].endswith("/data/train/versions/1")
    assert plan["validation_file"] == "azureml://datastores/d/paths/v.jsonl"
    assert (mixed.exit_code, mixed.stdout) == (2, "")
    assert "they cannot be checked together" in mixed.stderr
    plan = json.loads(ours.stdout)["plan"]
    assert (plan["data"]["rows"], [file["part"] for file in plan["files"]]) == ({"training": 60}, ["training"])
    assert plan["validation_file"].endswith("/data/v/versions/1")


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ("support-bot", "support-bot"),
        ("support_bot__2", "support-bot-2"),
        ("3rd", "ft-3rd"),
        ("_", "ft-"),
        ("a" * 52, "a" * 52),
    ],
)
def test_deployment_names_are_near_to_the_job_s(job, name):
    assert deployment_name(job).rstrip("-") == name.rstrip("-")


def test_long_names_stay_different_and_legal():
    names = {deployment_name("a" * 60 + end) for end in "xyz"}

    assert len(names) == 3
    assert max(map(len, names)) <= 52
