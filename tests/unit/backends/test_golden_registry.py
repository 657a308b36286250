"""Base models in registries against golden exchanges."""

from datetime import UTC, datetime

import pytest

from maas_client.errors import NotFoundError, ResponseError
from tests.unit.backends.exchanges import dialect, feed, play

NAME = "Phi-4-mini-instruct"


def test_a_version():
    azureml = dialect()
    model = play(azureml.registry.get("azureml", NAME, "15"), "registry_discovery_200", "registry_model_get_200")
    assert model.id == f"azureml://registries/azureml/models/{NAME}/versions/15"
    assert (model.name, model.version, model.registry, model.type) == (NAME, "15", "azureml", "custom_model")
    assert model.finetune_regions == ("eastus2", "northcentralus")
    assert (model.description, model.is_archived, model.properties) == ("Small and able", False, {"x": "y"})
    assert model.created_at == datetime(2025, 5, 21, 0, 20, 48, 384016, tzinfo=UTC)
    assert play(azureml.registry.get("azureml", NAME, "15"), "registry_model_get_200") == model


def test_a_version_that_is_not_there():
    with pytest.raises(NotFoundError, match="99 was not found"):
        play(dialect().registry.get("azureml", NAME, "99"), "registry_discovery_200", "registry_model_get_404")


def test_the_newest_version():
    flow = dialect().registry.latest_version("azureml", NAME)
    assert play(flow, "registry_discovery_200", "registry_model_latest_200") == "15"


def test_versions_page_by_page():
    azureml = dialect()
    flow = azureml.registry.versions_page("azureml", NAME, None)
    page = play(flow, "registry_discovery_200", "registry_model_list_first_200")
    assert [model.version for model in page.items] == ["15"]
    last = play(azureml.registry.versions_page("azureml", NAME, page.next_cursor), "registry_model_list_next_200")
    assert [(model.version, model.is_archived, model.finetune_regions) for model in last.items] == [("14", True, ())]
    assert last.next_cursor is None


DISCOVERY = {
    "primaryRegionResourceProviderUri": "https://cert-eastus.experiments.azureml.net",
    "subscriptionId": "s",
    "resourceGroup": "g",
}


def test_a_model_without_versions():
    with pytest.raises(NotFoundError, match="has no model 'none'"):
        feed(dialect().registry.latest_version("azureml", "none"), DISCOVERY, {"value": []})


@pytest.mark.parametrize("missing", DISCOVERY)
def test_a_discovery_that_does_not_tell(missing):
    with pytest.raises(ResponseError, match=missing):
        feed(dialect().registry.get("azureml", NAME, "1"), {**DISCOVERY, missing: None})


def test_names_stay_inside_their_place():
    flow = dialect().registry.get("azureml/../x", "a/b?c", "1/2")
    assert "/registries/azureml%2F..%2Fx/discovery?" in next(flow).url
    request = feed_until_last(flow, DISCOVERY)
    assert request.endswith("/models/a%2Fb%3Fc/versions/1%2F2?api-version=2021-10-01-dataplanepreview")


def feed_until_last(flow, answer):
    from maas_client.core.io import Response
    from tests.unit.backends.exchanges import encode

    return flow.send(Response(200, {}, encode(answer))).url
