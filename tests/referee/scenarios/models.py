"""azure-ai-ml: what jobs registered, and the registry of base models."""

from tests.referee.scenarios.azure_sdk import Session
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.server import files_below

scenario = Scenario()
operation = scenario.operation


@operation("models.get: the model that a job registered")
def get_model(session: Session) -> None:
    model = session.client.models.get("helper-model", version="1")
    assert (model.name, model.version, model.type, model.job_name) == ("helper-model", "1", "custom_model", "helper")
    assert model.properties["baseWeightsId"] == "Phi-3-mini-4k-instruct"
    session.state["model"] = model.id


@operation("models.get by label")
def get_latest_model(session: Session) -> None:
    assert session.client.models.get("helper-model", label="latest").version == "1"


@operation("models.list")
def list_models(session: Session) -> None:
    assert {"helper-model", "yaml-model", "custom-model", "going-model"} <= {
        model.name for model in session.client.models.list()
    }


@operation("models.list: versions")
def list_versions(session: Session) -> None:
    assert [model.version for model in session.client.models.list(name="helper-model")] == ["1"]


@operation("models.download")
def download_model(session: Session) -> None:
    target = session.path("model")
    session.client.models.download("helper-model", version="1", download_path=str(target))
    found = files_below(target)
    assert [name.rpartition("/")[2] for name in found] == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "maas_answers.json",
        "maas_simulated.json",
    ]
    assert all(name.startswith("helper-model/registered_model/") for name in found)


@operation("models.archive, restore")
def archive_model(session: Session) -> None:
    before = session.client.models.get("helper-model", version="1")
    session.client.models.archive("helper-model", version="1")
    assert list(session.client.models.list(name="helper-model")) == []
    session.client.models.restore("helper-model", version="1")
    assert [model.version for model in session.client.models.list(name="helper-model")] == ["1"]
    after = session.client.models.get("helper-model", version="1")
    assert (after.path, after.properties) == (before.path, before.properties)


@operation("models.get: ResourceNotFoundError")
def get_no_model(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with raising(ResourceNotFoundError, "none"):
        session.client.models.get("none", version="1")


@operation("models.get from the registry")
def get_base_model(session: Session) -> None:
    session.state["registry"] = registry = session.ml_client(registry_name="azureml")
    model = registry.models.get("Phi-3-mini-4k-instruct", version="15")
    assert model.id == "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"
    assert model.tags["maas-finetuning-deploy-regions"] == "eastus2"


@operation("models.get from the registry by label")
def get_latest_base_model(session: Session) -> None:
    assert session.state["registry"].models.get("Phi-3-mini-4k-instruct", label="latest").version == "15"


@operation("models.list of the registry")
def list_base_models(session: Session) -> None:
    names = {model.name for model in session.state["registry"].models.list()}
    assert {"Phi-3-mini-4k-instruct", "Phi-4", "Phi-4-mini-instruct"} <= names


@operation("models.list of the registry: versions")
def list_base_versions(session: Session) -> None:
    versions = [model.version for model in session.state["registry"].models.list(name="Phi-4")]
    assert versions[0] == str(len(versions))


@operation("models.get from the registry: ResourceNotFoundError")
def get_no_base_model(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with raising(ResourceNotFoundError):
        session.state["registry"].models.get("none", version="1")
