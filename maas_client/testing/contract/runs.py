"""What is read of a run: details, logs, metrics, the registered model."""

import re
from itertools import pairwise
from typing import Any

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Group, Makes, holds, same
from maas_client.testing.contract.work import completed, job, registered

RUNS = Group("runs")
_HISTORY = "azure-ai-ml 1.35.2, run history client"
_ACFT = "azureml-acft 0.0.91: metrics on the root run, as Hugging Face's Trainer names them"
_MODEL = "azureml-acft 0.0.91 and azure-rest-api-specs, ModelVersions"


@RUNS.states(
    "The details of a run are there with the job, and say what Microsoft's SDK reads.", Makes.JOBS, source=_HISTORY
)
def details(bench: Bench) -> None:
    made = job(bench)
    answer = bench.data("GET", "history/v1.0", f"/runs/{made.name}/details").expect(200)
    same(answer.at("runId"), made.name, "runId")
    answer.at("status", kind=str)
    for name in ("logFiles", "properties", "tags"):
        answer.at(name, kind=dict)


@RUNS.states("The details of a run that is not there answer 404.", source=_HISTORY)
def unknown(bench: Bench) -> None:
    answer = bench.data("GET", "history/v1.0", f"/runs/{bench.name('nobody')}/details")
    holds(answer.refusal(404)["code"], "no code")


@RUNS.states("A job on good data is run to its end: Completed.", Makes.TRAINING, source="Microsoft Learn, fine-tuning")
def ends(bench: Bench) -> None:
    answer = bench.data("GET", "history/v1.0", f"/runs/{completed(bench).name}/details").expect(200)
    same(answer.at("status"), "Completed", "the status in run history")
    for name in ("startTimeUtc", "endTimeUtc"):
        holds(answer.at(name, kind=str), f"{name} is empty")


@RUNS.states("A run's log is read by its link without signing in.", Makes.TRAINING, source=_HISTORY)
def logs(bench: Bench) -> None:
    answer = bench.data("GET", "history/v1.0", f"/runs/{completed(bench).name}/details").expect(200)
    links = {
        name: link for name, link in answer.at("logFiles", kind=dict).items() if re.search(r"std_log.*\.txt$", name)
    }
    holds(links, "there is no std_log.txt")
    for link in links.values():
        holds(bench.wire.send("GET", link, headers={"accept": "*/*"}).expect(200).body, "the log is empty")


def _loss(bench: Bench) -> list[tuple[int, float]]:
    path = f"/runs/{completed(bench).name}/full"
    answer = bench.data("POST", "metric/v2.0", path, {"metricName": "loss"}).expect(200)
    points: list[dict[str, Any]] = answer.at("value", kind=list)
    return [(point["step"], point["data"]["loss"]) for point in points]


@RUNS.states("The loss is a metric of the run, its steps grow.", Makes.TRAINING, source=_ACFT)
def metrics(bench: Bench) -> None:
    points = _loss(bench)
    holds(points, "the loss has no value")
    steps = [step for step, _ in points]
    holds(all(before < after for before, after in pairwise(steps)), f"the steps are {steps}")


@RUNS.states("MLflow's way to read a metric gives the same values.", Makes.TRAINING, source="azureml-mlflow 1.62.0")
def metrics_by_mlflow(bench: Bench) -> None:
    path, run = "/api/2.0/mlflow/metrics/get-history", completed(bench).name
    answer = bench.data("GET", "mlflow/v2.0", path, run_id=run, metric_key="loss").expect(200)
    found = [(int(point["step"]), point["value"]) for point in answer.at("metrics", kind=list)]
    same(sorted(found), sorted(_loss(bench)), "the loss")


@RUNS.states("A completed job names the model that it registered.", Makes.TRAINING, source=_HISTORY)
def output(bench: Bench) -> None:
    name = completed(bench).name
    wanted = {"runId": name, "selectRunMetadata": True, "selectRunDefinition": True, "selectJobSpecification": True}
    answer = bench.data("POST", "history/v1.0", "/rundata", wanted).expect(200)
    asset = answer.at("runMetadata", "outputs", "registered_model", "assetId", kind=str)
    holds(asset.endswith(f"/models/{name}/versions/1"), f"the asset is {asset}")


@RUNS.states(
    "The registered model names its job and its base model; flavors is an object.", Makes.TRAINING, source=_MODEL
)
def model(bench: Bench) -> None:
    answer = registered(bench)
    same(answer.at("name"), "1", "name")
    same(answer.at("properties", "jobName"), completed(bench).name, "properties.jobName")
    answer.at("properties", "flavors", kind=dict)
    base = answer.at("properties", "properties", "baseModelId", kind=str)
    holds("/models/Phi-4-mini-instruct" in base, f"baseModelId is {base}")


@RUNS.states("The container of the model says its latest version.", Makes.TRAINING, source=_MODEL)
def model_container(bench: Bench) -> None:
    registered(bench)
    answer = bench.arm("GET", f"/models/{completed(bench).name}").expect(200)
    same(answer.at("properties", "latestVersion"), "1", "properties.latestVersion")


@RUNS.states("A model that is not there answers 404.", source=_MODEL)
def unknown_model(bench: Bench) -> None:
    bench.arm("GET", f"/models/{bench.name('nobody')}/versions/1").refusal(404)
