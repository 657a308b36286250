"""What can be set, and how each setting is read from the text of a variable or a file."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

MASK = "********"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything a client is made from.

    Attributes:
        service: The wire that is spoken; `azureml`.
        base_url: Of the resource manager; `None` takes the cloud's.
        emulator: True if `base_url` is a local reference server.
        subscription_id: Azure subscription.
        resource_group: Resource group of the workspace.
        workspace: Workspace, or hub project.
        cloud: `AzureCloud`, `AzureChinaCloud` or `AzureUSGovernment`.
        authority: Base URL where one signs in; `None` takes the cloud's, or for an emulator a made-up token.
        token: A ready-made token; never shown.
        timeout_seconds: For one attempt of one call; above 0.
        max_retries: Attempts after the first, 0 to 20.
        journal_dir: Folder in which submissions are written down; `None` takes one in the user's state folder.
    """

    service: str = "azureml"
    base_url: str | None = None
    emulator: bool = False
    subscription_id: str | None = None
    resource_group: str | None = None
    workspace: str | None = None
    cloud: str = "AzureCloud"
    authority: str | None = None
    token: str | None = None
    timeout_seconds: float = 60.0
    max_retries: int = 3
    journal_dir: str | None = None

    def __repr__(self) -> str:
        shown = ", ".join(f"{field.name}={_shown(field.name, getattr(self, field.name))!r}" for field in fields(self))
        return f"Settings({shown})"


@dataclass(frozen=True, slots=True, repr=False)
class Setting:
    """One value and where it came from.

    Attributes:
        name: Attribute of `Settings`.
        value: The value itself, secrets included; `shown` is the one to print.
        origin: Such as `argument`, `MAAS_WORKSPACE`, `profile dev in /home/me/config.toml`, `default`.
    """

    name: str
    value: object
    origin: str

    @property
    def shown(self) -> object:
        """The value, a secret masked."""
        return _shown(self.name, self.value)

    def __repr__(self) -> str:
        return f"Setting(name={self.name!r}, value={self.shown!r}, origin={self.origin!r})"


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings, and the origin of each.

    Attributes:
        settings: The values.
        origins: By attribute of `Settings`, in its order.
        profile: Name of the profile that was asked for, or else of the file's `default_profile`, if that counts.
        profile_from: Where that name comes from, as an origin.
    """

    settings: Settings
    origins: Mapping[str, Setting]
    profile: str | None = None
    profile_from: str | None = None


def _shown(name: str, value: object) -> object:
    return MASK if name == "token" and value is not None else value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def _folder(value: object) -> str:
    return str(Path(_text(value)).expanduser().absolute())


def _service(value: object) -> str:
    if value != "azureml":
        raise ValueError("'azureml'")
    return "azureml"


def _boolean(value: object) -> bool:
    word = value.strip().casefold() if isinstance(value, str) else value
    if isinstance(word, bool) or word in _TRUE or word in _FALSE:
        return word if isinstance(word, bool) else word in _TRUE
    raise ValueError("true or false")


def _seconds(value: object) -> float:
    number = _number(value, float)
    if number is None or not 0 < number < math.inf:
        raise ValueError("a number of seconds above 0")
    return float(number)


def _retries(value: object) -> int:
    number = _number(value, int)
    if number is None or not 0 <= number <= 20 or number != int(number):
        raise ValueError("a whole number from 0 to 20")
    return int(number)


def _number(value: object, kind: Callable[[str], float]) -> float | None:
    if isinstance(value, str):
        try:
            return kind(value)
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Known:
    """How one setting is found and read.

    Attributes:
        name: Attribute of `Settings`.
        key: Name in arguments and profiles.
        variables: Environment variables, first one wins.
        parse: Reads a value; raises ValueError saying what is wanted.
        json_key: Name in an Azure ML `config.json`, if it has this setting.
        target: True if it says where jobs go.
    """

    name: str
    key: str
    variables: tuple[str, ...]
    parse: Callable[[object], object]
    json_key: str | None = None
    target: bool = True


# Source: AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP: the Azure CLI's and SDKs' usual names; AZUREML_WORKSPACE_NAME and
# the keys of config.json: azure-ai-ml 1.35.2 (`MLClient.from_config`).
KNOWN = (
    Known("service", "service", ("MAAS_SERVICE",), _service),
    Known("base_url", "base_url", ("MAAS_BASE_URL",), _text),
    Known("emulator", "emulator", ("MAAS_EMULATOR",), _boolean),
    Known(
        "subscription_id",
        "subscription_id",
        ("MAAS_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"),
        _text,
        "subscription_id",
    ),
    Known("resource_group", "resource_group", ("MAAS_RESOURCE_GROUP", "AZURE_RESOURCE_GROUP"), _text, "resource_group"),
    Known("workspace", "workspace", ("MAAS_WORKSPACE", "AZUREML_WORKSPACE_NAME"), _text, "workspace_name"),
    Known("cloud", "cloud", ("MAAS_CLOUD",), _text),
    Known("authority", "authority", ("MAAS_AUTHORITY",), _text),
    Known("token", "token", ("MAAS_TOKEN",), _text, target=False),
    Known("timeout_seconds", "timeout", ("MAAS_TIMEOUT",), _seconds, target=False),
    Known("max_retries", "max_retries", ("MAAS_MAX_RETRIES",), _retries, target=False),
    Known("journal_dir", "journal_dir", ("MAAS_JOURNAL_DIR",), _folder, target=False),
)
