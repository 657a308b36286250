"""The fenced blocks of the pages, and what the pages say of them.

A block is written as Markdown has it, with three conventions: `title="NAME"` behind the language is a file of the
reader's, which lies in the folder when the page begins; `<!-- not run: REASON -->` above a block says why no test of
these pages runs it (the README has `<!-- run -->` and `<!-- test -->` of its own); all other Python and console is run.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]
_BLOCK = re.compile(
    r"^(?:<!-- (?:not run: )?(?P<reason>[^\n]+?) -->\n\n?)?^```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; `reason` says why it is not run, `title` of which file it is the content."""

    language: str
    text: str
    reason: str
    title: str
    line: int


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page in these languages, or all of them."""
    source = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(source):
        title = _TITLE.search(match["info"])
        line = source.count("\n", 0, match.start("text"))
        found.append(Block(match["language"], match["text"], match["reason"] or "", title[1] if title else "", line))
    return [block for block in found if not languages or block.language in languages]
