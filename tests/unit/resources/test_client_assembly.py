"""How a client is put together from settings, and what it refuses to be."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from maas_client import AsyncMaaSClient, MaaSClient, catalog
from maas_client.core import stepping
from maas_client.core.io import Request
from maas_client.core.trust import Trust
from maas_client.errors import ConfigurationError, ResponseError, UsageError

NAMES: dict[str, Any] = {"subscription_id": "s", "resource_group": "g", "workspace": "w"}
LOCAL: dict[str, Any] = {"base_url": "http://127.0.0.1:1", "emulator": True}


@pytest.mark.parametrize("client", [MaaSClient, AsyncMaaSClient])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"service": "foundry"}, "no service 'foundry'"),
        ({"max_retries": 21}, "max_retries is 21"),
        ({"max_retries": -1}, "max_retries is -1"),
        ({"timeout": 0.0}, "timeout is 0"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"http": "curl"}, "cannot have http='curl'"),
        ({"cloud": "AzureMoon"}, "Unknown cloud 'AzureMoon'"),
        ({"workspace": None}, "workspace is missing"),
        ({"workspace": ""}, "workspace is missing"),
        ({"emulator": True}, "needs a base_url on this machine"),
        ({"emulator": True, "base_url": "https://management.azure.com"}, "needs a base_url on this machine"),
        ({"emulator": True, "base_url": "http://127.0.0.1.evil.example"}, "needs a base_url on this machine"),
        ({"base_url": "http://127.0.0.1:1"}, "is not https"),
        ({"authority": "http://login.example"}, "The authority http://login.example is not https"),
        (LOCAL | {"authority": "https://login.example"}, "is not on this machine, but the service is an emulator"),
        (LOCAL | {"authority": "https://localhost.evil.example"}, "is not on this machine"),
    ],
)
def test_settings_that_are_wrong_are_refused(client: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        client(**{**NAMES, **changes})
    assert caught.value.hint


def trust(**options: Any) -> Trust:
    with MaaSClient(**NAMES, **options) as client:
        return client._session.caller.trust


def allows(known: Trust, request: Request) -> bool:
    try:
        known.check(request)
    except ResponseError:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "scope", "key", "allowed"),
    [
        ("https://management.azure.com/x", "https://management.azure.com/.default", None, True),
        ("https://eastus2.api.azureml.ms/x", "https://management.azure.com/.default", None, True),
        ("https://a.blob.core.windows.net/x", "https://management.azure.com/.default", None, False),
        ("https://a.blob.core.windows.net/x", "https://storage.azure.com/.default", None, True),
        ("https://a.blob.core.windows.net/x", None, None, True),
        ("https://bot.eastus2.models.ai.azure.com/x", None, "key", True),
        ("https://bot.eastus2.models.ai.azure.com/x", "https://management.azure.com/.default", None, False),
        ("https://models.ai.azure.com.evil.example/x", None, "key", False),
        ("http://eastus2.api.azureml.ms/x", "https://management.azure.com/.default", None, False),
    ],
)
def test_each_credential_goes_to_its_own_hosts_only(
    url: str, scope: str | None, key: str | None, allowed: bool
) -> None:
    assert allows(trust(), Request("O", "GET", url, scope=scope, key=key)) is allowed


CLOUDS = {
    "AzureCloud": ("management.azure.com", "eastus2.api.azureml.ms", "core.windows.net", "login.microsoftonline.com"),
    "AzureChinaCloud": (
        "management.chinacloudapi.cn",
        "chinaeast2.api.ml.azure.cn",
        "core.chinacloudapi.cn",
        "login.chinacloudapi.cn",
    ),
    "AzureUSGovernment": (
        "management.usgovcloudapi.net",
        "usgovarizona.api.ml.azure.us",
        "core.usgovcloudapi.net",
        "login.microsoftonline.us",
    ),
}
"""Source: azure-ai-ml 1.35.2, _azure_environments.py."""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_keeps_to_its_own_hosts(cloud: str) -> None:
    arm, data_plane, storage, _ = CLOUDS[cloud]
    known = trust(cloud=cloud)
    scope, blobs = f"https://{arm}/.default", "https://storage.azure.com/.default"
    assert allows(known, Request("O", "GET", f"https://{arm}/x", scope=scope))
    assert allows(known, Request("O", "GET", f"https://{data_plane}/x", scope=scope))
    assert allows(known, Request("O", "PUT", f"https://a.blob.{storage}/x", scope=blobs))
    assert allows(known, Request("O", "PUT", f"https://a.blob.{storage}/x?sig=s"))
    for other in CLOUDS.keys() - {cloud}:
        arm, data_plane, storage, _ = CLOUDS[other]
        assert not allows(known, Request("O", "GET", f"https://{arm}/x", scope=scope))
        assert not allows(known, Request("O", "GET", f"https://{data_plane}/x", scope=scope))
        assert not allows(known, Request("O", "PUT", f"https://a.blob.{storage}/x", scope=blobs))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_has_its_own_places(cloud: str) -> None:
    with MaaSClient(**NAMES, cloud=cloud) as client:
        target = client._session.dialect.target
    known = catalog.get_cloud(cloud)
    assert (target.arm, target.scope) == (f"https://{CLOUDS[cloud][0]}", f"https://{CLOUDS[cloud][0]}/.default")
    assert (target.storage_suffix, target.registry_discovery) == (CLOUDS[cloud][2], known.registry_discovery)


@pytest.mark.parametrize("client", [MaaSClient, AsyncMaaSClient])
@pytest.mark.parametrize("cloud", CLOUDS)
async def test_each_cloud_is_signed_in_to_at_its_own_authority(
    monkeypatch: pytest.MonkeyPatch, client: Any, cloud: str
) -> None:
    asked: list[Any] = []

    class Default:
        def __init__(self, **options: str) -> None:
            asked.append(options)

        def get_token(self, *scopes: str, **options: object) -> Any:
            asked.append(scopes)
            return type("Token", (), {"token": "t", "expires_on": 2**40})()

    fake = types.ModuleType("azure.identity")
    fake.DefaultAzureCredential = Default  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "azure.identity", fake)
    made = client(**NAMES, cloud=cloud)
    token = made._session.caller.tokens.get(made._session.dialect.target.scope)
    assert (await token if client is AsyncMaaSClient else stepping.run(token)) == "t"
    assert asked == [{"authority": f"https://{CLOUDS[cloud][3]}"}, (f"https://{CLOUDS[cloud][0]}/.default",)]
    await made.aclose() if client is AsyncMaaSClient else made.close()


@pytest.mark.parametrize("client", [MaaSClient, AsyncMaaSClient])
@pytest.mark.parametrize(
    ("options", "kind", "where"),
    [
        ({"authority": "https://login.example/"}, "DefaultAzureCredential", "https://login.example"),
        # Nothing but what the environment names: no sign-in of a person or of this machine is sent to an emulator.
        (LOCAL | {"authority": "https://localhost:8443"}, "EnvironmentCredential", "https://localhost:8443"),
    ],
)
async def test_one_signs_in_where_it_is_said(
    monkeypatch: pytest.MonkeyPatch, client: Any, options: dict[str, Any], kind: str, where: str
) -> None:
    asked: list[Any] = []

    class Made:
        def __init__(self, **given: object) -> None:
            asked.append(given)

        def get_token(self, *scopes: str, **given: object) -> Any:
            return type("Token", (), {"token": "t", "expires_on": 2**40})()

    fake = types.ModuleType("azure.identity")
    setattr(fake, kind, Made)
    monkeypatch.setitem(sys.modules, "azure.identity", fake)
    made = client(**NAMES, **options)
    token = made._session.caller.tokens.get("https://management.azure.com/.default")
    assert (await token if client is AsyncMaaSClient else stepping.run(token)) == "t"
    assert asked == [{"authority": where, "disable_instance_discovery": True}]
    await made.aclose() if client is AsyncMaaSClient else made.close()


def test_registries_are_found_where_the_resource_manager_is_stood_in_for() -> None:
    for options in (LOCAL, {"base_url": "https://sandbox.example"}):
        with MaaSClient(**NAMES, **options) as client:
            target = client._session.dialect.target
        assert target.registry_discovery == target.arm == options["base_url"]
    known = trust()
    scope = "https://management.azure.com/.default"
    assert allows(known, Request("O", "GET", "https://cert-eastus.experiments.azureml.net/x", scope=scope))
    assert not allows(known, Request("O", "GET", "https://cert-eastus.experiments.azureml.net/x"))


def test_a_client_of_an_emulator_talks_to_nobody_else() -> None:
    local = trust(**LOCAL)
    assert allows(local, Request("O", "GET", "http://127.0.0.1:1/x"))
    for url in ("http://127.0.0.1:2/x", "https://management.azure.com/x", "https://a.blob.core.windows.net/x"):
        assert not allows(local, Request("O", "GET", url))


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAAS_CONFIG", str(tmp_path / "config.toml"))
    whole = 'subscription_id = "s"\nresource_group = "g"\nworkspace = "of-dev"'
    (tmp_path / "config.toml").write_text(f'[profiles.dev]\n{whole}\n[profiles.part]\nworkspace = "of-part"\n')
    for name, value in NAMES.items():
        monkeypatch.setenv(f"MAAS_{name.upper()}", value)
    with MaaSClient.from_env(workspace="mine", credential="secret-token") as client:
        assert repr(client) == "<MaaSClient mine at https://management.azure.com>"
    assert repr(AsyncMaaSClient.from_env()) == "<AsyncMaaSClient w at https://management.azure.com>"
    assert "of-dev" in repr(AsyncMaaSClient.from_profile("dev"))
    for make in (MaaSClient.from_profile, AsyncMaaSClient.from_profile):
        with pytest.raises(ConfigurationError, match="subscription_id is missing"):
            make("part")
        with pytest.raises(ConfigurationError, match="nobody"):
            make("nobody")


def test_a_profile_may_name_the_journal_and_be_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("MAAS_CONFIG", str(tmp_path / "config.toml"))
    values = "".join(f'{name} = "{value}"\n' for name, value in {**NAMES, "journal_dir": f"{tmp_path}/own"}.items())
    (tmp_path / "config.toml").write_text(f'default_profile = "dev"\n[profiles.dev]\n{values}')
    for folder, overrides in (("own", {}), ("named", {"journal": tmp_path / "named"})):
        with MaaSClient.from_env(**overrides) as client:
            client.submissions.create("Phi-4-mini-instruct", training_file="azureml:train:1", name="x")
        assert (tmp_path / folder / "journal.db").exists()


def test_a_closed_client_sends_nothing() -> None:
    client = MaaSClient(**NAMES, **LOCAL)
    client.close()
    client.close()
    with pytest.raises(UsageError, match="closed"):
        client.jobs.get("a")


async def test_a_closed_client_sends_nothing_with_await() -> None:
    async with AsyncMaaSClient(**NAMES, **LOCAL) as client:
        pass
    await client.aclose()
    with pytest.raises(UsageError, match="closed"):
        await client.jobs.get("a")


def test_the_journal_lies_where_it_is_said_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in NAMES.items():
        monkeypatch.setenv(f"MAAS_{name.upper()}", value)
    monkeypatch.setenv("MAAS_JOURNAL_DIR", str(tmp_path / "default"))
    with MaaSClient.from_env(journal=tmp_path / "own") as client:
        assert client.submissions.list() == ()
        client.submissions.create("Phi-4", training_file="azureml:train:1", name="bot")
        assert [info.plan.name for info in client.submissions.list()] == ["bot"]
    assert (tmp_path / "own" / "journal.db").exists()
    with MaaSClient.from_env() as client:
        assert client.submissions.list() == ()
