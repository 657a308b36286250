"""`maas-ft schema`."""

import click

from maas_client.cli._options import examples


@click.command(epilog=examples("maas-ft schema", "maas-ft schema jobs get", "maas-ft schema jobs watch --line"))
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.option("--line", is_flag=True, help="Of one of the lines that the command writes, not of a document.")
def schema(words: tuple[str, ...], *, line: bool) -> None:
    """Print the JSON Schema of what a command writes with --output json.

    Without a command: list those that have one.
    """
    from maas_client.cli._documents import DOCUMENTS, LINES
    from maas_client.cli._output import Output
    from maas_client.cli._schemas import schema_of

    known, command = (LINES if line else DOCUMENTS), " ".join(words)
    if command in known:
        Output("json").document(schema_of(command, line=line))
    elif not words:
        Output("text").text("\n".join(sorted(known)))
    else:
        raise click.UsageError(_unknown(command, line=line))


def _unknown(command: str, *, line: bool) -> str:
    from difflib import get_close_matches

    from maas_client.cli._documents import DOCUMENTS, LINES

    if not line and command in LINES:
        return f"{command!r} writes lines and no document: add --line."
    if line and command in DOCUMENTS:
        return f"{command!r} writes one document: leave out --line."
    close = get_close_matches(command, DOCUMENTS | LINES, n=1)
    return f"There is no schema of {command!r}." + (f" Did you mean {close[0]!r}?" if close else "")
