"""`maas-ft config`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output


@click.group(epilog=examples("maas-ft config show --profile prod"))
def config() -> None:
    """Settings."""


@config.command(
    short_help="Show each setting and where it comes from.", epilog=examples("maas-ft config show --profile prod")
)
@takes_choice
def show(choice: Choice, output: "Output") -> None:
    """Show each setting and where it comes from; secrets are masked, nothing is sent."""
    from maas_client.cli._target import find_target

    resolved = find_target(choice).resolved
    if resolved is None:
        _show_local(output)
        return
    rows = [(setting.name, setting.shown, setting.origin) for setting in resolved.origins.values()]
    if output.is_json:
        settings = {name: {"value": value, "origin": origin} for name, value, origin in rows}
        output.document({"profile": resolved.profile, "settings": settings})
        return
    output.table(
        ("SETTING", "VALUE", "FROM"),
        [(name, "-" if value is None else str(value), origin) for name, value, origin in rows],
    )


def _show_local(output: "Output") -> None:
    import os

    from maas_client.cli._local import CLOCK, find_local, local_folder

    folder = local_folder(os.environ)
    server = find_local(folder)
    facts = {
        "folder": str(folder),
        "running": server is not None,
        "url": server.url if server else None,
        "pid": server.pid if server else None,
        "clock": CLOCK,
    }
    if output.is_json:
        output.document({"local": facts})
    else:
        output.pairs(facts)
