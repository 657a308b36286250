"""Which source each setting is taken from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from maas_client.catalog import get_cloud
from maas_client.errors import ConfigurationError
from maas_client.settings.files import default_config_path, find_azureml_config, read_profile, read_profiles
from maas_client.settings.values import KNOWN, MASK, Known, ResolvedSettings, Setting, Settings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def load_settings(
    *,
    profile: str | None,
    overrides: Mapping[str, object],
    environ: Mapping[str, str],
    cwd: Path,
    config_path: Path | None,
) -> ResolvedSettings:
    """Find every setting; nothing is sent.

    Args:
        profile: Name of a profile; `None` takes `MAAS_PROFILE`, or the file's `default_profile`.
        overrides: Arguments, by key (`timeout` in seconds); `None` counts as not given.
        environ: Environment variables; an empty one counts as not set.
        cwd: Absolute folder from which an Azure ML `config.json` is looked for, upwards.
        config_path: File with profiles; `None` takes `MAAS_CONFIG`, or the user's configuration folder.

    Returns:
        The settings and where each came from.

    Raises:
        ConfigurationError: A value, key, profile or file is wrong; the message names it and where it stands.
    """
    unknown = overrides.keys() - {known.key for known in KNOWN}
    if unknown:
        raise ConfigurationError(f"Unknown setting {min(unknown)!r}.", hint=f"Known: {', '.join(_keys())}.")
    named = _named(profile, environ, config_path)
    name, path = (named.name, named.path) if named else (None, Path())
    sources = _Sources(overrides, name, path, read_profile(path, name, _keys()) if name else {}, environ, cwd)
    found = {known.name: sources.find(known) for known in KNOWN}
    settings = Settings(**{key: setting.value for key, setting in found.items()})  # type: ignore[arg-type] # parsed by KNOWN
    _check(settings, found)
    return ResolvedSettings(settings, found, name, named.origin if named else None)


def known_variables() -> list[str]:
    """Return the environment variables that are settings, and those that say where settings are."""
    return [*(variable for known in KNOWN for variable in known.variables), "MAAS_PROFILE", "MAAS_CONFIG"]


class _Named(NamedTuple):
    """The profile that counts, the file that has it, and where its name comes from."""

    name: str
    path: Path
    origin: str


def _named(profile: str | None, environ: Mapping[str, str], config_path: Path | None) -> _Named | None:
    """Find which profile counts.

    The file's `default_profile` gives way to our own variables alone, and as a whole: half a target from one place and
    half from another would be a third one. Variables that programs share (`AZURE_SUBSCRIPTION_ID`) and a `config.json`
    give way to it: they may be there for others.
    """
    if profile:
        return _Named(profile, config_path or default_config_path(environ), "argument")
    if name := environ.get("MAAS_PROFILE"):
        return _Named(name, config_path or default_config_path(environ), "MAAS_PROFILE")
    ours = (name for known in KNOWN if known.target for name in known.variables if name.startswith("MAAS_"))
    if any(environ.get(name) for name in ours):
        return None
    path = config_path or default_config_path(environ)
    default = read_profiles(path)[1] if path.is_file() else None
    return _Named(default, path, f"default_profile in {path}") if default else None


def _keys() -> list[str]:
    return [known.key for known in KNOWN]


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Settings)}


@dataclass
class _Sources:
    """The places to look, in the order of `candidates`."""

    overrides: Mapping[str, object]
    profile_name: str | None
    profile_path: Path
    profile: Mapping[str, object]
    environ: Mapping[str, str]
    cwd: Path

    def find(self, known: Known) -> Setting:
        for value, origin in self._candidates(known):
            return Setting(known.name, _parse(known, value, origin), origin)
        return Setting(known.name, _DEFAULTS[known.name], "default")

    def _candidates(self, known: Known) -> Iterator[tuple[object, str]]:
        if (value := self.overrides.get(known.key)) is not None:
            yield value, "argument"
        if known.key in self.profile:
            yield self.profile[known.key], f"profile {self.profile_name} in {self.profile_path}"
        # A profile that was named says where jobs go, also by what it leaves out: a stray variable or a config.json in
        # some parent folder must not send a paid job to another workspace.
        if self.profile_name is not None and known.target:
            return
        for variable in known.variables:
            if self.environ.get(variable):
                yield self.environ[variable], variable
        if known.json_key and self._azureml:
            path, values = self._azureml
            yield values[known.json_key], str(path)

    @cached_property
    def _azureml(self) -> tuple[Path, dict[str, str]] | None:
        return find_azureml_config(self.cwd)


def _parse(known: Known, value: object, origin: str) -> object:
    try:
        return known.parse(value)
    except ValueError as error:
        shown = MASK if known.name == "token" else repr(value)
        raise ConfigurationError(
            f"{known.key} must be {error}, not {shown}.", hint=f"It comes from: {origin}."
        ) from None


def _check(settings: Settings, found: Mapping[str, Setting]) -> None:
    get_cloud(settings.cloud)
    if settings.base_url is None:
        return
    origin = f"base_url comes from: {found['base_url'].origin}."
    try:
        parts = urlsplit(settings.base_url)
        host, user = parts.hostname, parts.username
    except ValueError:
        host, user, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or user is not None:
        raise ConfigurationError("base_url is no URL of the form https://host[:port].", hint=origin)
    if parts.scheme == "http" and not settings.emulator:
        raise ConfigurationError(
            "base_url is plain http, which is for a local emulator only.",
            hint=f"Use https, or set emulator = true if a reference server runs there. {origin}",
        )
    if parts.scheme == "http" and host.lower() not in _LOOPBACK:
        raise ConfigurationError(
            f"base_url is plain http to {host}, which is not this machine.",
            hint=f"An emulator over http must be on {', '.join(sorted(_LOOPBACK))}. {origin}",
        )
