"""Our client on what azure-ai-ml made and changed."""

from maas_client.errors import NotFoundError
from maas_client.types import JobStatus
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.ours import MODEL, OurSession, carry_out
from tests.referee.scenarios.server import ALL_DONE, files_below

scenario = Scenario()
operation = scenario.operation


@operation("maas_client on their job: jobs.get")
def get_theirs(session: OurSession) -> None:
    job = session.client.jobs.get("theirs")
    assert (job.status, job.model, job.tags) == (JobStatus.SUCCEEDED, MODEL, {"foo_tag": "bar"})
    assert job.hyperparameters.n_epochs == 1
    assert job.training_file.endswith("/data/train/versions/1")
    assert job.fine_tuned_model is not None


@operation("maas_client on their jobs: jobs.list")
def list_theirs(session: OurSession) -> None:
    names = [job.name for job in session.client.jobs.list(tag="foo_tag")]
    assert names == ["theirs-going", "theirs-deployed", "theirs"]


@operation("maas_client on their job: jobs.watch")
def watch_theirs(session: OurSession) -> None:
    with session.server.time_flows():
        events = list(session.client.jobs.watch("theirs-going", timeout=60))
    assert session.client.jobs.get("theirs-going").status == JobStatus.SUCCEEDED
    assert events[-1].status == JobStatus.SUCCEEDED
    assert {event.type for event in events} >= {"status", "metrics"}


@operation("maas_client on their job: jobs.logs, metrics")
def read_theirs(session: OurSession) -> None:
    assert any("SIMULATED" in line for line in session.client.jobs.logs("theirs"))
    assert {point.key for point in session.client.jobs.metrics("theirs")} >= {"loss", "train_loss"}


@operation("maas_client on their job and model: jobs.download, models.get, download")
def download_theirs(session: OurSession) -> None:
    job, model = session.folder / "their-job", session.folder / "their-model"
    session.client.jobs.download("theirs", job)
    assert any(name.endswith("registered_model/adapter_config.json") for name in files_below(job))
    found = session.client.models.get("theirs-model")
    assert (found.version, found.job_name) == ("1", "theirs")
    session.client.models.download(found, model)
    assert len(files_below(model)) == 4


@operation("maas_client on their data asset: data.get")
def data_of_theirs(session: OurSession) -> None:
    asset = session.client.data.get("train")
    assert asset.version == "1"
    assert session.client.jobs.get("theirs").training_file == asset.id


@operation("maas_client on their data asset: jobs.create")
def train_on_theirs(session: OurSession) -> None:
    asset = session.client.jobs.get("theirs").training_file
    session.client.jobs.create(MODEL, training_file=asset, name="on-theirs")
    session.server.advance(ALL_DONE)
    assert session.client.jobs.get("on-theirs").status == JobStatus.SUCCEEDED


@operation("maas_client on their deployment: deployments.get, keys, chat")
def chat_with_theirs(session: OurSession) -> None:
    (name,) = [each.name for each in session.client.deployments.list() if each.name.startswith("theirs")]
    found = session.client.deployments.get(name)
    assert found.is_ready
    answer = session.client.chat.create(
        found, messages=[{"role": "user", "content": "How do I reset device number 4?"}]
    )
    assert answer.text == "Hold the button of device 4 for 7 seconds."


@operation("maas_client on their deployment of our model: deployments.begin_delete")
def delete_deployment(session: OurSession) -> None:
    (name,) = [each.name for each in session.client.deployments.list() if each.name.startswith("ours")]
    with session.server.time_flows():
        session.client.deployments.begin_delete(name).result(timeout=60)
    with raising(NotFoundError):
        session.client.deployments.get(name)


@operation("maas_client on their job: jobs.begin_delete")
def delete_theirs(session: OurSession) -> None:
    with session.server.time_flows():
        session.client.jobs.begin_delete("theirs").result(timeout=60)
    with raising(NotFoundError):
        session.client.jobs.get("theirs")


@operation("maas_client: what they changed of our job", since=(1, 35))
def changed(session: OurSession) -> None:
    assert session.client.jobs.get("ours").tags == {"made-by": "us", "seen-by": "them"}
    assert not session.client.jobs.get("ours").is_archived
    with raising(NotFoundError):
        session.client.jobs.get("ours-unwanted")


if __name__ == "__main__":
    carry_out(scenario)
