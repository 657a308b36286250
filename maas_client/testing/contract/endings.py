"""What is tried last, because nothing is left of it afterwards."""

from maas_client.testing.contract.bench import SERVERLESS, Bench
from maas_client.testing.contract.chat import ask
from maas_client.testing.contract.statement import Group, Makes, holds
from maas_client.testing.contract.work import completed, deploy, deployment, key

ENDINGS = Group("endings")


@ENDINGS.states(
    "Deleting an endpoint answers 202 with Location or 204, never 200; then it is gone and answers nobody.",
    Makes.DEPLOYMENTS,
    source="azure-rest-api-specs, machinelearningservices 2024-10-01-preview; azure-ai-ml, for which 200 is an error",
)
def delete_deployment(bench: Bench) -> None:
    made, headers = deployment(bench), {"api-key": key(bench)}
    answer = bench.arm("DELETE", made.path, api=SERVERLESS).expect(202, 204)
    if answer.status == 202:
        answer.header("Location")
    bench.finish(answer)
    bench.arm("GET", made.path, api=SERVERLESS).refusal(404)
    ask(bench, headers).expect(401, 404)


@ENDINGS.states(
    "The model that a job registered is deployed by its id and answers.",
    Makes.TRAINING,
    Makes.DEPLOYMENTS,
    source="azure-ai-ml 1.35.2, recorded; azureml-examples, fine-tuning notebook",
)
def deploy_fine_tuned(bench: Bench) -> None:
    workspace = bench.arm("GET", "").expect(200)
    place = f"locations/{workspace.at('location')}/workspaces/{workspace.at('properties', 'workspaceId')}"
    made = deploy(bench, f"azureml://{place}/models/{completed(bench).name}/versions/1")
    secret = bench.arm("POST", f"{made.path}/listKeys", api=SERVERLESS).expect(200).at("primaryKey", kind=str)
    said = ask(bench, {"authorization": f"Bearer {secret}"}, of=made).expect(200)
    holds(said.at("choices", 0, "message", "content", kind=str), "the content is empty")
