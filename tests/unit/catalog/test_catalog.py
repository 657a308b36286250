"""The catalog's data and its lookups."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest

from maas_client import catalog
from maas_client.errors import ConfigurationError

MINI = "Phi-3-mini-4k-instruct"
BEFORE, BETWEEN, AFTER = date(2025, 6, 29), date(2025, 7, 1), date(2025, 8, 30)


def test_ten_models_each_fact_with_a_known_source():
    models = catalog.all_models()
    assert len({model.id for model in models}) == 10
    for model in models:
        assert set(model.facts.values()) <= set(catalog.sources())
        present = {"version", "context_tokens", "tokenizer", "chat_template", "capabilities", "hyperparameters"}
        assert present <= set(model.facts)
        assert ("max_output_tokens" in model.facts) == (model.max_output_tokens is not None)
        assert ("replacement" in model.facts) == (model.replacement is not None)
    assert all(source.retrieved and source.title for source in catalog.sources().values())


def test_every_replacement_is_a_current_model():
    for model in catalog.all_models():
        if model.replacement:
            assert catalog.get(model.replacement).finetune_status(date(2026, 11, 23)).state == "current"


def test_there_is_no_price():
    assert not {"price", "usd", "cost"} & {key.lower() for model in catalog.all_models() for key in model.facts}


def test_get_ignores_case_and_returns_the_canonical_id():
    assert catalog.get("PHI-3-MINI-4K-INSTRUCT").id == MINI


@pytest.mark.parametrize(
    ("typed", "meant"), [("phi-3-mini-4k", MINI), ("Phi3-mini-4k-instruct", MINI), ("phi4", "Phi-4")]
)
def test_unknown_model_names_near_matches(typed, meant):
    with pytest.raises(ConfigurationError, match=meant) as caught:
        catalog.get(typed)
    assert "maas-ft models list" in str(caught.value.hint)


def test_a_model_like_no_other_has_no_near_match():
    with pytest.raises(ConfigurationError, match=r"^Unknown model 'zzzzzzzz'\.$"):
        catalog.get("zzzzzzzz")


def test_uri():
    model = catalog.get(MINI)
    assert catalog.uri(model) == "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"
    assert catalog.uri(model, "14").endswith("/versions/14")


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (BEFORE, "current"),
        (date(2025, 6, 30), "deprecated"),
        (AFTER - timedelta(days=1), "deprecated"),
        (AFTER, "retired"),
    ],
)
def test_lifecycle_changes_on_the_announced_day(today, state):
    status = catalog.get(MINI).finetune_status(today)
    assert (status.state, status.deprecated, status.retired) == (state, date(2025, 6, 30), AFTER)
    assert catalog.get(MINI).inference_status(today).state == state


def test_retired_model_is_refused_naming_replacement_and_flag():
    with pytest.raises(ConfigurationError, match="retired") as caught:
        catalog.check_finetune(catalog.get(MINI), today=AFTER, emulator=False, allow_retired=False)
    assert "Phi-4-mini-instruct" in str(caught.value.hint)
    assert "--allow-retired" in str(caught.value.hint)


def test_what_is_allowed_and_what_is_warned_of():
    mini = catalog.get(MINI)
    assert catalog.check_finetune(mini, today=AFTER, emulator=True, allow_retired=False) == []
    assert catalog.check_finetune(mini, today=BEFORE, emulator=False, allow_retired=False) == []
    [warning] = catalog.check_finetune(mini, today=BETWEEN, emulator=False, allow_retired=False)
    assert "deprecated" in warning
    [warning] = catalog.check_finetune(mini, today=AFTER, emulator=False, allow_retired=True)
    assert "2025-08-30" in warning
    assert catalog.check_finetune(catalog.get("Phi-4"), today=AFTER, emulator=False, allow_retired=False) == []


@pytest.mark.parametrize("emulator", [True, False])
def test_phi_3_small_is_deployed_but_never_tuned_as_a_service(emulator):
    small = catalog.get("phi-3-small-8k-instruct")
    assert small.can("deploy")
    assert small.can("chat")
    assert small.can("compute-finetune")
    with pytest.raises(ConfigurationError, match="cannot be fine-tuned as a service"):
        catalog.check_finetune(small, today=BEFORE, emulator=emulator, allow_retired=True)
    assert catalog.check_finetune(small, today=BEFORE, emulator=emulator, allow_retired=True, compute=True) == []


def test_a_model_that_nobody_tunes_is_refused_with_its_replacement():
    frozen = replace(catalog.get(MINI), capabilities=frozenset({"deploy", "chat"}))
    with pytest.raises(ConfigurationError, match="cannot be fine-tuned as a service") as refused:
        catalog.check_finetune(frozen, today=BEFORE, emulator=True, allow_retired=True)
    assert "Use Phi-4-mini-instruct" in (refused.value.hint or "")


def test_a_model_that_is_tuned_as_a_service_only_is_refused_on_compute_of_one_s_own():
    mini = catalog.get("Phi-4-mini-instruct")
    with pytest.raises(ConfigurationError, match="cannot be fine-tuned on compute of your own") as refused:
        catalog.check_finetune(mini, today=BEFORE, emulator=True, allow_retired=True, compute=True)
    assert "as a service" in (refused.value.hint or "")


def test_hyperparameters_that_pass():
    mini = catalog.get(MINI)
    assert catalog.check_hyperparameters(mini) == []
    assert catalog.check_hyperparameters(mini, n_epochs=3, batch_size=1, learning_rate=5e-6) == []
    assert catalog.check_hyperparameters(catalog.get("Phi-4"), learning_rate=0.5) == []


@pytest.mark.parametrize("rate", [1e-3, 1e-9, 2])
def test_learning_rate_outside_the_card_is_a_warning(rate):
    [warning] = catalog.check_hyperparameters(catalog.get(MINI), learning_rate=rate)
    assert "5e-07 to 5e-05" in warning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_epochs", 0),
        ("n_epochs", 1.5),
        ("n_epochs", True),
        ("n_epochs", "3"),
        ("batch_size", -1),
        ("learning_rate", 0),
        ("learning_rate", -1e-5),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        pytest.param("learning_rate", 10**5000, id="learning_rate-huge"),
        ("learning_rate", "fast"),
        ("learning_rate", True),
    ],
)
def test_impossible_hyperparameters(name, value):
    with pytest.raises(ConfigurationError, match=name) as caught:
        catalog.check_hyperparameters(catalog.get(MINI), **{name: value})
    assert "learning_rate 5e-06" in str(caught.value.hint)


def test_all_impossible_values_are_named_at_once():
    with pytest.raises(ConfigurationError, match=r"n_epochs.*batch_size.*learning_rate"):
        catalog.check_hyperparameters(catalog.get(MINI), n_epochs=0, batch_size=0, learning_rate=0)


def test_clouds():
    public = catalog.get_cloud("azurecloud")
    assert public.resource_manager_scope == "https://management.azure.com/.default"
    assert public.blob_suffix == ".blob.core.windows.net"
    assert ".models.ai.azure.com" in public.inference_suffixes
    assert catalog.get_cloud("AzureChinaCloud").storage_suffix == "core.chinacloudapi.cn"
    assert catalog.get_cloud("AzureUSGovernment").data_plane_suffixes == (".api.ml.azure.us",)


def test_unknown_cloud_names_those_that_exist():
    with pytest.raises(ConfigurationError, match="AzureClod") as caught:
        catalog.get_cloud("AzureClod")
    assert "Did you mean AzureCloud?" in str(caught.value.hint)
    with pytest.raises(ConfigurationError) as caught:
        catalog.get_cloud("moon")
    assert "AzureUSGovernment" in str(caught.value.hint)


def test_import_is_light():
    heavy = ("pydantic", "httpx", "msgspec", "difflib")
    code = f"import sys, maas_client.catalog; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
