"""The lock file of the development environment, held against what `pyproject.toml` asks for."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "dev.txt"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?: ; (.+?))? \\$", re.MULTILINE)


def asked_for() -> list[Requirement]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = config["project"]
    every = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
        *(each for group in config["dependency-groups"].values() for each in group if isinstance(each, str)),
    ]
    return [Requirement(text) for text in every]


def test_all_that_is_asked_for_is_locked_in_a_version_that_fits() -> None:
    locked: dict[str, list[str]] = {}
    for name, version, _ in PINNED.findall(LOCK.read_text()):
        locked.setdefault(canonicalize_name(name), []).append(version)
    assert len(locked) > 60
    missing = [
        str(wanted)
        for wanted in asked_for()
        if not any(wanted.specifier.contains(version) for version in locked.get(canonicalize_name(wanted.name), []))
    ]
    assert missing == [], "Run the command at the top of requirements/dev.txt."


def test_each_version_has_hashes_and_no_place_is_named() -> None:
    text = LOCK.read_text()
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    entries = re.split(r"\n(?=[a-z])", body.strip())
    assert len(entries) == len(PINNED.findall(text))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|\bgit\+|@ ", body) == []
