"""azure-ai-ml on what our client made, and making what our client then works with."""

import contextlib
import io

from tests.referee.scenarios.azure_sdk import Session, carry_out
from tests.referee.scenarios.endpoints import endpoint, model_id
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.server import ALL_DONE, files_below

scenario = Scenario()
operation = scenario.operation


@operation("our job: jobs.get")
def get_ours(session: Session) -> None:
    job = session.client.jobs.get("ours")
    assert (job.status, job.experiment_name, job.tags["made-by"]) == ("Completed", "shared", "us")
    assert job.hyperparameters["num_train_epochs"] == "2"
    assert job.model.path.endswith("/models/Phi-3-mini-4k-instruct/versions/15")
    session.state["output"] = job.outputs["registered_model"].name


@operation("our jobs: jobs.list", since=(1, 35))
def list_ours(session: Session) -> None:
    assert [job.name for job in session.client.jobs.list()] == ["ours-going", "ours-unwanted", "ours"]


@operation("our job: jobs.stream")
def stream_ours(session: Session) -> None:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), session.server.time_flows():
        session.client.jobs.stream("ours-going")
    assert "Execution Summary" in shown.getvalue()


@operation("our job: jobs.download")
def download_ours(session: Session) -> None:
    target = session.path("download")
    session.client.jobs.download("ours", download_path=str(target))
    assert "artifacts/registered_model/adapter_config.json" in files_below(target)


@operation("our model: models.get, download")
def model_of_ours(session: Session) -> None:
    name = session.state["output"]
    assert session.client.models.get(name, version="1").job_name == "ours"
    target = session.path("model")
    session.client.models.download(name, version="1", download_path=str(target))
    assert len(files_below(target)) == 4


@operation("our job: jobs.update", since=(1, 35))
def update_ours(session: Session) -> None:
    job = session.client.jobs.update("ours", tags={"seen-by": "them"})
    assert job.tags == {"made-by": "us", "seen-by": "them"}


@operation("our job: jobs.archive, restore")
def archive_ours(session: Session) -> None:
    session.client.jobs.archive("ours")
    session.client.jobs.restore("ours")
    assert session.client.jobs.get("ours").status == "Completed"


@operation("our job: jobs.begin_delete", since=(1, 35))
def delete_ours(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with session.server.time_flows():
        session.client.jobs.begin_delete("ours-unwanted").result(timeout=30)
    with raising(ResourceNotFoundError):
        session.client.jobs.get("ours-unwanted")


@operation("our model: serverless_endpoints.begin_create_or_update")
def deploy_ours(session: Session) -> None:
    ours = endpoint(session, "ours", model_id(session, session.state["output"]))
    with session.server.time_flows():
        made = session.client.serverless_endpoints.begin_create_or_update(ours).result(timeout=60)
    assert made.provisioning_state == "succeeded"


@operation("jobs.create_or_update and a data asset, for our client")
def make_theirs(session: Session) -> None:
    from azure.ai.ml import Input
    from azure.ai.ml.constants import AssetTypes

    from tests.referee.scenarios.assets import data_asset
    from tests.referee.scenarios.jobs import submit

    asset = session.client.data.create_or_update(data_asset(session))
    training = Input(type=AssetTypes.URI_FILE, path=asset.id)
    submit(session, "theirs", training_data=training)
    submit(session, "theirs-deployed", training_data=training)
    session.server.advance(ALL_DONE)
    submit(session, "theirs-going", training_data=training)
    theirs = endpoint(session, "theirs", model_id(session, "theirs-deployed-model"))
    with session.server.time_flows():
        session.client.serverless_endpoints.begin_create_or_update(theirs).result(timeout=60)
    assert session.client.jobs.get("theirs-going").status not in {"Completed", "Failed"}


if __name__ == "__main__":
    carry_out(scenario)
