"""The picture of the README: what its recorder draws, and that the kept one is of the command that stands there."""

import re
from html import unescape
from xml.etree import ElementTree as ET

from tests.cli.screens import Terminal
from tests.documents.record import PICTURE, ROOT, command, draw, title


def words(picture: str) -> str:
    """All that it shows, line after line."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL)
    return " ".join(unescape(text).replace("\xa0", " ") for text in texts)


def test_the_kept_picture_is_of_the_command_in_the_readme() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert PICTURE.relative_to(ROOT).as_posix() in (ROOT / "README.md").read_text(encoding="utf-8")
    shown = words(picture)
    assert title() in shown
    name = command().partition("--name ")[2].split()[0]
    for what in (
        f"Job {name} created.",
        "Completed: registered as",
        "simulated",
        "validation loss",
        f"deployment  {name}",
    ):
        assert what in shown, what
    assert f"chat {name}" in shown


def test_the_kept_picture_needs_nothing_from_elsewhere() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert re.findall(r"https?://[^\s\"'<]+", re.sub(r"<text[^>]*>.*?</text>", "", picture)) == [
        "http://www.w3.org/2000/svg"
    ]
    assert not re.search(r"url\((?!#)|<(?:script|image|foreignObject)\b|@import|@font-face", picture)


def test_a_screen_is_drawn_with_its_colours_and_without_what_was_overwritten() -> None:
    terminal = Terminal(40, 5)
    terminal.write(
        b"old words\r\x1b[2K\x1b[1;32mgreen\x1b[0m \x1b[33myellow\x1b[0m \x1b[38;2;1;2;3mown\x1b[0m <&>\r\nlast"
    )
    picture = draw(terminal, "$ a title")
    assert words(picture).split() == ["$", "a", "title", "green", "yellow", "own", "<&>", "last"]
    rules = re.findall(r"\{ *(fill:[^}]+) *\}", picture)
    assert any("font-weight: bold" in rule for rule in rules)
    assert any("#010203" in rule for rule in rules)
    assert len(rules) >= 4
