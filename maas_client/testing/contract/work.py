"""Jobs and deployments that statements are about."""

from dataclasses import dataclass
from typing import Any

from maas_client.testing.contract.bench import SERVERLESS, Bench
from maas_client.testing.contract.statement import Violation
from maas_client.testing.contract.wire import Answer

MODEL = "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"
TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
"""Source: official samples, which stop on these three."""


def definition(bench: Bench, output: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the body of a job as Microsoft's SDK sends it. Source: azure-ai-ml 1.35.2, recorded."""
    properties: dict[str, Any] = {
        "jobType": "FineTuning",
        "displayName": "contract suite",
        "experimentName": "maas-contract",
        "isArchived": False,
        "tags": {"made-by": "maas-contract"},
        "properties": {"maas-contract": "1"},
        "fineTuningDetails": {
            "modelProvider": "Custom",
            "taskType": "chatCompletion",
            "model": {"jobInputType": "mlflow_model", "uri": MODEL},
            "trainingData": {"jobInputType": "uri_file", "uri": bench.training_uri()},
            "hyperParameters": {
                "per_device_train_batch_size": "1",
                "learning_rate": "0.00002",
                "num_train_epochs": "1",
            },
        },
        "outputs": {"registered_model": {"assetName": output, "jobOutputType": "mlflow_model"}},
    }
    return {"properties": {**properties, **changes}}


@dataclass(frozen=True, slots=True)
class Made:
    """A job that was made: its name, what was sent, and the answer."""

    name: str
    body: dict[str, Any]
    answer: Answer

    @property
    def path(self) -> str:
        """Its path below the workspace."""
        return f"/jobs/{self.name}"


def make_job(bench: Bench, **changes: Any) -> Made:  # noqa: ANN401 - JSON
    """Create a job; it is cancelled and deleted at the end."""
    name = bench.name("maas-contract")
    body = definition(bench, name, **changes)
    bench.undo.append((f"job {name}", lambda: _remove_job(bench, name)))
    return Made(name, body, bench.arm("PUT", f"/jobs/{name}", body).expect(201))


def job(bench: Bench) -> Made:
    """Return a job that several statements look at and none changes."""
    return bench.shared("job", lambda: make_job(bench))


def status(bench: Bench, name: str) -> str:
    """Return the status of a job."""
    return bench.arm("GET", f"/jobs/{name}").expect(200).at("properties", "status", kind=str)


def end_of(bench: Bench, name: str) -> str:
    """Wait until a job has ended; return its status."""

    def look() -> str | None:
        word = status(bench, name)
        return word if word in TERMINAL else None

    return bench.wait(look, f"the end of job {name}")


def completed(bench: Bench) -> Made:
    """Return a job that was run to its end."""

    def make() -> Made:
        made = make_job(bench)
        word = end_of(bench, made.name)
        if word != "Completed":
            raise Violation(f"the job {made.name} ended as {word}")
        return made

    return bench.shared("completed job", make)


def registered(bench: Bench) -> Answer:
    """Return the model that the completed job registered."""
    name = completed(bench).name
    return bench.shared("registered model", lambda: bench.arm("GET", f"/models/{name}/versions/1").expect(200))


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment that is online.

    Attributes:
        name: Its name.
        body: What was sent.
        created: The answer to it.
        resource: What it became.
    """

    name: str
    body: dict[str, Any]
    created: Answer
    resource: Answer

    @property
    def path(self) -> str:
        """Its path below the workspace."""
        return f"/serverlessEndpoints/{self.name}"

    @property
    def uri(self) -> str:
        """Where it answers."""
        return self.resource.at("properties", "inferenceEndpoint", "uri", kind=str).rstrip("/")


def deployment(bench: Bench) -> Deployed:
    """Return a deployment of a base model. Source: azure-ai-ml 1.35.2: the id of a base model has no version there."""
    return bench.shared("deployment", lambda: deploy(bench, MODEL.partition("/versions/")[0]))


def deploy(bench: Bench, model: str) -> Deployed:
    """Deploy a model and wait until it is there; it is deleted at the end."""
    body = {
        "location": bench.arm("GET", "").expect(200).at("location", kind=str),
        "sku": {"name": "Consumption"},
        "properties": {"modelSettings": {"modelId": model}},
    }
    name = bench.name("contract")
    path = f"/serverlessEndpoints/{name}"
    bench.undo.append((f"deployment {name}", lambda: _remove_deployment(bench, path)))
    created = bench.arm("PUT", path, body, api=SERVERLESS).expect(200, 201)
    bench.finish(created)
    # Where no header says how to follow it, the resource itself does. Source: azure-mgmt-core 1.6, polling rules.
    return Deployed(name, body, created, bench.wait(lambda: _settled(bench, path), f"the deployment {name}"))


def _settled(bench: Bench, path: str) -> Answer | None:
    answer = bench.arm("GET", path, api=SERVERLESS).expect(200)
    state = answer.at("properties", "provisioningState", kind=str)
    return None if state in {"Creating", "Updating"} else answer


def keys(bench: Bench) -> Answer:
    """Return the keys of the deployment, as they are now."""
    return bench.arm("POST", f"{deployment(bench).path}/listKeys", api=SERVERLESS).expect(200)


def key(bench: Bench) -> str:
    """Return the primary key of the deployment, as it is now."""
    return keys(bench).at("primaryKey", kind=str)


def _remove_job(bench: Bench, name: str) -> None:
    found = bench.arm("GET", f"/jobs/{name}")
    if found.status == 404:
        return
    if found.expect(200).at("properties", "status", kind=str) not in TERMINAL:
        bench.finish(bench.arm("POST", f"/jobs/{name}/cancel").expect(200, 202))
        end_of(bench, name)
    bench.finish(bench.arm("DELETE", f"/jobs/{name}").expect(200, 202, 204))


def _remove_deployment(bench: Bench, path: str) -> None:
    if bench.arm("GET", path, api=SERVERLESS).status != 404:
        bench.finish(bench.arm("DELETE", path, api=SERVERLESS).expect(202, 204))
