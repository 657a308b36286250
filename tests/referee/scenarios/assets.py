"""azure-ai-ml: workspace, datastores, data assets, and with them the blob protocol."""

import hashlib
import json
import os
from typing import Any

from tests.referee.scenarios.azure_sdk import Session
from tests.referee.scenarios.operations import Scenario, raising
from tests.referee.scenarios.server import files_below, training_file

scenario = Scenario()
operation = scenario.operation


@operation("workspaces.get")
def get_workspace(session: Session) -> None:
    found = session.client.workspaces.get(session.workspace)
    assert (found.name, found.location) == (session.workspace, "eastus2")
    assert found.discovery_url == f"{session.server.url}/discovery"
    assert found.mlflow_tracking_uri.startswith(f"azureml://{session.server.host}/mlflow/v1.0/subscriptions/")


@operation("workspaces.get, the cloud described by ARM_CLOUD_METADATA_URL", schemes=("https",))
def get_workspace_by_metadata(session: Session) -> None:
    from azure.ai.ml import MLClient

    from tests.referee.scenarios.azure_sdk import GROUP, SUBSCRIPTION, Credential

    # Set by the SDK itself when a cloud is named, and preferred by it from then on.
    named = os.environ.pop("AZUREML_CURRENT_CLOUD")
    os.environ["ARM_CLOUD_METADATA_URL"] = f"{session.server.url}/metadata/endpoints?api-version=2019-05-01"
    try:
        client = MLClient(Credential(), SUBSCRIPTION, GROUP, session.workspace, enable_telemetry=False)
        assert client.workspaces.get(session.workspace).location == "eastus2"
    finally:
        del os.environ["ARM_CLOUD_METADATA_URL"]
        os.environ["AZUREML_CURRENT_CLOUD"] = named


@operation("workspaces.get, signed in and pointed by exported variables alone, over a revocation", schemes=("https",))
def get_workspace_by_environment(session: Session) -> None:
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    from maas_client.testing.environment import environment
    from maas_client.testing.launch import Ready

    before = dict(os.environ)
    os.environ.update(environment(Ready.parse(json.dumps(session.server.ready)), session.workspace))
    try:
        credential = DefaultAzureCredential(disable_instance_discovery=True)
        names = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZUREML_WORKSPACE_NAME")
        client = MLClient(credential, *(os.environ[name] for name in names), enable_telemetry=False)
        assert client.workspaces.get().location == "eastus2"
        assert list(client.jobs.list()) == []
        session.server.revoke_tokens()
        assert client.workspaces.get().location == "eastus2"
        assert list(client.jobs.list()) == []
    finally:
        os.environ.clear()
        os.environ.update(before)


@operation("datastores.get")
def get_datastore(session: Session) -> None:
    store = session.client.datastores.get("workspaceblobstore")
    assert store.container_name.startswith("azureml-blobstore-")
    assert store.protocol == session.server.scheme


@operation("datastores.get_default with secrets")
def get_default_datastore(session: Session) -> None:
    store = session.client.datastores.get_default(include_secrets=True)
    assert store.name == "workspaceblobstore"
    assert "sig=" in store.credentials.sas_token


@operation("datastores.list")
def list_datastores(session: Session) -> None:
    names = {store.name for store in session.client.datastores.list()}
    assert names == {"workspaceblobstore", "workspaceartifactstore"}


@operation("datastores.get: ResourceNotFoundError")
def get_no_datastore(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with raising(ResourceNotFoundError, "none"):
        session.client.datastores.get("none")


def data_asset(session: Session, **changes: Any) -> Any:
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Data

    path = training_file(session.path("data"), "train.jsonl")
    return Data(**{"name": "train", "version": "1", "path": str(path), "type": AssetTypes.URI_FILE, **changes})


@operation("data.create_or_update: a file is uploaded")
def create_data(session: Session) -> None:
    made = session.client.data.create_or_update(data_asset(session, description="Training dataset", tags={"a": "b"}))
    assert (made.name, made.version, made.description, made.tags) == ("train", "1", "Training dataset", {"a": "b"})
    assert "/datastores/workspaceblobstore/paths/LocalUpload/" in made.path
    session.state["data"] = made.id


@operation("data.create_or_update: the next version, the content is there already")
def create_next_data(session: Session) -> None:
    made = session.client.data.create_or_update(data_asset(session, version=None))
    assert made.version == "2"
    assert made.path == session.client.data.get("train", version="1").path


@operation("data.create_or_update: another path for a version is refused")
def create_other_data(session: Session) -> None:
    path = training_file(session.path("data"), "other.jsonl", rows=21)
    with raising(Exception, "Asset paths cannot be updated"):
        session.client.data.create_or_update(data_asset(session, path=str(path)))


@operation("data.create_or_update: 65 MiB go up in blocks and come back whole", since=(1, 35), schemes=("https",))
def create_large_data(session: Session) -> None:
    from azure.ai.ml._artifacts._artifact_utilities import download_artifact_from_aml_uri

    path = session.path("large") / "large.jsonl"
    # Every MiB is another one: blocks in the wrong order would show.
    path.write_bytes(b"".join(bytes([index]) * 2**20 for index in range(65)))
    made = session.client.data.create_or_update(data_asset(session, name="large", path=str(path)))
    target = session.path("large-again")
    download_artifact_from_aml_uri(made.path, str(target), session.client.datastores)
    (found,) = files_below(target)
    assert hashlib.sha256((target / found).read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()
    session.client.data.archive("large", version="1")


@operation("data.get by label")
def get_latest_data(session: Session) -> None:
    assert session.client.data.get("train", label="latest").version == "2"


@operation("data.list")
def list_data(session: Session) -> None:
    assert [each.version for each in session.client.data.list(name="train")] == ["2", "1"]


@operation("data.list: assets")
def list_data_assets(session: Session) -> None:
    assert ("train", "2") in [(each.name, each.latest_version) for each in session.client.data.list()]


@operation("data.archive, restore")
def archive_data(session: Session) -> None:
    session.client.data.archive("train", version="2")
    assert [each.version for each in session.client.data.list(name="train")] == ["1"]
    session.client.data.restore("train", version="2")
    assert len(list(session.client.data.list(name="train"))) == 2


@operation("data.get: ResourceNotFoundError")
def get_no_data(session: Session) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with raising(ResourceNotFoundError, "none"):
        session.client.data.get("none", version="1")
