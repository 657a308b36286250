"""`job.yaml`: read with places, and its schema."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema import ValidationError as SchemaError

from maas_client.cli._jobfile import MAX_BYTES, Deploy, job_schema, read_job_file
from maas_client.errors import ConfigurationError
from maas_client.types import Compute, Notifications

SCHEMA = Path(__file__).parents[2] / "schemas" / "job.schema.json"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "jobs" / "job.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_schema_in_the_repository_is_current():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == job_schema()


def test_paths_start_where_the_file_is(written):
    path = written(
        "model: Phi-4\ntraining_file: train.jsonl\nlearning_rate: 2e-5\ntags: {team: support}\ndeploy: yes\n"
    )
    job = read_job_file(path)

    assert job.training_file == str(path.parent / "train.jsonl")
    assert job.validation_file is None
    assert (job.model, job.learning_rate, job.tags, job.deploy) == ("Phi-4", 2e-5, {"team": "support"}, True)


WHOLE = """
model: Phi-4
training_file: azureml:train:1
validation_file: /subscriptions/s/resourceGroups/g/providers/x/workspaces/w/data/v/versions/1
properties: {stage: test}
compute:
  instance_types: [Standard_NC24ads_A100_v4, Standard_NC48ads_A100_v4]
  tier: Spot
  identity: user_identity
notifications:
  emails: [team@example.com]
  when: [failed]
deploy:
  name: bot
  content_safety: false
  tags: {stage: test}
"""


def test_a_file_can_say_all_that_can_be_said_of_a_job(written):
    job = read_job_file(written(WHOLE))

    assert job.training_file == "azureml:train:1"
    assert (job.validation_file or "").startswith("/subscriptions/s/")
    assert job.properties == {"stage": "test"}
    assert job.compute == Compute(
        instance_types=("Standard_NC24ads_A100_v4", "Standard_NC48ads_A100_v4"), tier="Spot", identity="user_identity"
    )
    assert job.notifications == Notifications(emails=("team@example.com",), when=("failed",))
    assert job.deploy == Deploy(name="bot", content_safety=False, tags={"stage": "test"})
    Draft202012Validator(job_schema()).validate(yaml.safe_load(WHOLE))
    with pytest.raises(SchemaError):
        Draft202012Validator(job_schema()).validate({"compute": {"tier": "Spot"}})


def test_an_empty_file_is_a_job_without_anything(written):
    assert read_job_file(written("# nothing yet\n")).model is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model: a\n\nn_epoch: 3\n", "job.yaml:3: unknown key 'n_epoch'. Did you mean 'n_epochs'?"),
        ("epochs: 3\n", "job.yaml:1: unknown key 'epochs'. Did you mean 'n_epochs'?"),
        ("train: a\n", "Did you mean 'training_file'?"),
        ("learning_rate_multiplier: 2\n", "Did you mean 'learning_rate'?"),
        ("zzz: 2\n", "job.yaml:1: unknown key 'zzz'."),
        ("model: a\nn_epochs: 0\n", "job.yaml:2: n_epochs: Input should be greater than or equal to 1."),
        ("n_epochs: true\n", "job.yaml:1: n_epochs: "),
        ("n_epochs: '3'\n", "job.yaml:1: n_epochs: "),
        ("learning_rate: .inf\n", "job.yaml:1: learning_rate: "),
        ("name: 2026-11-24\n", "job.yaml:1: name: "),
        ("name: a b\n", "job.yaml:1: name: "),
        ("model: x\ntags: {v: 1}\n", "job.yaml:2: tags.v: "),
        ("model: a\nmodel: b\n", "job.yaml:2: 'model' stands on line 1 already."),
        ("model: a\ncompute:\n  tier: Spot\n", "job.yaml:2: compute.instance_types: Field required."),
        ("compute:\n  instance_types: []\n", "job.yaml:2: compute.instance_types: Tuple should have at least 1 item"),
        ("compute:\n  instance_types: [a]\n  tier: Best\n", "job.yaml:3: compute.tier: Input should be 'Spot', "),
        (
            "compute:\n  instance_type: [a]\n",
            "job.yaml:2: unknown key 'compute.instance_type'. Did you mean 'instance_types'",
        ),
        ("compute: {tier: Spot, tier: Spot}\n", "job.yaml:1: 'compute.tier' stands on line 1 already."),
        ("notifications:\n  emails: [a, 1]\n", "job.yaml:2: notifications.emails.1: "),
        ("deploy:\n  content_safety: off\n  nam: x\n", "job.yaml:3: unknown key 'deploy.nam'. Did you mean 'name'?"),
        ("deploy:\n  name: a_b\n", "job.yaml:2: deploy.name: "),
        ("deploy: [a]\n", "job.yaml:1: deploy: "),
        ("- a\n", "job.yaml:1: a job file is a mapping."),
        ("model: [a\n", "not YAML"),
        ("model: !!python/object:os.system x\n", "not YAML"),
        (b"model: \xff\n", "is not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "larger than a job file can be"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(written, text, words):
    with pytest.raises(ConfigurationError) as caught:
        read_job_file(written(text))

    assert words in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_job_file(tmp_path / "none.yaml")
