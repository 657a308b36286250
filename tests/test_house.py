"""The drawings and the commands in the documents, held against what they describe."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_floors_drawn_are_the_floors_enforced() -> None:
    drawing = (ROOT / "CONTRIBUTING.md").read_text().split("## The floors")[1].split("```")[1]
    drawn = [
        sorted(re.findall(r"([a-z]+)(?:/|\.py)", line[:46]))
        for line in drawing.splitlines()
        if re.match(r"\s*\d ", line)
    ]
    contract = next(each for each in CONFIG["tool"]["importlinter"]["contracts"] if each["id"] == "floors")
    enforced = [sorted(name.strip() for name in layer.split("|")) for layer in contract["layers"]]
    assert drawn == enforced


@pytest.mark.parametrize("mark", ["run", "test"])
def test_readme_commands_stand_alone(mark: str) -> None:
    after = (ROOT / "README.md").read_text().split(f"<!-- {mark} -->\n")[1]
    fence, command, end = after.splitlines()[:3]
    assert fence.startswith("```")
    assert end == "```"
    assert command.startswith("python3 -m venv .venv && ")


def test_files_stay_small() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in (ROOT / "maas_client").rglob("*.py"))
    assert lengths[len(lengths) // 2] < 250
    assert lengths[-1] <= 400


def test_documents_link_to_files_that_exist() -> None:
    for page in [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *(ROOT / "docs" / "pages").rglob("*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_documents_outside_of_the_site_link_to_headings_that_exist(name: str) -> None:
    """Those of the site itself are checked when it is built."""
    for target, anchor in re.findall(r"\]\(([^)#:]*\.md)?#([^)]+)\)", (ROOT / name).read_text()):
        assert anchor in _anchors(ROOT / (target or name)), f"{name} links to {target}#{anchor}"
