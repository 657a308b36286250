"""The pages that are generated are those checked in; `--update-generated` writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents import api, command_line, error_page, lifecycle_page, schema_page, state_page
from tests.documents.blocks import ROOT

REFERENCE = ROOT / "docs" / "pages" / "reference"
PAGES: dict[Path, Callable[[], str]] = {
    REFERENCE / "commands.md": command_line.page,
    REFERENCE / "errors.md": error_page.page,
    REFERENCE / "schemas.md": schema_page.page,
    REFERENCE / "states.md": state_page.page,
    ROOT / "docs" / "pages" / "explanation" / "phi-lifecycle.md": lifecycle_page.page,
}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_page(path: Path, generated: Callable[[Path, str], None]) -> None:
    generated(path, PAGES[path]())


@pytest.mark.parametrize("name", state_page.drawings())
def test_drawing(name: str, generated: Callable[[Path, str], None]) -> None:
    generated(REFERENCE / name, state_page.drawings()[name])


@pytest.mark.parametrize("name", api.pages())
def test_page_of_the_api(name: str, generated: Callable[[Path, str], None]) -> None:
    generated(REFERENCE / "api" / f"{name}.md", api.pages()[name])


def test_no_page_of_the_api_is_left_over() -> None:
    assert {path.stem for path in (REFERENCE / "api").glob("*.md")} == set(api.pages())
