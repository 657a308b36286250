"""The documents are true: Python blocks run on the reference server, command lines parse, the table is complete."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from maas_client import MaaSClient
from maas_client.cli.main import root
from maas_client.testing import Server, serving

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ONLY_COMPILED = {
    "from azure.ai.ml": "needs azure-ai-ml and https; tests/referee runs it",
    "from azure.identity import": "needs https; tests/unit/server/test_server_sign_in.py runs the same",
    "logging.basicConfig": "changes what the whole process writes",
    'subscription_id="..."': "shows where a value of the ready line goes",
}


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language in languages]


def command_lines() -> list[str]:
    found = []
    for page in PAGES:
        for text in blocks(page, "console", "sh"):
            for line in text.splitlines():
                command = line.removeprefix("$ ")
                if command.startswith("maas-ft "):
                    found.append(command)
    return found


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from leaves(child, (*path, name))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("state"), clock="scaled:5000") as running:
        yield running


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_python_blocks_run(
    page: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train", "validation"):
        (tmp_path / f"{name}.jsonl").write_bytes((ROOT / f"examples/data/{name}.jsonl").read_bytes())
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    with MaaSClient.from_env() as client:
        names: dict[str, Any] = {"MaaSClient": MaaSClient, "client": client}
        for text in blocks(page, "python"):
            code = compile(text, page.name, "exec")
            if any(mark in text for mark in ONLY_COMPILED):
                continue
            exec(code, names)
            if "jobs.create(" in text and "jobs.wait(" not in text and "job" in names:
                # What a reader does between two blocks: let the job end.
                names["job"] = client.jobs.wait(names["job"].name)
            names["client"] = client
    capsys.readouterr()


@pytest.mark.parametrize("line", command_lines())
def test_command_lines_are_valid(line: str) -> None:
    arguments = shlex.split(line, comments=True)[1:]
    command: click.Command = root
    context = click.Context(root, info_name="maas-ft")
    while isinstance(command, click.Group):
        name, child, arguments = command.resolve_command(context, arguments)
        assert child is not None, name
        command = child
    if "|" in arguments or ">" in arguments:
        arguments = arguments[: min(arguments.index(mark) for mark in "|>" if mark in arguments)]
    command.make_context(command.name, arguments, parent=context)


def test_the_table_of_commands_is_complete() -> None:
    table = (ROOT / "docs" / "pages" / "reference" / "command-line.md").read_text(encoding="utf-8").split("\n\n")[2]
    told = set()
    for row in table.splitlines()[2:]:
        for span in re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", row)[1]):
            first, *rest = span.replace("\\|", "|").removeprefix("maas-ft ").split()
            grouped = isinstance(root.get_command(click.Context(root), first), click.Group)
            told |= {f"{first} {word}" for word in rest[0].split("|")} if grouped else {first}
    assert told == set(leaves(root))
