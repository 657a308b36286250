"""azure-ai-ml: serverless endpoints."""

from typing import Any

from tests.referee.scenarios.azure_sdk import Session
from tests.referee.scenarios.operations import Scenario, raising

scenario = Scenario()
operation = scenario.operation


def endpoint(session: Session, name: str, model_id: str) -> Any:
    from azure.ai.ml.entities import ServerlessEndpoint

    return ServerlessEndpoint(name=f"{name}-{session.workspace}", model_id=model_id)


def model_id(session: Session, name: str = "helper-model") -> str:
    """Return the id by which a deployment names a model of the workspace."""
    guid = session.client.datastores.get("workspaceblobstore").container_name.removeprefix("azureml-blobstore-")
    return f"azureml://locations/eastus2/workspaces/{guid}/models/{name}/versions/1"


@operation("serverless_endpoints.begin_create_or_update: a tuned model")
def create_endpoint(session: Session) -> None:
    poller = session.client.serverless_endpoints.begin_create_or_update(endpoint(session, "tuned", model_id(session)))
    assert session.client.serverless_endpoints.get(f"tuned-{session.workspace}").provisioning_state == "creating"
    with session.server.time_flows():
        made = poller.result(timeout=60)
    assert (made.provisioning_state, made.location, made.auth_mode) == ("succeeded", "eastus2", "Key")
    assert made.scoring_uri.startswith(session.server.url)
    session.state["endpoint"] = made.name
    session.state["uri"] = made.scoring_uri


@operation("serverless_endpoints.begin_create_or_update: a base model")
def create_base_endpoint(session: Session) -> None:
    base = endpoint(session, "base", "azureml://registries/azureml/models/Phi-4-mini-instruct")
    with session.server.time_flows():
        made = session.client.serverless_endpoints.begin_create_or_update(base).result(timeout=60)
    assert made.model_id == "azureml://registries/azureml/models/Phi-4-mini-instruct"


@operation("marketplace_subscriptions, and an endpoint of another publisher's model")
def subscribe(session: Session) -> None:
    from azure.ai.ml.entities import MarketplaceSubscription

    subscriptions, model = (
        session.client.marketplace_subscriptions,
        "azureml://registries/azureml-mistral/models/Ministral-3B",
    )
    wanted = MarketplaceSubscription(name="ministral", model_id=model)
    with session.server.time_flows():
        made = subscriptions.begin_create_or_update(wanted).result(timeout=60)
        other = endpoint(session, "other", model)
        deployed = session.client.serverless_endpoints.begin_create_or_update(other).result(timeout=60)
        assert (made.status, made.provisioning_state) == ("subscribed", "succeeded")
        assert (deployed.model_id, deployed.provisioning_state) == (model, "succeeded")
        assert subscriptions.get("ministral").model_id == model
        assert [each.name for each in subscriptions.list()] == ["ministral"]
        session.client.serverless_endpoints.begin_delete(deployed.name).result(timeout=60)
        subscriptions.begin_delete("ministral").result(timeout=60)
    assert list(subscriptions.list()) == []


@operation("serverless_endpoints.begin_create_or_update: one deployment for a tuned model")
def create_second_endpoint(session: Session) -> None:
    from azure.core.exceptions import ResourceExistsError

    second = endpoint(session, "second", model_id(session))
    with raising(ResourceExistsError, "one deployment") as caught:
        session.client.serverless_endpoints.begin_create_or_update(second).result(timeout=60)
    assert caught[0].status_code == 409


@operation("serverless_endpoints.get")
def get_endpoint(session: Session) -> None:
    found = session.client.serverless_endpoints.get(session.state["endpoint"])
    assert (found.name, found.model_id) == (session.state["endpoint"], model_id(session))


@operation("serverless_endpoints.list")
def list_endpoints(session: Session) -> None:
    names = [each.name for each in session.client.serverless_endpoints.list()]
    assert sorted(names) == [f"base-{session.workspace}", f"tuned-{session.workspace}"]


@operation("serverless_endpoints.get_keys")
def get_keys(session: Session) -> None:
    keys = session.client.serverless_endpoints.get_keys(session.state["endpoint"])
    assert keys.primary_key
    assert keys.primary_key != keys.secondary_key
    session.state["key"] = keys.primary_key


@operation("serverless_endpoints.begin_regenerate_keys: TypeError (a bug of the SDK)")
def regenerate_keys(session: Session) -> None:
    with raising(TypeError):
        session.client.serverless_endpoints.begin_regenerate_keys(session.state["endpoint"]).result(timeout=30)


@operation("serverless_endpoints.get: ResourceNotFoundError")
def get_no_endpoint(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with raising(ResourceNotFoundError, "none"):
        session.client.serverless_endpoints.get("none")


last = Scenario()


@last.operation("serverless_endpoints.begin_delete")
def delete_endpoint(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with session.server.time_flows():
        session.client.serverless_endpoints.begin_delete(session.state["endpoint"]).result(timeout=60)
    with raising(ResourceNotFoundError):
        session.client.serverless_endpoints.get(session.state["endpoint"])


@last.operation("serverless_endpoints.begin_delete: what is not there")
def delete_no_endpoint(session: Session) -> None:
    session.client.serverless_endpoints.begin_delete(session.state["endpoint"]).result(timeout=30)
