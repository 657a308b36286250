"""The JSON Schemas of what commands write: all commands have one, they are current, they are shipped and printed."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from maas_client.cli._documents import DOCUMENTS, LINES
from maas_client.cli._schemas import schemas
from maas_client.cli.main import root
from tests.cli.json_output import check_output, command_of

FOLDER = Path(__file__).parents[2] / "schemas" / "cli"
SCHEMAS = dict(schemas())


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    for name in command.list_commands(click.Context(command)):
        child = command.get_command(click.Context(command), name)
        assert child is not None
        yield from leaves(child, (*path, name))


def test_every_command_that_writes_json_has_a_schema():
    writing = {
        path
        for path, command in leaves(root)
        for parameter in command.params
        if isinstance(parameter.type, click.Choice)
        and "--output" in parameter.opts
        and "json" in parameter.type.choices
    }
    assert set(DOCUMENTS) | set(LINES) == writing


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_are_current(generated, name):
    generated(FOLDER / name, json.dumps(SCHEMAS[name], indent=2, ensure_ascii=False) + "\n")
    Draft202012Validator.check_schema(SCHEMAS[name])


def test_there_are_no_others():
    assert {path.name for path in FOLDER.iterdir()} <= set(SCHEMAS)


@pytest.mark.parametrize(
    ("arguments", "stdout", "holds"),
    [
        (("jobs", "delete", "x", "--output", "json"), '{"name": "x", "deleted": true}', True),
        (("jobs", "delete", "x", "-o", "json"), '{"name": "x", "deleted": true, "more": 1}', False),
        (("jobs", "delete", "x", "-o", "json"), '{"name": "x"}', False),
        (("jobs", "delete", "x"), "anything", True),
        (
            ("jobs", "logs", "x", "--follow", "-o", "json"),
            '{"job": "x", "line": "a"}\n{"job": "x", "line": "b"}\n',
            True,
        ),
        (("jobs", "logs", "x", "-o", "json"), '{"job": "x", "lines": ["a"]}', True),
        (
            ("jobs", "get", "x", "-o", "json"),
            '{"error": {"exit_code": 5, "type": "T", "message": "m", "hint": null}}',
            True,
        ),
    ],
)
def test_what_tests_read_is_held_against_them(arguments, stdout, holds):
    if holds:
        check_output(arguments, stdout)
        return
    with pytest.raises(ValidationError):
        check_output(arguments, stdout)


def test_the_command_is_found_among_options():
    assert command_of(("jobs", "get", "list", "--local")) == "jobs get"
    assert command_of(("data", "check", "jobs")) == "data check"


def test_a_schema_is_printed(invoke):
    shown = invoke("schema", "jobs", "get")
    assert json.loads(shown.stdout) == SCHEMAS["jobs-get.schema.json"]
    assert json.loads(invoke("schema", "jobs", "watch", "--line").stdout) == SCHEMAS["jobs-watch.line.schema.json"]
    assert invoke("schema").stdout.splitlines() == sorted(DOCUMENTS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("jobs", "gett"), "Did you mean 'jobs get'?"),
        (("jobs", "watch"), "add --line"),
        (("jobs", "get", "--line"), "leave out --line"),
        (("serve",), "There is no schema of 'serve'."),
    ],
)
def test_what_has_no_schema_is_told(invoke, arguments, words):
    result = invoke("schema", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
