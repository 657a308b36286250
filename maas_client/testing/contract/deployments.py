"""Serverless endpoints and the long-running operations that make and unmake them."""

from maas_client.testing.contract.bench import SERVERLESS, Bench
from maas_client.testing.contract.statement import Group, Makes, holds, same
from maas_client.testing.contract.work import deployment, keys

DEPLOYMENTS = Group("deployments")
_SPEC = "azure-rest-api-specs, machinelearningservices 2024-10-01-preview, ServerlessEndpoints"
_LRO = "azure-mgmt-core 1.6, polling rules; azure-ai-ml 1.35.2, recorded"


@DEPLOYMENTS.states(
    "Creating answers 200 or 201 with Azure-AsyncOperation, then it is online.", Makes.DEPLOYMENTS, source=_LRO
)
def create(bench: Bench) -> None:
    made = deployment(bench)
    made.created.header("Azure-AsyncOperation")
    holds(made.created.at("properties", "provisioningState", kind=str), "provisioningState is empty in the answer")
    same(made.resource.at("properties", "provisioningState"), "Succeeded", "provisioningState")
    same(made.resource.at("properties", "endpointState"), "Online", "endpointState")
    same(made.resource.at("properties", "authMode"), "Key", "authMode")
    holds(made.uri.startswith("http"), f"inferenceEndpoint.uri is {made.uri}")


@DEPLOYMENTS.states("The status document of an operation says status and times.", Makes.DEPLOYMENTS, source=_LRO)
def operation(bench: Bench) -> None:
    url = deployment(bench).created.header("Azure-AsyncOperation")
    answer = bench.follow("GET", url).expect(200)
    same(answer.at("status"), "Succeeded", "status")
    for name in ("startTime", "endTime"):
        holds(answer.at(name, kind=str), f"{name} is empty")


@DEPLOYMENTS.states("The same PUT again is the same endpoint.", Makes.DEPLOYMENTS, source=_SPEC)
def repeated_put(bench: Bench) -> None:
    made = deployment(bench)
    again = bench.arm("PUT", made.path, made.body, api=SERVERLESS).expect(200, 201)
    bench.finish(again)
    same(_listed(bench).count(made.name), 1, "how often it is in the list")
    read = bench.arm("GET", made.path, api=SERVERLESS).expect(200)
    same(read.at("systemData", "createdAt"), made.resource.at("systemData", "createdAt"), "systemData.createdAt")


def _listed(bench: Bench) -> list[str]:
    found = bench.arm("GET", "/serverlessEndpoints", api=SERVERLESS).expect(200).at("value", kind=list)
    return [each["name"] for each in found]


@DEPLOYMENTS.states("A name that begins with a digit is refused.", source=f"{_SPEC}: the pattern of the name")
def name_pattern(bench: Bench) -> None:
    body = {
        "location": "eastus2",
        "properties": {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"}},
    }
    bench.arm("PUT", f"/serverlessEndpoints/9{bench.name()}", body, api=SERVERLESS).refusal(400)


@DEPLOYMENTS.states("An endpoint without a model is refused with 400, and not there.", source=_SPEC)
def required(bench: Bench) -> None:
    path = f"/serverlessEndpoints/{bench.name()}"
    bench.arm("PUT", path, {"location": "eastus2", "properties": {}}, api=SERVERLESS).refusal(400)
    bench.arm("GET", path, api=SERVERLESS).refusal(404)


@DEPLOYMENTS.states(
    "Two keys open an endpoint, and the endpoint itself shows neither.", Makes.DEPLOYMENTS, source=_SPEC
)
def two_keys(bench: Bench) -> None:
    answer = keys(bench)
    primary, secondary = (answer.at(name, kind=str) for name in ("primaryKey", "secondaryKey"))
    holds(primary and secondary and primary != secondary, "the keys are empty or the same")
    text = bench.arm("GET", deployment(bench).path, api=SERVERLESS).expect(200).body.decode()
    holds(primary not in text and secondary not in text, "the endpoint shows a key")


@DEPLOYMENTS.states("What is not there answers 404, and so do its keys.", source=_SPEC)
def unknown(bench: Bench) -> None:
    path = f"/serverlessEndpoints/{bench.name('nobody')}"
    bench.arm("GET", path, api=SERVERLESS).refusal(404)
    bench.arm("POST", f"{path}/listKeys", api=SERVERLESS).refusal(404)


@DEPLOYMENTS.states("Deleting what is not there answers 204, never 200.", source=_SPEC)
def delete_unknown(bench: Bench) -> None:
    bench.arm("DELETE", f"/serverlessEndpoints/{bench.name('nobody')}", api=SERVERLESS).expect(204)
