"""Our client makes what a foreign SDK then works with."""

from tests.referee.scenarios.operations import Scenario
from tests.referee.scenarios.ours import MODEL, OurSession, carry_out
from tests.referee.scenarios.server import training_file

scenario = Scenario()
operation = scenario.operation


@operation("maas_client: jobs.create")
def create(session: OurSession) -> None:
    jobs, training = session.client.jobs, training_file(session.folder, "ours.jsonl")
    file = session.client.files.upload(training)
    for name in ("ours", "ours-unwanted"):
        jobs.create(MODEL, training_file=file, name=name, experiment_name="shared", tags={"made-by": "us"}, n_epochs=2)
    with session.server.time_flows():
        done = jobs.wait("ours", timeout=60)
        jobs.wait("ours-unwanted", timeout=60)
    assert done.fine_tuned_model is not None
    jobs.create(MODEL, training_file=file, name="ours-going", experiment_name="other", output_model="ours-going-model")


if __name__ == "__main__":
    carry_out(scenario)
