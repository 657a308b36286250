"""A console block, run: each command inside this process, and what it printed held against what the page shows.

    $ maas-ft jobs get bot          a command; a backslash at its end continues it
    name    bot                     what it prints, on stdout and stderr; `...` stands for any text, of many lines too
    $ echo $?                       the exit code of the command before; without it the code must be 0

Where a page shows nothing below a command, it may print what it likes. How far a check is, is told on stderr when it
lasts: such lines do not count.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from maas_client.cli.main import root
from tests.documents.blocks import Block

_BESIDE_THE_POINT = re.compile(r"[ \t]+$|^Checking .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """A command line and the lines that the page shows below it."""

    command: str
    shown: tuple[str, ...]


def steps(text: str) -> list[Step]:
    """Part a block into its commands and what they print."""
    found: list[tuple[str, list[str]]] = []
    for line in text.replace(" \\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            assert found, f"output before a command: {line}"
            found[-1][1].append(line)
    return [Step(command, tuple(shown)) for command, shown in found]


def run(block: Block, where: str) -> None:
    """Run a block in the current folder.

    Raises:
        AssertionError: A command ended, or printed, otherwise than the page says.
    """
    code = 0
    following = steps(block.text)
    for step, after in zip(following, [*following[1:], Step("", ())], strict=True):
        if step.command == "echo $?":
            assert step.shown == (str(code),), f"{where}: the exit code is {code}"
            continue
        code, said = _call(step.command)
        assert code == 0 or after.command == "echo $?", f"{where}: {step.command} ended with {code}:\n{said}"
        if step.shown:
            assert _fits("\n".join(step.shown), said), f"{where}: {step.command} printed\n{said}"


def _call(command: str) -> tuple[int, str]:
    words = shlex.split(command, comments=True)
    assert words[0] == "maas-ft", f"no test can run this: {command}"
    words, file = (words[: words.index(">")], words[-1]) if ">" in words else (words, None)
    result = CliRunner().invoke(root, words[1:], prog_name="maas-ft", catch_exceptions=False)
    if file is not None:
        Path(file).write_text(result.stdout, encoding="utf-8")
        return result.exit_code, result.stderr
    return result.exit_code, result.output


def _fits(shown: str, printed: str) -> bool:
    """Compare as doctest does with ELLIPSIS; blanks at the ends of lines do not count."""
    wanted, found = (_BESIDE_THE_POINT.sub("", text).strip() for text in (shown, printed))
    return re.fullmatch(".*?".join(map(re.escape, wanted.split("..."))), found, re.DOTALL) is not None
