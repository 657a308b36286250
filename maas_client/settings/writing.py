"""A profile written into the configuration file: nothing else of the file changes, comments included.

Theory of operation. The standard library reads TOML and does not write it, so a profile is put into the text as text: a
table at its end, or in place of the lines of the one it replaces. What came of it is read back before it is written: if
anything but this profile would differ, nothing is written.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maas_client.base.whole import whole
from maas_client.errors import ConfigurationError
from maas_client.settings.files import read_profiles

_HEADER = re.compile(r"[ \t]*\[")
_DEFAULT = re.compile(r"^[ \t]*default_profile[ \t]*=[^\n]*$", re.MULTILINE)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
Value = str | bool | int | float


def write_profile(path: Path, name: str, values: Mapping[str, Value], *, force: bool, default: bool) -> None:
    """Write `[profiles.<name>]` into the file, which is made if it is missing, and is for its user alone afterwards.

    Args:
        path: The file.
        name: Of the profile.
        values: Its keys; never a secret.
        force: Replace the profile if it is there.
        default: Make it the file's `default_profile` too.

    Raises:
        ConfigurationError: The file is broken, has the profile already, is written in a way that cannot be changed
            safely, or cannot be written.
    """
    profiles, is_default = read_profiles(path) if path.exists() else ({}, None)
    if name in profiles and not force:
        raise ConfigurationError(
            f"{path} has a profile {name!r} already.", hint="Choose another name, or replace it with --force."
        )
    before = path.read_bytes().decode("utf-8") if path.exists() else ""
    newline = "\r\n" if "\r\n" in before else "\n"
    text = before.replace("\r\n", "\n")
    block = "\n".join((f"[profiles.{_key(name)}]", *(f"{key} = {_value(value)}" for key, value in values.items())))
    text = _replaced(text, name, block) if name in profiles else _appended(text, block)
    if default:
        text = _with_default(text, name, replace=is_default is not None)
    wanted = ({**profiles, name: dict(values)}, name if default else is_default)
    if _read_back(text) != wanted:
        raise ConfigurationError(
            f"{path} is written in a way that this command cannot change safely; it was left as it is.",
            hint=f"Put this into it yourself:\n{block}",
        )
    _write(path, text.replace("\n", newline))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _value(value: Value) -> str:
    # A JSON string is a basic string of TOML, but for DEL, which TOML wants escaped.
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return text if isinstance(value, str) else text.lower()


def _appended(text: str, block: str) -> str:
    if not text.strip():
        return f"{text}{block}\n"
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}\n{block}\n"


def _replaced(text: str, name: str, block: str) -> str:
    """Put the block where the table's header and keys are; comments and blank lines after them stay."""
    lines = text.split("\n")
    headers = [index for index, line in enumerate(lines) if _HEADER.match(line)]
    for position, start in enumerate(headers):
        if _is_header(lines[start], name):
            end = headers[position + 1] if position + 1 < len(headers) else len(lines)
            while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                end -= 1
            return "\n".join((*lines[:start], block, *lines[end:]))
    return text


def _is_header(line: str, name: str) -> bool:
    try:
        read: dict[str, Any] = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return read == {"profiles": {name: {}}}


def _with_default(text: str, name: str, *, replace: bool) -> str:
    line = f"default_profile = {_value(name)}"
    if replace:
        return _DEFAULT.sub(lambda _: line, text, count=1)
    return f"{line}\n\n{text}"


def _read_back(text: str) -> tuple[dict[str, Any], object] | None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    return document.get("profiles", {}), document.get("default_profile")


def _write(path: Path, text: str) -> None:
    """Write the whole file or nothing; what a link points to is written, and the link stays."""
    target = path.resolve()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole(target, mode=0o600) as file:
            file.write(text.encode())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Name another file in MAAS_CONFIG."
        ) from error
