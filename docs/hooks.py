"""What the site takes from outside of its pages: the changelog as a page, schemas and examples as files.

Pages link to them as they lie in the repository, so that the links work there too; here those links are turned into
links of the site. A link to anything else outside of the pages stays as it is, and fails the strict build; in the
changelog it loses its target, and only its words stay.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]+src=[\"']?(?:https?:)?//[^>]*|<link[^>]+href=[\"']?(?:https?:)?//[^>]*"
)
ROOT = Path(__file__).parents[1]
FOLDERS = ("schemas", "examples")
LEFT_OUT = {"__pycache__", ".pytest_cache", ".venv"}
ELSEWHERE = re.compile(r"\[([^\]]+)\]\((?!pages:|https:)[^)]+\)")
ROW = re.compile(r"^\|.*$", re.MULTILINE)
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the changelog, schemas and examples."""
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/pages/", "](pages:")
    log = ELSEWHERE.sub(r"\1", log).replace("](pages:", "](")
    files.append(File.generated(config, "changelog.md", content=log))
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")):
        if path.is_file() and not LEFT_OUT & set(path.parts):
            files.append(File.generated(config, _place(path), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_rest: object) -> str:
    """Point links that leave the pages to what `on_files` has added."""
    here = posixpath.dirname(page.file.src_uri)

    def inside(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs/pages", here, link[1]))
        if target.split("/")[0] not in FOLDERS:
            return link[1]
        return posixpath.relpath(_place(ROOT / target), here)

    return ROW.sub(_without_escapes, LINK.sub(inside, markdown))


def _without_escapes(row: re.Match[str]) -> str:
    """Write code in a row of a table as Python-Markdown wants it, which shows the backslash that GitHub needs."""
    return CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0])


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that does not work without a network.

    Raises:
        PluginError: A page loads something from elsewhere.
    """
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        for tag in LOADED.findall(page.read_text(encoding="utf-8")):
            if 'rel="canonical"' not in tag:
                raise PluginError(f"{page.name} loads something from elsewhere: {tag[:120]}")


def _place(path: Path) -> str:
    """Name a file of the repository on the site; an example's README is shown as its text, not as a page."""
    place = path.relative_to(ROOT).as_posix()
    return f"{place}.txt" if place.endswith(".md") else place
