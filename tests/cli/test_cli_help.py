"""Help: every command has it, with an example, and it loads nothing heavy."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from maas_client.cli.main import COMMANDS, root

HEAVY = (
    "anyio",
    "azure",
    "httpx",
    "msgspec",
    "platformdirs",
    "pydantic",
    "rich",
    "sqlite3",
    "starlette",
    "tenacity",
    "typing_extensions",
    "uvicorn",
    "yaml",
)


def commands() -> Iterator[tuple[str, ...]]:
    yield ()
    for name in COMMANDS:
        yield (name,)
        command = root.get_command(click.Context(root), name)
        if isinstance(command, click.Group):
            for child in command.list_commands(click.Context(command)):
                yield name, child


PATHS = list(commands())


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_help_with_an_example(invoke, path):
    result = invoke(*path, "--help")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert "maas-ft" in result.stdout.partition("Options:")[2] or not path
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not [line for line in result.stdout.splitlines() if line.startswith("  ") and line.endswith("...")]


@pytest.mark.parametrize("path", [path for path in PATHS if path], ids=" ".join)
def test_every_example_can_be_called(path):
    command: click.Command = root
    for word in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    _, _, shown = (command.epilog or "").partition("Example:\n")
    lines = [line.strip() for line in shown.replace("\\\n", " ").splitlines()]
    assert lines
    for line in lines:
        # Of what a shell puts together, the part that is ours.
        ours = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", line))
        for end in {"|", ">"} & set(ours):
            ours = ours[: ours.index(end)]
        assert ours[0] == "maas-ft", line
        parse(ours[1:])


def parse(arguments: list[str]) -> None:
    """Read a command line as far as its last command; none is run."""
    command: click.Command = root
    context = click.Context(root, info_name="maas-ft")
    while isinstance(command, click.Group) and arguments:
        name, child, arguments = command.resolve_command(context, arguments)
        assert child is not None, name
        command = child
    command.make_context(command.name, arguments, parent=context)


def test_help_loads_nothing_heavy(own_folders):
    script = f"""
import sys
before = set(sys.modules)  # a measurement of coverage loads modules of its own
from maas_client.cli.main import root
for path in {PATHS!r}:
    try:
        root.main([*path, "--help"], prog_name="maas-ft")
    except SystemExit as end:
        assert end.code == 0, path
loaded = [name for name in {HEAVY!r} if name in sys.modules and name not in before]
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


def test_the_version_is_the_package_s(invoke):
    from maas_client import __version__

    assert invoke("--version").stdout == f"maas-ft, version {__version__}\n"


def test_without_arguments_the_commands_are_shown(invoke):
    result = invoke()

    assert (result.exit_code, result.stdout) == (2, "")
    assert "deployments" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("job", "list"), "Did you mean 'jobs'?"),
        (("frobnicate",), "There is no command 'frobnicate'."),
        (("jobs", "lst"), "Did you mean 'list'?"),
        (("deployments", "key"), "Did you mean 'keys'?"),
        (("data", "chek"), "Did you mean 'check'?"),
        (("config", "shows"), "Did you mean 'show'?"),
        (("jobs", "get", "x", "--worksapce", "w"), "Did you mean '--workspace'?"),
        (("--quite", "jobs"), "Did you mean '--quiet'?"),
        (("submit", "--learning-rate-multiplier", "2"), "No such option"),
        (("jobs", "get"), "Missing argument 'NAME'"),
        (("jobs", "list", "--local", "--profile", "x"), "--local is a workspace of its own"),
        (("submit", "--tag", "novalue"), "not of the form key=value"),
    ],
)
def test_wrong_usage_is_told_in_two_lines(invoke, arguments, words):
    result = invoke(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert words in error
    assert hint.startswith("hint: maas-ft")


@pytest.mark.parametrize("option", [("--conformance-strict",), ("--conformance-spec", "spec.json")])
def test_serve_refuses_what_would_check_nothing(invoke, monkeypatch, option):
    monkeypatch.delenv("MAAS_SERVER_CONFORMANCE", raising=False)

    result = invoke("serve", *option)

    assert result.exit_code == 2
    assert "need --conformance F" in result.stderr
