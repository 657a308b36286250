"""The Azure clouds, public and sovereign."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from maas_client.catalog._near import near
from maas_client.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where one cloud's services live. URLs have no slash at the end; suffixes begin with a dot.

    Attributes:
        name: Such as `AzureCloud`.
        resource_manager: Base URL of Azure Resource Manager.
        authority: Base URL of the sign-in service.
        ml_resource: Resource whose `/.default` scope names Azure Machine Learning itself.
        storage_suffix: Domain of storage accounts, such as `core.windows.net`; no leading dot.
        registry_discovery: Base URL where model registries are found.
        data_plane_suffixes: Host suffixes of run history, metrics and the like.
        registry_suffixes: Host suffixes of registries' models, beside those of the data plane; empty as below.
        inference_suffixes: Host suffixes of deployed models; empty where no source names one.
    """

    name: str
    resource_manager: str
    authority: str
    ml_resource: str
    storage_suffix: str
    registry_discovery: str
    data_plane_suffixes: tuple[str, ...]
    registry_suffixes: tuple[str, ...]
    inference_suffixes: tuple[str, ...]

    @property
    def resource_manager_scope(self) -> str:
        """Token scope of Resource Manager and of the data plane."""
        return f"{self.resource_manager}/.default"

    @property
    def blob_suffix(self) -> str:
        """Host suffix of blob storage, such as `.blob.core.windows.net`."""
        return f".blob.{self.storage_suffix}"


@cache
def _clouds() -> dict[str, Cloud]:
    import tomllib

    rows = tomllib.loads(Path(__file__).with_name("clouds.toml").read_text(encoding="utf-8"))["cloud"]
    return {row["name"].casefold(): _cloud(row) for row in rows}


def authorities() -> frozenset[str]:
    """Return where one signs in to the clouds: base URLs."""
    return frozenset(cloud.authority for cloud in _clouds().values())


def _cloud(row: dict[str, Any]) -> Cloud:
    read: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Cloud(**read)


def get_cloud(name: str) -> Cloud:
    """Return a cloud by name; case does not count.

    Raises:
        ConfigurationError: There is no such cloud; the message names those that exist.
    """
    cloud = _clouds().get(name.casefold())
    if cloud is None:
        names = [known.name for known in _clouds().values()]
        guess = near(name, names, limit=1)
        raise ConfigurationError(
            f"Unknown cloud {name!r}.",
            hint=(f"Did you mean {guess[0]}? " if guess else "") + f"Clouds: {', '.join(names)}.",
        )
    return cloud
