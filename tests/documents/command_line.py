# ruff: noqa: E501 - sentences of the page stand as they do there
"""The page of every command, from the commands themselves."""

import inspect
from collections.abc import Iterator

import click

from maas_client.cli.main import root
from tests.documents.tables import table

SHARED = ("local", "profile", "subscription", "resource_group", "workspace", "cloud")
HEAD = """# Every command

What `--help` says, for all commands at once; generated from the program. The [command line at a glance](command-line.md) is shorter, and has the exit codes.

## Options of the service

Commands that talk to a service take these, and say so by the words *options of the service*.

"""


def page() -> str:
    """Write the page."""
    commands = list(_leaves(root, "maas-ft"))
    shared = {
        option.name: option
        for _, command in commands
        for option in command.params
        if option.name in SHARED and _is_of_service(command) and isinstance(option, click.Option)
    }
    ordered = [shared[name] for name in SHARED]
    return HEAD + _options(ordered) + "".join(text for path, command in commands for text in _command(path, command))


def _leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from _leaves(child, f"{path} {name}")


def _is_of_service(command: click.Command) -> bool:
    return {parameter.name for parameter in command.params} >= set(SHARED)


def _command(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    arguments = [each.make_metavar(context) for each in command.params if isinstance(each, click.Argument)]
    yield f"\n## {path}\n\n```text\n{' '.join([path, '[OPTIONS]', *arguments])}\n```\n\n{_prose(command.help or '')}\n"
    mine = [
        option
        for option in command.params
        if isinstance(option, click.Option)
        and not option.hidden
        and not (_is_of_service(command) and option.name in SHARED)
    ]
    if mine:
        yield f"\n{_options(mine)}"
    if _is_of_service(command):
        yield "\nAnd the [options of the service](#options-of-the-service).\n"
    if command.epilog:
        lines = [line.strip() for line in command.epilog.replace("\b", "").strip().splitlines()]
        yield f"\n{lines[0]}\n\n```text\n" + "".join(f"{line}\n" for line in lines[1:]) + "```\n"


def _options(options: list[click.Option]) -> str:
    rows = []
    for option in options:
        context = click.Context(click.Command("x"), show_default=option.show_default is True)
        record = option.get_help_record(context)
        if record is not None:
            rows.append((f"`{record[0]}`", record[1]))
    return table(("option", ""), rows)


def _prose(text: str) -> str:
    """Keep paragraphs; what the program keeps line by line (behind a backspace) is a block."""
    parts = []
    for part in inspect.cleandoc(text).split("\n\n"):
        if part.startswith("\b"):
            parts.append("```text\n" + part.lstrip("\b").strip("\n") + "\n```")
        else:
            parts.append(" ".join(part.split()))
    return "\n\n".join(parts)
