"""azureml-mlflow: what our client trained, read through MLflow.

It is pointed at the server by the tracking URI of the workspace, and learns of the cloud from `ARM_CLOUD_METADATA_URL`.
"""

import base64
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.referee.scenarios.azure_sdk import GROUP, SUBSCRIPTION
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.server import Server, files_below

scenario = Scenario()
operation = scenario.operation


class Session:
    """What the operations share."""

    def __init__(self, server: Server, workspace: str, folder: Path) -> None:
        from mlflow import MlflowClient

        self.folder = folder
        scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
        uri = f"azureml://{server.host}/mlflow/v1.0{scope}/workspaces/{workspace}"
        os.environ["ARM_CLOUD_METADATA_URL"] = f"{server.url}/metadata/endpoints?api-version=2019-05-01"
        # How a program inside a run is given its token.
        claims = json.dumps({"exp": int(time.time()) + 3600}).encode()
        body = base64.urlsafe_b64encode(claims).decode().rstrip("=")
        os.environ |= {
            "MLFLOW_TRACKING_URI": uri,
            "MLFLOW_TRACKING_TOKEN": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.",
            "MLFLOW_RUN_ID": "ours",
            "MLFLOW_EXPERIMENT_NAME": "shared",
        }
        self.client: Any = MlflowClient(tracking_uri=uri)


@operation("MlflowClient.get_run")
def get_run(session: Session) -> None:
    run = session.client.get_run("ours")
    assert (run.info.status, run.info.lifecycle_stage) == ("FINISHED", "active")
    assert run.info.end_time > run.info.start_time
    assert run.data.params["num_train_epochs"] == "2"
    assert run.data.tags["made-by"] == "us"
    assert run.data.metrics["train_loss"] > 0


@operation("MlflowClient.get_run: RESOURCE_DOES_NOT_EXIST")
def get_no_run(session: Session) -> None:
    from mlflow.exceptions import RestException

    with raising(RestException, "RESOURCE_DOES_NOT_EXIST"):
        session.client.get_run("none")


@operation("MlflowClient.get_metric_history")
def get_metric_history(session: Session) -> None:
    points = session.client.get_metric_history("ours", "loss")
    assert [point.step for point in points] == sorted(point.step for point in points)
    assert points[0].value != points[-1].value


@operation("MlflowClient.get_experiment_by_name, get_experiment")
def get_experiment(session: Session) -> None:
    by_name = session.client.get_experiment_by_name("shared")
    assert session.client.get_experiment(by_name.experiment_id).name == "shared"
    assert session.client.get_experiment_by_name("none") is None


@operation("MlflowClient.search_experiments")
def search_experiments(session: Session) -> None:
    assert {each.name for each in session.client.search_experiments()} == {"shared", "other"}


@operation("MlflowClient.search_runs")
def search_runs(session: Session) -> None:
    experiment = session.client.get_experiment_by_name("shared").experiment_id
    runs = session.client.search_runs([experiment], "metrics.train_loss > 0 and tags.`made-by` = 'us'")
    assert {run.info.run_id for run in runs} == {"ours", "ours-unwanted"}
    assert list(session.client.search_runs([experiment], "attributes.status = 'FAILED'")) == []
    order = ["metrics.train_loss DESC"]
    first = session.client.search_runs([experiment], order_by=order, max_results=1)
    second = session.client.search_runs([experiment], order_by=order, max_results=1, page_token=first.token)
    assert {first[0].info.run_id, second[0].info.run_id} == {"ours", "ours-unwanted"}
    assert first[0].data.metrics["train_loss"] > second[0].data.metrics["train_loss"]
    assert not second.token


@operation("MlflowClient.list_artifacts")
def list_artifacts(session: Session) -> None:
    top = {each.path: each.is_dir for each in session.client.list_artifacts("ours")}
    assert top == {"registered_model": True, "user_logs": True}
    assert len(session.client.list_artifacts("ours", "registered_model")) == 4


@operation("MlflowClient.download_artifacts")
def download_artifacts(session: Session) -> None:
    target = session.folder / "artifacts"
    target.mkdir()
    session.client.download_artifacts("ours", "registered_model", str(target))
    found = files_below(target)
    assert "registered_model/adapter_config.json" in found
    assert json.loads((target / "registered_model/adapter_config.json").read_text())["peft_type"] == "LORA"


def main(ready: str, version: str, workspace: str, folder: str) -> None:
    """Carry all out."""
    server = Server.of(ready)
    scenario.run(Session(server, workspace, Path(folder)), version, server.scheme)


if __name__ == "__main__":
    main(*sys.argv[1:])
