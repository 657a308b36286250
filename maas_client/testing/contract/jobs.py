"""Fine-tuning jobs: created once, changed in little, read, cancelled, deleted."""

import copy
import re
from collections.abc import Callable
from typing import Any

from maas_client.testing.contract.bench import Bench
from maas_client.testing.contract.statement import Group, Makes, holds, same
from maas_client.testing.contract.work import MODEL, Made, definition, end_of, job, make_job, status

JOBS = Group("jobs")
_SPEC = "azure-rest-api-specs, machinelearningservices 2024-10-01-preview, Jobs"
_REPORT = "an answer of the service reported 2025-05-21"
_REFUSAL = "an error text of the service that users report: 'A job with this name already exists.'"
_STATUSES = {
    "NotStarted", "Starting", "Provisioning", "Preparing", "Queued", "Running", "Finalizing", "CancelRequested",
    "Completed", "Failed", "Canceled", "NotResponding", "Paused", "Unknown",
}  # fmt: skip


def _changed(body: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    whole = copy.deepcopy(body)
    change(whole["properties"])
    return whole


@JOBS.states("A new name answers 201 at once, with id, name, type and a status.", Makes.JOBS, source=_SPEC)
def create(bench: Bench) -> None:
    made = make_job(bench)
    same(made.answer.at("name"), made.name, "name")
    same(made.answer.at("id", kind=str).lower(), f"{bench.scope}{made.path}".lower(), "id")
    same(made.answer.at("type"), "Microsoft.MachineLearningServices/workspaces/jobs", "type")
    word = made.answer.at("properties", "status", kind=str)
    holds(word in _STATUSES, f"properties.status {word!r} is no status")


@JOBS.states("What was sent reads back: model, data, hyperparameters as texts, output.", Makes.JOBS, source=_REPORT)
def read_back(bench: Bench) -> None:
    made = job(bench)
    details = bench.arm("GET", made.path).expect(200).at("properties", "fineTuningDetails", kind=dict)
    sent = made.body["properties"]["fineTuningDetails"]
    for name in ("model", "trainingData"):
        same(details[name]["uri"], sent[name]["uri"], f"{name}.uri")
    same(details["hyperParameters"], sent["hyperParameters"], "hyperParameters")
    output: object = bench.arm("GET", made.path).at("properties", "outputs", "registered_model", "assetName")
    same(output, made.name, "outputs.registered_model.assetName")


@JOBS.states("A job's properties are completed with its pipeline and its original model.", Makes.JOBS, source=_REPORT)
def enriched(bench: Bench) -> None:
    answer = bench.arm("GET", job(bench).path).expect(200)
    same(answer.at("properties", "properties", "PipelineType"), "FineTuning", "PipelineType")
    same(answer.at("properties", "properties", "original_model_id"), MODEL, "original_model_id")
    same(answer.at("properties", "properties", "maas-contract"), "1", "the property that was sent")


@JOBS.states(
    "services, properties and outputs are objects, and services name where the run is tracked.",
    Makes.JOBS,
    source="azure-ai-ml 1.35.2, jobs.stream, which fails otherwise",
)
def objects(bench: Bench) -> None:
    answer = bench.arm("GET", job(bench).path).expect(200)
    for name in ("services", "properties", "outputs", "tags"):
        answer.at("properties", name, kind=dict)
    for name in ("Tracking", "Studio"):
        holds(answer.at("properties", "services", name, "endpoint", kind=str), f"services.{name}.endpoint is empty")


@JOBS.states("When a job was made is an instant with its offset.", Makes.JOBS, source=_REPORT)
def created_at(bench: Bench) -> None:
    text = job(bench).answer.at("systemData", "createdAt", kind=str)
    holds(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)", text),
        f"systemData.createdAt {text!r} is no instant with its offset",
    )


@JOBS.states("The same PUT again answers 200 and is the same job.", Makes.JOBS, source=_SPEC)
def repeated_put(bench: Bench) -> None:
    made = job(bench)
    again = bench.arm("PUT", made.path, made.body).expect(200)
    for place in (("id",), ("name",), ("systemData", "createdAt")):
        same(again.at(*place), made.answer.at(*place), ".".join(place))


@JOBS.states(
    "The case of taskType makes no difference: the PUT is the same.", Makes.JOBS, source="azure-ai-ml, recorded"
)
def case_of_task(bench: Bench) -> None:
    made = job(bench)
    for word in ("ChatCompletion", "chatCompletion"):
        body = _changed(made.body, lambda found, word=word: found["fineTuningDetails"].update(taskType=word))  # type: ignore[misc]
        bench.arm("PUT", made.path, body).expect(200)


@JOBS.states("Another definition under the same name is refused with 400.", Makes.JOBS, source=_REFUSAL)
def immutable(bench: Bench) -> None:
    made = job(bench)

    def more_epochs(found: dict[str, Any]) -> None:
        found["fineTuningDetails"]["hyperParameters"]["num_train_epochs"] = "2"

    error = bench.arm("PUT", made.path, _changed(made.body, more_epochs)).refusal(400)
    holds("already exists" in error["message"], f"the message does not say that the job exists: {error['message']}")
    epochs: object = bench.arm("GET", made.path).at(
        "properties", "fineTuningDetails", "hyperParameters", "num_train_epochs"
    )
    same(epochs, "1", "num_train_epochs afterwards")


@JOBS.states("Tags in a PUT replace the tags of the job.", Makes.JOBS, source=_SPEC)
def tags_replace(bench: Bench) -> None:
    made = make_job(bench, tags={"old": "1"})
    bench.arm("PUT", made.path, _changed(made.body, lambda found: found.update(tags={"new": "2"}))).expect(200)
    same(bench.arm("GET", made.path).expect(200).at("properties", "tags"), {"new": "2"}, "properties.tags")


@JOBS.states("A property's value cannot be changed, a new one can be added.", Makes.JOBS, source="azure-ai-ml, comment")
def properties_grow(bench: Bench) -> None:
    made = make_job(bench, properties={"kept": "1"})
    bench.arm("PUT", made.path, _changed(made.body, lambda found: found.update(properties={"kept": "2"}))).refusal(400)
    both = {"kept": "1", "added": "2"}
    bench.arm("PUT", made.path, _changed(made.body, lambda found: found.update(properties=both))).expect(200)
    same(bench.arm("GET", made.path).at("properties", "properties", "added"), "2", "the property that was added")


@JOBS.states(
    "A job as it was read, with isArchived changed, can be put back whole, and leaves the list of active jobs.",
    Makes.JOBS,
    source="azure-ai-ml 1.27.1, recorded",
)
def archive(bench: Bench) -> None:
    made = make_job(bench)
    whole = bench.arm("GET", made.path).expect(200).json()
    whole["properties"]["isArchived"] = True
    bench.arm("PUT", made.path, whole).expect(200)
    same(bench.arm("GET", made.path).expect(200).at("properties", "isArchived"), True, "properties.isArchived")
    shown = {view: _is_listed(bench, made, view) for view in ("ActiveOnly", "ArchivedOnly", "All")}
    same(shown, {"ActiveOnly": False, "ArchivedOnly": True, "All": True}, "in the lists")


def _is_listed(bench: Bench, made: Made, view: str) -> bool:
    page = bench.arm("GET", "/jobs", query={"listViewType": view, "tag": "made-by"}).expect(200)
    return made.name in [each["name"] for each in page.at("value", kind=list)]


@JOBS.states(
    "A job is read with 2024-01-01-preview too, which Microsoft's SDK asks first.",
    Makes.JOBS,
    source="azure-ai-ml 1.35.2, recorded",
)
def older_version(bench: Bench) -> None:
    answer = bench.arm("GET", job(bench).path, api="2024-01-01-preview").expect(200)
    same(answer.at("properties", "jobType"), "FineTuning", "properties.jobType")


@JOBS.states("Names of jobs are told apart by case.", Makes.JOBS, source=_SPEC)
def case_of_names(bench: Bench) -> None:
    bench.arm("GET", job(bench).path.replace("maas", "MAAS")).expect(404)


@JOBS.states("A name with a dot is refused.", source=f"{_SPEC}: the pattern of the name")
def name_pattern(bench: Bench) -> None:
    bench.arm("PUT", f"/jobs/{bench.name()}.5", {"properties": {"jobType": "FineTuning"}}).refusal(400)


@JOBS.states("Without training data, a model or outputs a job is refused with 400, and not there.", source=_SPEC)
def required(bench: Bench) -> None:
    whole = definition(bench, "never-made")["properties"]
    details = whole["fineTuningDetails"]
    cut = [{**whole, "outputs": None}]
    cut += [
        {**whole, "fineTuningDetails": {key: value for key, value in details.items() if key != name}}
        for name in ("trainingData", "model", "modelProvider", "taskType")
    ]
    for properties in cut:
        name = bench.name()
        bench.arm("PUT", f"/jobs/{name}", {"properties": properties}).refusal(400)
        bench.arm("GET", f"/jobs/{name}").expect(404)


@JOBS.states("Cancelling ends a job as Canceled, and tells how to follow it.", Makes.JOBS, source=_SPEC)
def cancel(bench: Bench) -> None:
    made = make_job(bench)
    answer = bench.arm("POST", f"{made.path}/cancel").expect(200, 202)
    if answer.status == 202:
        answer.header("Location")
        holds(int(answer.header("Retry-After")) > 0, "Retry-After is not above 0")
    bench.finish(answer)
    same(end_of(bench, made.name), "Canceled", "the status")


@JOBS.states("What is not there cannot be cancelled: 404.", source=_SPEC)
def cancel_unknown(bench: Bench) -> None:
    bench.arm("POST", f"/jobs/{bench.name('nobody')}/cancel").refusal(404)


@JOBS.states("A deleted job is gone: 404.", Makes.JOBS, source=_SPEC)
def delete(bench: Bench) -> None:
    made = make_job(bench)
    bench.finish(bench.arm("POST", f"{made.path}/cancel").expect(200, 202))
    end_of(bench, made.name)
    answer = bench.arm("DELETE", made.path).expect(200, 202, 204)
    if answer.status == 202:
        answer.header("Location")
    bench.finish(answer)
    bench.arm("GET", made.path).refusal(404)


@JOBS.states("Deleting what is not there answers 204.", source=_SPEC)
def delete_unknown(bench: Bench) -> None:
    bench.arm("DELETE", f"/jobs/{bench.name('nobody')}").expect(204)


@JOBS.states("Data that is no good fails the run later, not the PUT.", Makes.TRAINING, source="azureml-acft 0.0.91")
def bad_data(bench: Bench) -> None:
    path = f"LocalUpload/{bench.name()}/few.jsonl"
    bench.put_blob(path, b'{"messages": []}\n')
    made_details = definition(bench, bench.name())["properties"]["fineTuningDetails"]
    made_details["trainingData"]["uri"] = f"azureml://datastores/workspaceblobstore/paths/{path}"
    made = make_job(bench, fineTuningDetails=made_details)
    same(end_of(bench, made.name), "Failed", "the status")
    details = bench.data("GET", "history/v1.0", f"/runs/{made.name}/details").expect(200)
    holds(details.at("error", "error", "message", kind=str), "the run does not say why")
    same(status(bench, made.name), "Failed", "the status afterwards")
