"""What the Azure CLI's own files say; nothing that is wrong with them stands in anybody's way."""

import json

import pytest

from maas_client.settings.azure_cli import AzureCli, Subscription, read_azure_cli

ONE = {"id": "1", "name": "One", "state": "Enabled", "isDefault": False, "environmentName": "AzureCloud"}
TWO = {"id": "2", "name": "Two", "state": "Enabled", "isDefault": True, "environmentName": "AzureChinaCloud"}


def test_subscriptions_and_defaults(tmp_path):
    gone = {**ONE, "id": "3", "state": "Disabled"}
    nothing = {**ONE, "id": "4", "name": "N/A(tenant level account)"}
    listed = json.dumps({"subscriptions": [ONE, gone, nothing, TWO]})
    (tmp_path / "azureProfile.json").write_text(listed, encoding="utf-8-sig")
    (tmp_path / "config").write_text("[core]\nx = 100%\n[defaults]\ngroup = g\nworkspace = w\n")

    found = read_azure_cli({"AZURE_CONFIG_DIR": str(tmp_path)})

    assert found.subscriptions == (
        Subscription("2", "Two", is_default=True, cloud="AzureChinaCloud"),
        Subscription("1", "One", is_default=False, cloud="AzureCloud"),
    )
    assert (found.resource_group, found.workspace) == ("g", "w")


@pytest.mark.parametrize(
    ("profile", "config"),
    [
        (None, None),
        ("", ""),
        ("[]", "no section"),
        ('{"subscriptions": null}', "[defaults]\ngroup = \n"),
        ('{"subscriptions": [1]}', "[defaults]\n[defaults]\n"),
        ('{"subscriptions": [{"state": "Enabled"}]}', "\xff"),
        ("{", "[other]\n"),
    ],
)
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path, profile, config):
    if profile is not None:
        (tmp_path / "azureProfile.json").write_text(profile)
        (tmp_path / "config").write_text(config, encoding="latin-1")
    assert read_azure_cli({"AZURE_CONFIG_DIR": str(tmp_path)}) == AzureCli()
