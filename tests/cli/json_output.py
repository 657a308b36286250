"""What a command wrote with `--output json` is held against its schema, wherever a test runs one."""

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import click
from jsonschema import Draft202012Validator

from maas_client.cli._documents import DOCUMENTS, LINES
from maas_client.cli._schemas import schema_of
from maas_client.cli.main import root


def check_output(arguments: Sequence[str], stdout: str) -> None:
    """Hold stdout against the schema of the command, if it was asked for JSON and wrote some."""
    command = command_of(arguments)
    if not _asked_for_json(arguments) or command not in DOCUMENTS | LINES or not stdout.strip():
        return
    if command not in DOCUMENTS or "--follow" in arguments:
        for line in stdout.splitlines():
            validator(command, line=True).validate(json.loads(line))
        return
    validator(command).validate(json.loads(stdout))


def command_of(arguments: Sequence[str]) -> str:
    """Return the words that name the command."""
    command: click.Command = root
    words: list[str] = []
    for word in arguments:
        if not isinstance(command, click.Group):
            break
        child = None if word.startswith("-") else command.get_command(click.Context(command), word)
        if child is not None:
            words.append(word)
            command = child
    return " ".join(words)


def _asked_for_json(arguments: Sequence[str]) -> bool:
    # `-o` of some commands names a file: a test that calls it json would be one to look at.
    return any(pair in (("--output", "json"), ("-o", "json")) for pair in pairwise(arguments))


@cache
def validator(command: str, *, line: bool = False) -> Draft202012Validator:
    """Return what checks a command's JSON; a field that the schema does not name fails too."""
    return Draft202012Validator(_closed(schema_of(command, line=line)))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if "properties" in schema else {}
    return {**shut, **{key: _closed(value) for key, value in schema.items()}}
