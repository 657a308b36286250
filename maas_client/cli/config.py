"""`maas-ft config`: one command a file, imported only when it is called."""

import click

from maas_client.cli._lazy import LazyGroup
from maas_client.cli._options import examples

COMMANDS = {
    "init": ("maas_client.cli._config_init:init", "Write a profile: ask for a workspace, and try it."),
    "show": ("maas_client.cli._config_show:show", "Show each setting and where it comes from."),
    "list": ("maas_client.cli._config_show:list_profiles", "List the profiles of the configuration file."),
    "path": ("maas_client.cli._config_show:show_path", "Print where the configuration file is, or would be."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=examples("maas-ft config init", "maas-ft config show --profile prod"))
def config() -> None:
    """Settings and profiles."""
