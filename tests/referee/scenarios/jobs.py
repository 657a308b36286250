"""azure-ai-ml: fine-tuning jobs, from submission to deletion."""

import contextlib
import io
from pathlib import Path
from typing import Any

from tests.referee.scenarios.azure_sdk import Session
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.server import ALL_DONE, files_below, training_file

scenario = Scenario()
operation = scenario.operation

BASE = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"
HYPERPARAMETERS = {"per_device_train_batch_size": "1", "learning_rate": "0.00002", "num_train_epochs": "1"}


def custom_job(session: Session, name: str, **changes: Any) -> Any:
    """Make a job without Microsoft's helper, which asks for validation data."""
    from azure.ai.ml import Input, Output
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import CustomModelFineTuningJob

    training = training_file(session.path("jobs"), "train.jsonl")
    arguments = {
        "task": "chatCompletion",
        "name": name,
        "experiment_name": "ft-experiment",
        "model": Input(type=AssetTypes.MLFLOW_MODEL, path=BASE),
        "training_data": Input(type=AssetTypes.URI_FILE, path=str(training)),
        "hyperparameters": HYPERPARAMETERS,
        "tags": {"foo_tag": "bar"},
        "outputs": {"registered_model": Output(type=AssetTypes.MLFLOW_MODEL, name=f"{name}-model")},
    }
    return CustomModelFineTuningJob(**arguments | changes)


def submit(session: Session, name: str, **changes: Any) -> Any:
    return session.client.jobs.create_or_update(custom_job(session, name, **changes))


@operation("jobs.create_or_update: made by create_finetuning_job, on a data asset")
def create_by_helper(session: Session) -> None:
    from azure.ai.ml.finetuning import FineTuningTaskType, create_finetuning_job

    validation = training_file(session.path("jobs"), "validation.jsonl", rows=5)
    job = create_finetuning_job(
        task=FineTuningTaskType.CHAT_COMPLETION,
        training_data=session.state["data"],
        validation_data=str(validation),
        hyperparameters=HYPERPARAMETERS,
        model=BASE,
        display_name="made by the helper",
        name="helper",
        experiment_name="ft-experiment",
        tags={"foo_tag": "bar"},
        properties={"my_property": "my_value"},
        output_model_name_prefix="helper-model",
    )
    made = session.client.jobs.create_or_update(job)
    assert (made.name, made.status, made.display_name) == ("helper", "NotStarted", "made by the helper")
    assert made.outputs["registered_model"].name == "helper-model"
    assert made.properties["my_property"] == "my_value"
    assert made.properties["azureml.PipelineType"] == "FineTuning"
    assert made.hyperparameters == HYPERPARAMETERS
    assert made.studio_url.startswith(session.server.url)


@operation("create_finetuning_job without validation data: UnboundLocalError (a bug of the SDK)")
def create_by_helper_without_validation(session: Session) -> None:
    from azure.ai.ml.finetuning import create_finetuning_job

    with raising(UnboundLocalError, "validation_data_input"):
        create_finetuning_job(task="chatCompletion", training_data="x", model=BASE, output_model_name_prefix="x")


@operation("jobs.create_or_update: the example of our page for those who come from azure-ai-ml")
def create_as_the_page_says(session: Session) -> None:
    page = (Path(__file__).parents[3] / "docs/pages/how-to/from-azure-ai-ml.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    folder = session.path("page")
    training_file(folder, "train.jsonl")
    training_file(folder, "validation.jsonl", rows=5)
    # The client is made here: there is no config.json. What streaming shows has an operation of its own.
    client = session.ml_client(workspace_name=f"{session.workspace}-page")
    steps = [line for line in example.splitlines() if not line.startswith(("client = ", "client.jobs.stream("))]
    with contextlib.chdir(folder):
        exec("\n".join(steps), {"client": client})
    made = client.jobs.get("support-bot")
    assert (made.status, made.hyperparameters) == ("NotStarted", {"num_train_epochs": "3"})


@operation("jobs.create_or_update: a CustomModelFineTuningJob without validation data")
def create_custom(session: Session) -> None:
    made = submit(session, "custom")
    assert (made.name, made.task.lower()) == ("custom", "chatcompletion")
    assert made.validation_data is None


@operation("jobs.create_or_update: loaded from YAML")
def create_from_yaml(session: Session) -> None:
    from azure.ai.ml import load_job

    folder = session.path("yaml")
    training_file(folder, "train.jsonl")
    source = folder / "job.yaml"
    source.write_text(
        f"""type: finetuning
model_provider: custom
task: chat_completion
name: from-yaml
experiment_name: ft-experiment
model:
  type: mlflow_model
  path: {BASE}
training_data:
  type: uri_file
  path: {folder}/train.jsonl
hyperparameters:
  num_train_epochs: "2"
outputs:
  registered_model:
    type: mlflow_model
    name: yaml-model
""",
        encoding="utf-8",
    )
    made = session.client.jobs.create_or_update(load_job(source))
    assert (made.name, made.hyperparameters) == ("from-yaml", {"num_train_epochs": "2"})


@operation("jobs.create_or_update: the same again is the same job")
def create_again(session: Session) -> None:
    first = session.client.jobs.get("custom")
    again = submit(session, "custom")
    assert again.creation_context.created_at == first.creation_context.created_at


@operation("jobs.create_or_update: another definition under the name is refused with 400")
def create_changed(session: Session) -> None:
    from azure.core.exceptions import HttpResponseError

    with raising(HttpResponseError, "A job with this name already exists") as caught:
        submit(session, "custom", hyperparameters={"num_train_epochs": "7"})
    assert (caught[0].status_code, caught[0].error.code) == (400, "UserError")


@operation("jobs.create_or_update: tags are replaced")
def create_other_tags(session: Session) -> None:
    assert submit(session, "custom", tags={"new": "tag"}).tags == {"new": "tag"}
    assert submit(session, "custom").tags == {"foo_tag": "bar"}


@operation("jobs.create_or_update: an unknown base model is refused with 400")
def create_of_no_model(session: Session) -> None:
    from azure.ai.ml import Input
    from azure.core.exceptions import HttpResponseError

    model = Input(type="mlflow_model", path="azureml://registries/azureml/models/none/versions/1")
    with raising(HttpResponseError, "none") as caught:
        submit(session, "of-nothing", model=model)
    assert caught[0].status_code == 400


@operation("jobs.get")
def get_job(session: Session) -> None:
    job = session.client.jobs.get("helper")
    assert (job.name, job.experiment_name, job.type) == ("helper", "ft-experiment", "finetuning")
    assert job.model.path == BASE
    assert job.creation_context.created_at.tzinfo is not None


@operation("jobs.get: ResourceNotFoundError")
def get_no_job(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with raising(ResourceNotFoundError, "no-such-job") as caught:
        session.client.jobs.get("no-such-job")
    assert (caught[0].status_code, caught[0].error.code) == (404, "UserError")


@operation("jobs.get: ClientAuthenticationError without a token")
def get_without_token(session: Session) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    from tests.referee.scenarios.azure_sdk import Credential

    stranger = session.ml_client(Credential(""), workspace_name=session.workspace)
    with raising(ClientAuthenticationError, "Authentication failed") as caught:
        stranger.jobs.get("helper")
    assert caught[0].status_code == 401


@operation("jobs.show_services")
def show_services(session: Session) -> None:
    assert session.client.jobs.show_services("helper") is None


@operation("jobs.begin_cancel")
def cancel_job(session: Session) -> None:
    submit(session, "unwanted")
    poller = session.client.jobs.begin_cancel("unwanted")
    assert session.client.jobs.get("unwanted").status == "CancelRequested"
    with session.server.time_flows():
        poller.result(timeout=30)
    assert session.client.jobs.get("unwanted").status == "Canceled"


@operation("jobs.begin_cancel: a job cancelled already")
def cancel_again(session: Session) -> None:
    session.client.jobs.begin_cancel("unwanted").result(timeout=30)


@operation("jobs.download: JobException while the job goes on")
def download_early(session: Session) -> None:
    from azure.ai.ml.exceptions import JobException

    submit(session, "going")
    with raising(JobException, "Download is allowed only in states"):
        session.client.jobs.download("going", download_path=str(session.path("early")))


@operation("jobs.begin_delete: ResourceExistsError while the job goes on", since=(1, 35))
def delete_early(session: Session) -> None:
    from azure.core.exceptions import ResourceExistsError

    with raising(ResourceExistsError, "only a job that has ended") as caught:
        session.client.jobs.begin_delete("going")
    assert caught[0].status_code == 409


@operation("jobs.stream: to the end of a job")
def stream_job(session: Session) -> None:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), session.server.time_flows():
        session.client.jobs.stream("going")
    text = shown.getvalue()
    assert "Streaming user_logs/std_log.txt" in text
    assert "SIMULATED" in text
    assert "Execution Summary" in text
    assert text.count("SIMULATED: no model is trained") == 1
    assert session.client.jobs.get("going").status == "Completed"


@operation("jobs.stream: a failed job is a JobException with the run's error")
def stream_failing(session: Session) -> None:
    from azure.ai.ml import Input
    from azure.ai.ml.exceptions import JobException

    short = training_file(session.path("short"), "short.jsonl", rows=3)
    submit(session, "failing", training_data=Input(type="uri_file", path=str(short)))
    with (
        raising(JobException, "fewer than 10 samples"),
        contextlib.redirect_stdout(io.StringIO()),
        session.server.time_flows(),
    ):
        session.client.jobs.stream("failing")


@operation("jobs.download: the log and the files of the run")
def download_job(session: Session) -> None:
    session.server.advance(ALL_DONE)
    target = session.path("download")
    session.client.jobs.download("helper", download_path=str(target))
    found = files_below(target)
    assert "artifacts/user_logs/std_log.txt" in found
    assert "artifacts/registered_model/adapter_config.json" in found


@operation("jobs.download of the model: TypeError (a bug of the SDK)", since=(1, 35))
def download_output_fails(session: Session) -> None:
    with raising(TypeError):
        session.client.jobs.download("helper", download_path=str(session.path("no")), output_name="registered_model")


@operation("jobs.download of the model", before=(1, 35))
def download_output(session: Session) -> None:
    target = session.path("output")
    session.client.jobs.download("helper", download_path=str(target), output_name="registered_model")
    assert "named-outputs/registered_model/adapter_config.json" in " ".join(files_below(target))


@operation("jobs.download of everything", before=(1, 35))
def download_all(session: Session) -> None:
    target = session.path("all")
    session.client.jobs.download("helper", download_path=str(target), all=True)
    found = " ".join(files_below(target))
    assert "artifacts/user_logs/std_log.txt" in found
    assert "named-outputs/registered_model/adapter_config.json" in found


@operation("jobs.list", since=(1, 35))
def list_jobs(session: Session) -> None:
    names = [job.name for job in session.client.jobs.list()]
    assert names == ["failing", "going", "unwanted", "from-yaml", "custom", "helper"]


@operation("jobs.list: None for every fine-tuning job (a bug of the SDK)", before=(1, 35))
def list_jobs_fails(session: Session) -> None:
    assert list(session.client.jobs.list()) == [None] * 6


@operation("jobs.list: over several pages")
def list_pages(session: Session) -> None:
    for index in range(6):
        submit(session, f"more-{index}")
    found = list(session.client.jobs.list())
    assert len(found) == 12
    assert len({job.name for job in found if job is not None}) in {0, 12}


@operation("jobs.archive, restore")
def archive_job(session: Session) -> None:
    from azure.ai.ml.constants import ListViewType

    session.client.jobs.archive("custom")
    assert len(list(session.client.jobs.list(list_view_type=ListViewType.ARCHIVED_ONLY))) == 1
    assert len(list(session.client.jobs.list())) == 11
    session.client.jobs.restore("custom")
    assert len(list(session.client.jobs.list(list_view_type=ListViewType.ALL))) == 12
    assert len(list(session.client.jobs.list())) == 12


@operation("jobs.update: tags and properties are merged", since=(1, 35))
def update_job(session: Session) -> None:
    job = session.client.jobs.update(
        "custom", display_name="renamed", description="told", tags={"more": "tags"}, properties={"note": "x"}
    )
    assert (job.display_name, job.description) == ("renamed", "told")
    assert job.tags == {"foo_tag": "bar", "more": "tags"}
    assert job.properties["note"] == "x"
    assert job.properties["azureml.PipelineType"] == "FineTuning"


@operation("jobs.begin_delete", since=(1, 35))
def delete_job(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    poller = session.client.jobs.begin_delete("failing")
    with session.server.time_flows():
        poller.result(timeout=30)
    with raising(ResourceNotFoundError):
        session.client.jobs.get("failing")
