"""The two files that settings may come from: our own TOML file with profiles, and an Azure ML `config.json`."""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from maas_client.errors import ConfigurationError

_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AZUREML_KEYS = ("subscription_id", "resource_group", "workspace_name")


def default_config_path(environ: Mapping[str, str]) -> Path:
    """Return where profiles are kept: `MAAS_CONFIG`, or `config.toml` in the user's configuration folder."""
    if named := environ.get("MAAS_CONFIG"):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("maas-client", appauthor=False) / "config.toml"


def read_profile(path: Path, name: str, known_keys: list[str]) -> dict[str, Any]:
    """Return the table `[profiles.<name>]`.

    Raises:
        ConfigurationError: The file, the profile or a key in it is missing, unknown or broken; names the file and, for
            broken TOML, line and column.
    """
    profiles, _ = read_profiles(path)
    if name not in profiles:
        there = f"Profiles there: {', '.join(profiles)}." if profiles else f"Add [profiles.{name}] to it."
        raise ConfigurationError(f"{path} has no profile {name!r}.{_meant(name, list(profiles))}", hint=there)
    profile: dict[str, Any] = profiles[name]
    _refuse_unknown(path, f"[profiles.{name}] ", profile, known_keys)
    return profile


def read_profiles(path: Path) -> tuple[dict[str, dict[str, Any]], str | None]:
    """Return all profiles of the file, by name, and which one it calls the default.

    Raises:
        ConfigurationError: The file is missing or broken, or has another key at its top.
    """
    document = _read_toml(path)
    _refuse_unknown(path, "", document, ["default_profile", "profiles"])
    profiles, default = document.get("profiles", {}), document.get("default_profile")
    if default is not None and not isinstance(default, str):
        raise ConfigurationError(f"{path}: default_profile is the name of a profile.", hint="Write it in quotes.")
    if not isinstance(profiles, dict) or not all(isinstance(each, dict) for each in profiles.values()):
        raise ConfigurationError(f"{path}: a profile is a table.", hint="Write [profiles.<name>], then one key a line.")
    return profiles, default


def find_azureml_config(start: Path) -> tuple[Path, dict[str, str]] | None:
    """Look for an Azure ML `config.json`, or `.azureml/config.json`, in a folder and those above it.

    Another program's `config.json` is passed over: only one that has the three keys counts.

    Raises:
        ConfigurationError: A file in a folder `.azureml` is broken.
    """
    for folder in (start, *start.parents):
        for path in (folder / ".azureml" / "config.json", folder / "config.json"):
            found = _read_azureml(path)
            if found is not None:
                return path, found
    return None


def _read_azureml(path: Path) -> dict[str, str] | None:
    try:
        document = json.loads(path.read_bytes())
        found = {key: document[key] for key in _AZUREML_KEYS}
    except OSError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if path.parent.name != ".azureml":
            return None
        raise ConfigurationError(
            f"{path} is not an Azure ML configuration: {type(error).__name__}: {error}.",
            hint="Download it again from the workspace's page, or remove it.",
        ) from error
    return found if all(isinstance(value, str) and value for value in found.values()) else None


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no configuration file {path}, and a profile was asked for.",
            hint="Write one with `maas-ft config init`, or set MAAS_CONFIG to where it is.",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 (byte {error.start}).", hint="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        where = f"{path}:{place[1]}:{place[2]}" if place else f"{path}"
        raise ConfigurationError(
            f"{where}: not TOML: {_TOML_PLACE.sub('', str(error))}.",
            hint="Correct the file, or name another in MAAS_CONFIG.",
        ) from error


def _refuse_unknown(path: Path, where: str, table: Mapping[str, Any], known: list[str]) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(
                f"{path}: {where}unknown key {key!r}.{_meant(key, known)}", hint=f"Known: {', '.join(known)}."
            )


def _meant(word: str, known: list[str]) -> str:
    guess = get_close_matches(word, known, n=1)
    return f" Did you mean {guess[0]!r}?" if guess else ""
