"""The documents are true: their blocks run on the reference server, command lines parse, the table is complete."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from maas_client import MaaSClient
from maas_client.cli.main import root
from maas_client.testing import Server, serving
from tests.documents import console
from tests.documents.blocks import PAGES, ROOT, Block, blocks

SHELL = ("console", "sh")


def is_run(block: Block) -> bool:
    return block.language in ("python", "console") and not block.reason and not block.title


def shown_only() -> list[str]:
    """The command lines that no test runs; in workflows too."""
    found = []
    for page in PAGES:
        shown = [block.text for block in blocks(page, *SHELL) if not is_run(block)]
        shown += [step["run"] for block in blocks(page, "yaml") for step in _steps(yaml.safe_load(block.text))]
        for text in shown:
            lines = [line.removeprefix("$ ") for line in text.replace(" \\\n", " ").splitlines()]
            found += [line for line in lines if line.startswith("maas-ft ")]
    return found


def _steps(document: Any) -> Iterator[dict[str, str]]:
    """Every step of a workflow that runs something."""
    if isinstance(document, dict):
        if isinstance(document.get("run"), str):
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _steps(part)


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


@pytest.fixture
def reader(request: pytest.FixtureRequest, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's folder with the example data, and a workspace that the environment and `--local` both mean."""
    page: Path = request.getfixturevalue("page")
    name = re.sub("[^a-z]", "-", page.stem.lower())
    for part in ("train", "validation"):
        (tmp_path / f"{part}.jsonl").write_bytes((ROOT / f"examples/data/{part}.jsonl").read_bytes())
    for block in blocks(page):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    local = tmp_path / ".local"
    local.mkdir()
    facts = dict(server.ready.facts) | {"workspace": name}
    (local / "ready.json").write_text(json.dumps(facts), encoding="utf-8")
    settings = {
        "MAAS_LOCAL_DIR": str(local),
        "MAAS_JOURNAL_DIR": str(tmp_path / ".journal"),
        "MAAS_CONFIG": str(tmp_path / ".config.toml"),
        "COLUMNS": "100",
    }
    for key, value in (server.environment(name) | settings).items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if any(map(is_run, blocks(page)))], ids=lambda page: page.name)
def test_blocks_run(page: Path, reader: Path, capsys: pytest.CaptureFixture) -> None:
    with MaaSClient.from_env() as client:
        names: dict[str, Any] = {"MaaSClient": MaaSClient, "client": client}
        for block in filter(is_run, blocks(page)):
            if block.language == "console":
                console.run(block, f"{page.name}:{block.line}")
                continue
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
            if "jobs.create(" in block.text and "jobs.wait(" not in block.text and "job" in names:
                # What a reader does between two blocks: let the job end.
                names["job"] = client.jobs.wait(names["job"].name)
            if names["client"] is not client:
                names["client"].close()
                names["client"] = client
    for value in names.values():
        if isinstance(value, MaaSClient):
            value.close()
    capsys.readouterr()


def test_tests_on_the_pages_pass(tmp_path: Path) -> None:
    """What a page shows as a test is one."""
    count = 0
    for page in PAGES:
        tests = [
            block.text
            for block in blocks(page, "python")
            if re.search(r"^(async )?def test_", block.text, re.MULTILINE)
        ]
        count += len(tests)
        if tests:
            (tmp_path / f"test_{page.stem}.py").write_text("\n\n".join(tests), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "maas_client.testing.plugin"]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout


def test_what_is_not_run_is_said_to_be_so_and_why() -> None:
    silent = [
        f"{page.name}:{block.line}"
        for page in PAGES
        for block in blocks(page, "console", "python", "sh")
        if not is_run(block) and not block.reason and not block.title
    ]
    assert silent == []
    reasons = " ".join(block.reason for page in PAGES for block in blocks(page))
    assert [place for place in re.findall(r"tests/[\w/.]+", reasons) if not (ROOT / place).exists()] == []


def test_data_on_the_pages_is_what_it_says() -> None:
    """What is shown as JSON, TOML or YAML is that, and a job file is one; a reader's files may be wrong on purpose."""
    read: dict[str, Callable[[str], Any]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
    schema = json.loads((ROOT / "schemas" / "job.schema.json").read_text(encoding="utf-8"))
    jobs = 0
    for page in PAGES:
        for block in blocks(page, *read):
            if block.title and block.language == "json":
                continue
            document = read[block.language](block.text)
            if isinstance(document, dict) and "training_file" in document:
                jsonschema.validate(document, schema)
                jobs += 1
    assert jobs >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_that_is_not_run_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        if not is_run(block):
            compile(block.text, page.name, "exec")


@pytest.mark.parametrize("line", shown_only())
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
