"""What the Azure CLI knows of its user: subscriptions and defaults, read from its files. Nothing is run or sent.

Source: azure-cli-core 2.x, `_profile.py` (`azureProfile.json`: subscriptions with id, name, isDefault, environmentName,
written with a byte order mark) and `_environment.py` (AZURE_CONFIG_DIR, else ~/.azure); the defaults' names `group` and
`workspace`: learn.microsoft.com/cli/azure/azure-cli-configuration and .../ml (`az configure --defaults`).
"""

import configparser
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription that `az login` found.

    Attributes:
        id: Its id.
        name: For people.
        is_default: True for the one that `az account set` chose.
        cloud: Such as `AzureCloud`.
    """

    id: str
    name: str
    is_default: bool
    cloud: str


@dataclass(frozen=True, slots=True)
class AzureCli:
    """What its files say; empty if there are none, or they cannot be read.

    Attributes:
        subscriptions: Those that are enabled, the default one first.
        resource_group: The default one.
        workspace: The default one.
    """

    subscriptions: tuple[Subscription, ...] = ()
    resource_group: str | None = None
    workspace: str | None = None


def read_azure_cli(environ: Mapping[str, str]) -> AzureCli:
    """Read the Azure CLI's files: help for whoever answers questions, so nothing that is wrong with them is told."""
    folder = Path(environ.get("AZURE_CONFIG_DIR") or "~/.azure").expanduser()
    defaults = configparser.ConfigParser(interpolation=None)
    with suppress(OSError, ValueError, configparser.Error):
        defaults.read_string((folder / "config").read_text(encoding="utf-8"))
    return AzureCli(
        subscriptions=_subscriptions(folder / "azureProfile.json"),
        resource_group=defaults.get("defaults", "group", fallback="").strip() or None,
        workspace=defaults.get("defaults", "workspace", fallback="").strip() or None,
    )


def _subscriptions(path: Path) -> tuple[Subscription, ...]:
    found = []
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        for each in json.loads(path.read_text(encoding="utf-8-sig"))["subscriptions"]:
            # An account without a subscription is listed under its tenant's id and this name.
            if each.get("state") == "Enabled" and not str(each["name"]).startswith("N/A(tenant level"):
                cloud = str(each.get("environmentName") or "AzureCloud")
                found.append(Subscription(str(each["id"]), str(each["name"]), each.get("isDefault") is True, cloud))
    return tuple(sorted(found, key=lambda each: not each.is_default))
