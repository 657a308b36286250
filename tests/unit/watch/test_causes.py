"""What an error of a run comes from, and what to do."""

import shlex

import click
import pytest

from maas_client.cli.main import root
from maas_client.types import FineTuningJob, Hyperparameters, JobStatus, ServiceError
from maas_client.watch import advice

UPLOADS = "azureml://datastores/workspaceblobstore/paths/LocalUpload/0a1b"


def failed(code, message, *, file="train.jsonl", validation=None, **hyperparameters):
    return FineTuningJob(
        name="bot",
        status=JobStatus.FAILED,
        raw_status="Failed",
        model="Phi-4-mini-instruct",
        training_file=f"{UPLOADS}/{file}",
        validation_file=validation and f"{UPLOADS}/{validation}",
        hyperparameters=Hyperparameters(**hyperparameters),
        output_model="bot",
        error=None if code is None else ServiceError(code=code, message=message),
    )


CHECK = "maas-ft data check train.jsonl --model Phi-4-mini-instruct ."
FEW = "Training dataset has 4 non-null samples, which is fewer than 10 samples, which is the min required to finetune."
NONE = "Unable to continue finetuning. No assistant tokens found after preprocessing the train data"
EMPTY = "Found no examples after data preprocessing for the validation dataset"


@pytest.mark.parametrize(
    ("job", "likely", "then"),
    [
        (failed("UserError", FEW), "a fifth of the rows is held back", CHECK),
        (failed("UserError", FEW, validation="v.jsonl"), "one message only, do not count. See", CHECK),
        (failed("UserError", NONE), "no row has an assistant's answer", CHECK),
        (failed("UserError", EMPTY), "rows that are held back", CHECK),
        (failed("UserError", EMPTY, validation="v.jsonl"), "of the validation file", "data check v.jsonl --model"),
        (failed("UserError", "Failure while applying chat template to dataset"), "the roles of a row", CHECK),
        (failed("UserError", "Only one system role should be present"), "the roles of a row", CHECK),
        (failed("UserError", "'utf-8' codec can't decode byte 0xff"), "not UTF-8", "maas-ft data fix train.jsonl ,"),
        (failed("UserError", "Invalid value set for learning_rate: 7."), "value of learning_rate", "another value"),
        (failed("OutOfMemory", "The GPU is full.", batch_size=8), "batch_size 8", "--batch-size 4 ."),
        (failed("X", "CUDA error: out of memory"), "rows are too long", "data stats train.jsonl --model Phi-4-mini"),
        (failed("UserError", "The training file could not be found."), "deleted", "files upload train.jsonl ."),
        (failed("ModelRegistryError", "no"), "could not be registered", "Submit again."),
        (failed("Conflict", "You have no Quota left"), "quota", "in the portal"),
        (failed("SystemError", "sorry"), "the service itself", "support"),
        (failed("UserError", FEW, file="it's.jsonl"), "do not count", shlex.quote("it's.jsonl")),
        (failed("UserError", FEW, file="versions/3"), "do not count", "data check FILE --model"),
    ],
)
def test_the_likely_cause_and_the_next_step(job, likely, then):
    said = advice(job, " --local")
    assert said.startswith("Likely cause: ")
    assert likely in said
    assert then in said
    assert said.endswith("Read its log: maas-ft jobs logs bot --local . A new attempt needs a new name.")


@pytest.mark.parametrize("job", [failed(None, ""), failed("UserError", "A bad day"), failed("X", "The SystemError")])
def test_no_cause_is_made_up(job):
    assert advice(job) == "Read its log: maas-ft jobs logs bot . A new attempt needs a new name."


@pytest.mark.parametrize(
    "command",
    ["data check --model", "data fix", "data stats --model", "files upload", "jobs logs", "submit --batch-size"],
)
def test_what_is_named_is_there(command):
    *path, last = command.split()
    found: click.Command = root
    for word in [each for each in [*path, last] if not each.startswith("--")]:
        assert isinstance(found, click.Group)
        under = found.get_command(click.Context(found), word)
        assert under is not None
        found = under
    options = {option for parameter in found.params for option in parameter.opts}
    assert last in options or not last.startswith("--")
